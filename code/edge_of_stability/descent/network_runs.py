"""Many orbits of gradient descent of one network at once, each with its own step size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray
from .nonlinear import Network

# Beyond this loss, in units of 1 + ‖Y‖², an orbit is given up as diverged.
DIVERGED = 1e12


@dataclass(frozen=True, eq=False)
class NetworkRuns:
    """Where each orbit of a batch was left.

    Attributes
    ----------
    thetas : (m, D) array
        The last points; where an orbit diverged, the last that was looked at.
    losses : (m,) array
        The loss there.
    gradient_norms : (m,) array
        ‖∇L‖ there; ``inf`` where the orbit diverged.
    steps : (m,) int array
        Steps taken.
    converged : (m,) bool array
        The gradient norm fell to the tolerance or below.
    diverged : (m,) bool array
    """

    thetas: FloatArray
    losses: FloatArray
    gradient_norms: FloatArray
    steps: np.ndarray  # type: ignore[type-arg]
    converged: np.ndarray  # type: ignore[type-arg]
    diverged: np.ndarray  # type: ignore[type-arg]


def run_network(
    network: Network,
    starts: ArrayLike,
    eta: ArrayLike,
    steps: int,
    tolerance: float = 1e-9,
    stride: int = 50,
) -> NetworkRuns:
    """Run gradient descent from many starts until each converges, diverges or runs out of steps.

    Every ``stride`` steps the orbits that are done are taken out. What one orbit does has no effect
    on another, and no effect on the result has the order.

    Parameters
    ----------
    network : Network
    starts : (m, D) array_like
    eta : float or (m,) array_like
        Step sizes, positive.
    steps : int
        Largest number of steps; it is rounded up to a multiple of ``stride``.
    tolerance : float
        An orbit has converged when ‖∇L‖ is at most this.
    stride : int

    Returns
    -------
    NetworkRuns
    """
    theta = np.array(_checks.coordinates("starts", starts, network.dimension))
    if theta.ndim != 2:
        _checks.refuse("starts", "two axes", f"shape {theta.shape}")
    eta_array = np.array(np.broadcast_to(_checks.step_size(eta, theta.shape[:1]), theta.shape[:1]))
    _checks.count("steps", steps)
    stride = _checks.positive_count("stride", stride)
    size = len(theta)
    thetas, losses = theta.copy(), np.empty(size)
    norms = np.full(size, np.inf)
    taken = np.zeros(size, dtype=int)
    converged, diverged = np.zeros((2, size), dtype=bool)
    alive = np.arange(size)
    limit = DIVERGED * (1 + float(np.sum(network.Y**2)))
    done = 0
    with np.errstate(over="ignore", invalid="ignore"):
        while alive.size:
            loss = np.atleast_1d(network._loss(theta))
            gradient = network._gradient(theta)
            norm = np.linalg.norm(gradient, axis=-1)
            lost = ~(loss < limit)
            small = ~lost & (norm <= tolerance)
            stop = lost | small | (done >= steps)
            where = alive[stop]
            kept = alive[stop & ~lost]
            thetas[kept] = theta[stop & ~lost]
            losses[where], taken[where] = np.where(lost, np.inf, loss)[stop], done
            norms[where] = np.where(lost, np.inf, norm)[stop]
            converged[where], diverged[where] = small[stop], lost[stop]
            go = ~stop
            alive, theta, eta_array = alive[go], theta[go], eta_array[go]
            if alive.size:
                for _ in range(stride):
                    theta = network._step(theta, eta_array)
            done += stride
    return NetworkRuns(thetas, losses, norms, taken, converged, diverged)
