"""Orbits of the gradient-descent map G_η."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from . import _checks
from ._checks import FloatArray
from .problem import DeepLinearProblem


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
    problem: DeepLinearProblem, theta: ArrayLike, eta: ArrayLike, steps: int
) -> Trajectory:
    """Iterate G_η and keep every point.

    An orbit that leaves the range of float64 is carried on as inf and NaN, without a warning and
    without any effect on the other orbits of a batch; from there on its loss is not finite.

    Parameters
    ----------
    problem : DeepLinearProblem
    theta : (..., D) array_like
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
        If ``theta`` does not have shape (..., D) or is not finite, ``eta`` is not positive and
        finite, or ``steps`` is negative.

    Examples
    --------
    >>> problem = DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
    >>> gradient_descent(problem, [1.0, 0.0], eta=0.5, steps=2).thetas
    array([[1., 0.],
           [1., 1.],
           [1., 1.]])
    """
    start = _checks.coordinates("theta", theta, problem.dimension)
    step_size = _checks.step_size(eta, start.shape[:-1])
    steps = _checks.count("steps", steps)
    thetas = np.empty((steps + 1, *start.shape))
    losses = np.empty((steps + 1, *start.shape[:-1]))
    with np.errstate(over="ignore", invalid="ignore"):
        thetas[0], losses[0] = start, problem._loss(start)
        for t in range(steps):
            thetas[t + 1] = problem._step(thetas[t], step_size)
            losses[t + 1] = problem._loss(thetas[t + 1])
    return Trajectory(float(step_size) if step_size.ndim == 0 else step_size, thetas, losses)
