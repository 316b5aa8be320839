"""Cycles of period two just above the critical step size, in closed form but for one number."""

from typing import NamedTuple

import numpy as np
from numpy import cosh, exp, sinh, sqrt

from ..core import checks
from ..core.checks import FloatArray
from ..core.linear import DeepLinearProblem
from .duality import joint_maximum, pencil
from .minimizers import RANK_RTOL

# By how much the units beside the path have larger weights in the first layer and smaller ones in
# the last. Without it u′vᵀ would have the largest eigenvalue of K for every u′ in the range of W⋆,
# and the cycle would not attract.
SLACK = 0.05


class TwoCycle(NamedTuple):
    """Two points that gradient descent exchanges."""

    eta: float  # the step size
    low: FloatArray  # the point (D,) whose weights along the path are the smaller ones
    high: FloatArray  # the other point (D,)


def two_cycle(problem: DeepLinearProblem, y: float) -> TwoCycle:
    """The two-cycle whose weights along one path have the ratio exp(2y), with its step size.

    The residual is a multiple of uvᵀ at both points, where v is the first eigenvector of
    x^{N−1}Σ + (N−1)x^{−1}ŴᵀŴ for a certain x, and u is Ŵv/‖Ŵv‖. The weights beside the path do not
    move; they are at a minimizer of the rest. The step size tends to η_C as y → 0.

    N ≥ 2, Σ is invertible, W⋆ ≠ 0, the hidden widths are at least r⋆ = rank W⋆, and y > 0 is small
    (unless v is the same for all x), so that no double eigenvalue is met. A ValueError is raised if
    this is not so, or the equation for x has no solution.

    Source: this book, two-cycles in closed form.
    """
    N = problem.depth
    if N < 2 or not problem.solution.any():
        checks.refuse("problem", "depth at least 2 and W⋆ ≠ 0", f"depth {N}, {problem.solution}")
    if not y > 0:
        checks.refuse("y", "a positive number", y)
    values, basis = np.linalg.eigh(problem.Sigma)
    hat = problem.solution @ (basis * sqrt(values)) @ basis.T
    x, v = _direction(problem.Sigma, hat.T @ hat, N, y)
    q = (sinh((2 * N - 2) * y) / (2 * (N - 1) * sinh(y) * cosh((2 * N - 1) * y))) ** (1 / N)
    phi = v @ pencil(problem.Sigma, hat.T @ hat, N, x) @ v
    tau = float(np.linalg.norm(hat @ v))
    u = hat @ v / tau
    points = []
    for sign in (-1, 1):
        s = sqrt(x * q) * exp(sign * y)
        r = sign * tau * exp(-sign * (N - 1) * y) * sinh(N * y) / cosh((2 * N - 1) * y)
        weights = _beside(problem, hat - np.outer(u, u @ hat), sqrt(x))
        weights[0][0] = (u @ hat + r * v) / s ** (N - 1)
        weights[0] = weights[0] @ (basis / sqrt(values)) @ basis.T
        for W in weights[1:-1]:
            W[0, 0] = s
        weights[-1][:, 0] = s * u
        points.append(problem.join(weights))
    return TwoCycle(float(cosh((2 * N - 2) * y) * q ** (1 - N) / phi), *points)


def _direction(A: FloatArray, B: FloatArray, N: int, y: float) -> tuple[float, FloatArray]:
    """Find x and the first eigenvector v of x^{N−1}A + (N−1)x^{−1}B, x^N vᵀAv/vᵀBv as y asks."""
    from scipy.optimize import brentq  # takes longer to import than the whole package

    goal = (N - 1) * sinh(y) * cosh((N - 1) * y) / (sinh((N - 1) * y) * cosh((2 * N - 1) * y))

    def excess(x: float) -> float:
        v = np.linalg.eigh(pencil(A, B, N, x))[1][:, -1]
        return float(x**N * (v @ A @ v) - goal * (v @ B @ v))

    flattest = joint_maximum(A, B, N).x
    x = brentq(excess, 1e-3 * flattest, (1 + 1e-9) * flattest, xtol=1e-15, rtol=1e-14)
    return x, np.linalg.eigh(pencil(A, B, N, x))[1][:, -1]


def _beside(problem: DeepLinearProblem, rest: FloatArray, size: float) -> list[FloatArray]:
    """Weights (times Σ^{1/2}, in the first layer) of the product ``rest`` that avoid unit one."""
    left, values, right = np.linalg.svd(rest, full_matrices=False)
    rank = int(np.sum(values > RANK_RTOL * np.linalg.norm(problem.Y)))
    if min(problem.widths[1:-1]) < 1 + rank:
        checks.refuse("problem", f"hidden widths at least rank W⋆ = {1 + rank}", problem.widths)
    weights = [np.zeros(shape) for shape in problem.shapes]
    outer, unit = (1 + SLACK) * size ** (1 - problem.depth), np.arange(1, 1 + rank)
    weights[0][unit] = outer * values[:rank, np.newaxis] * right[:rank]
    for W in weights[1:-1]:
        W[unit, unit] = size
    weights[-1][:, unit] = size / (1 + SLACK) * left[:, :rank]
    return weights
