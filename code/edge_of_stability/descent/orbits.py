"""Orbits of the gradient-descent map G_η, of linear and of other networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from ..core.least_squares import LeastSquares
from .outcomes import DescentResult, Outcome

# Beyond this loss, in units of 1 + ‖Y‖², :func:`run_network` gives an orbit up as diverged.
DIVERGED_LOSS = 1e12


@dataclass(frozen=True, eq=False)
class Trajectory:
    """An orbit of gradient descent, or a batch of orbits.

    Attributes
    ----------
    eta : float or (...) array
        Step size, one for all orbits or one each.
    thetas : (steps + 1, ..., D) array
        θ_0, …, θ_steps with θ_{t+1} = θ_t − η∇L(θ_t).
    losses : (steps + 1, ...) array
        L(θ_0), …, L(θ_steps).
    """

    eta: float | FloatArray
    thetas: FloatArray  # (steps + 1, ..., D)
    losses: FloatArray  # (steps + 1, ...)


def gradient_descent(
    problem: LeastSquares, initial: ArrayLike, eta: ArrayLike, steps: int
) -> Trajectory:
    """Iterate G_η and keep every point.

    An orbit that leaves the range of float64 is carried on as inf and NaN, without a warning and
    without any effect on the other orbits of a batch; from there on its loss is not finite.

    Parameters
    ----------
    problem : DeepLinearProblem or Network
    initial : (..., D) array_like
        Initial point or batch of points. Not changed.
    eta : float or (...) array_like
        Step size, positive; an array gives each orbit its own.
    steps : int
        Number of steps, ≥ 0.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        If ``initial`` does not have shape (..., D) or is not finite, ``eta`` is not positive and
        finite, or ``steps`` is negative.

    Examples
    --------
    >>> from edge_of_stability import DeepLinearProblem
    >>> problem = DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
    >>> gradient_descent(problem, [1.0, 0.0], eta=0.5, steps=2).thetas
    array([[1., 0.],
           [1., 1.],
           [1., 1.]])
    """
    start = checks.coordinates("initial", initial, problem.dimension)
    step_size = checks.step_size(eta, start.shape[:-1])
    steps = checks.count("steps", steps)
    thetas = np.empty((steps + 1, *start.shape))
    losses = np.empty((steps + 1, *start.shape[:-1]))
    with np.errstate(over="ignore", invalid="ignore"):
        thetas[0], losses[0] = start, problem.loss_unchecked(start)
        for t in range(steps):
            thetas[t + 1] = problem.step_unchecked(thetas[t], step_size)
            losses[t + 1] = problem.loss_unchecked(thetas[t + 1])
    return Trajectory(float(step_size) if step_size.ndim == 0 else step_size, thetas, losses)


def run_network(
    network: LeastSquares,
    initial: ArrayLike,
    eta: ArrayLike,
    steps: int,
    tolerance: float = 1e-9,
    look_every: int = 50,
) -> DescentResult:
    """Run gradient descent from many points until each converges, diverges or runs out of steps.

    Every ``look_every`` steps the orbits that have settled are taken out. What one orbit does has
    no effect on another, and the order has no effect on the result.

    Parameters
    ----------
    network : Network
        Or a DeepLinearProblem, for which :func:`run_ensemble` is much faster.
    initial : (m, D) array_like
    eta : float or (m,) array_like
        Step sizes, positive.
    steps : int
        Largest number of steps; it is rounded up to a multiple of ``look_every``.
    tolerance : float
        An orbit is CONVERGED when ‖∇L‖ is at most this.
    look_every : int
        ≥ 1.

    Returns
    -------
    DescentResult
        DIVERGED are orbits whose loss is beyond 10¹² (1 + ‖Y‖²); it is then given as infinite, as
        is the gradient norm. BOUNDED are those that are neither after the last step.

    Raises
    ------
    ValueError
        If an argument is not as described.
    """
    theta = np.array(checks.coordinates("initial", initial, network.dimension))
    if theta.ndim != 2:
        checks.refuse("initial", "two axes", f"shape {theta.shape}")
    m = len(theta)
    each = np.array(np.broadcast_to(checks.step_size(eta, (m,)), m))
    checks.count("steps", steps)
    look_every = checks.positive_count("look_every", look_every)
    result = DescentResult(
        outcome=np.full(m, Outcome.BOUNDED, dtype=np.int8),
        theta=theta.copy(),
        steps=np.zeros(m, dtype=np.int64),
        loss=np.full(m, np.inf),
        gradient_norm=np.full(m, np.inf),
    )
    alive = np.arange(m)
    limit = DIVERGED_LOSS * (1 + float(np.sum(network.Y**2)))
    done = 0
    with np.errstate(over="ignore", invalid="ignore"):
        while alive.size:
            loss = np.atleast_1d(network.loss_unchecked(theta))
            norm = np.linalg.norm(network.gradient_unchecked(theta), axis=-1)
            lost = ~(loss < limit)
            small = ~lost & (norm <= tolerance)
            stop = lost | small | (done >= steps)
            result.steps[alive[stop]] = done
            result.outcome[alive[lost]] = Outcome.DIVERGED
            result.outcome[alive[small]] = Outcome.CONVERGED
            result.theta[alive[stop]] = theta[stop]
            result.loss[alive[stop]] = np.where(lost, np.inf, loss)[stop]
            result.gradient_norm[alive[stop]] = np.where(lost, np.inf, norm)[stop]
            alive, theta, each = alive[~stop], theta[~stop], each[~stop]
            if alive.size:
                for _ in range(look_every):
                    theta = network.step_unchecked(theta, each)
            done += look_every
    return result
