"""Orbits of the gradient-descent map G_η, of linear and of other networks."""

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
    """An orbit of gradient descent, or a batch of orbits."""

    eta: float | FloatArray  # the step size, one for all orbits or (...), one each
    thetas: FloatArray  # (steps + 1, ..., D), θ_0, …, θ_steps with θ_{t+1} = θ_t − η∇L(θ_t)
    losses: FloatArray  # (steps + 1, ...), L(θ_0), …, L(θ_steps)


def gradient_descent(
    problem: LeastSquares, initial: ArrayLike, eta: ArrayLike, steps: int
) -> Trajectory:
    """Take ``steps`` steps of gradient descent from θ_0 (..., D), and keep every point.

    η > 0 is one number, or an array (...) with one for each orbit. An orbit that leaves the range
    of float64 goes on as inf and NaN, without a warning and without any effect on the other orbits
    of a batch; from there on its loss is not finite.

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
        thetas[0] = start
        for t in range(steps):
            losses[t], gradient = problem.loss_and_gradient_unchecked(thetas[t])
            thetas[t + 1] = thetas[t] - step_size[..., np.newaxis] * gradient
        losses[-1] = problem.loss_unchecked(thetas[-1])
    return Trajectory(float(step_size) if step_size.ndim == 0 else step_size, thetas, losses)


def run_network(
    problem: LeastSquares,
    initial: ArrayLike,
    eta: ArrayLike,
    steps: int,
    tolerance: float = 1e-9,
    look_every: int = 50,
) -> DescentResult:
    """Run gradient descent from points (m, D) until each converges, diverges or ends undecided.

    η > 0 is one number or (m,). Every ``look_every`` steps the orbits that have settled are taken
    out. An orbit is CONVERGED when ‖∇L‖ ≤ ``tolerance`` > 0 at one look (:class:`Rules` asks for
    more), and DIVERGED when its loss is beyond 10¹² (1 + ‖Y‖²); the result then has an infinite
    loss and gradient norm. The others are BOUNDED after ``steps`` steps. Orbits do not affect one
    another. For a DeepLinearProblem :func:`run_ensemble` is much faster.
    """
    theta = np.array(checks.coordinates("initial", initial, problem.dimension))
    if theta.ndim != 2:
        checks.refuse("initial", "two axes", f"shape {theta.shape}")
    m = len(theta)
    each = np.array(np.broadcast_to(checks.step_size(eta, (m,)), m))
    steps = checks.count("steps", steps)
    look_every = checks.count("look_every", look_every, least=1)
    checks.positive("tolerance", tolerance)
    result = DescentResult(
        outcome=np.full(m, Outcome.BOUNDED, dtype=np.int8),
        theta=theta.copy(),
        steps=np.zeros(m, dtype=np.int64),
        loss=np.full(m, np.inf),
        gradient_norm=np.full(m, np.inf),
    )
    alive = np.arange(m)
    limit = DIVERGED_LOSS * (1 + float(np.sum(problem.Y**2)))
    done = 0
    with np.errstate(over="ignore", invalid="ignore"):
        while alive.size:
            loss, gradient = problem.loss_and_gradient_unchecked(theta)
            norm = np.linalg.norm(gradient, axis=-1)
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
            ahead = min(look_every, steps - done) if alive.size else 0
            for _ in range(ahead):
                theta = problem.step_unchecked(theta, each)
            done += ahead
    return result
