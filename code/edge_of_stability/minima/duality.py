r"""A maximum over the joint numerical range of two matrices, and its dual.

For symmetric positive semidefinite A, B (d, d), not zero, and N ≥ 1,

    max_{‖y‖=1} N (yᵀAy)^{1/N} (yᵀBy)^{1−1/N}  =  min_{x>0} λ_max(x^{N−1}A + (N−1)x^{−1}B).

"≤" is the inequality of the arithmetic and the geometric mean. For "=", t ↦ λ_max at x = e^t is
convex; at its minimum 0 is in the subdifferential, {yᵀDy : y a unit vector of the top eigenspace}
with D the derivative, and such a y has x^N yᵀAy = yᵀBy, which gives both sides the same value.

This also bounds x: with λ_max(A) = λ_max(B) = 1 the maximiser has yᵀAy ∈ [1/N, 1] and
yᵀBy ∈ [1 − 1/N, 1], because each of the two terms is at most the value, so x^N lies between
1 − 1/N and N.

This module computes both sides in floating point; :mod:`.critical_step` proves bounds for the
result.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..core.checks import FloatArray
from ..core.threads import one_thread

# Relative gaps up to which eigenvalues may count as one top eigenvalue. Which of them serves best
# depends on rounding, so each is tried and the best vector kept.
_CLUSTER_GAPS = (0.0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10)


@dataclass(frozen=True)
class JointMaximum:
    """An approximate solution of both problems."""

    x: float  # minimises the dual
    y: FloatArray  # (d,), a unit vector, maximises the primal
    dual: float  # λ_max(x^{N−1}A + (N−1)x^{−1}B)


def pencil(A: FloatArray, B: FloatArray, depth: int, x: float) -> FloatArray:
    """x^{N−1}A + (N−1)x^{−1}B, (d, d)."""
    return x ** (depth - 1) * A + (depth - 1) / x * B


def primal_value(A: FloatArray, B: FloatArray, depth: int, y: FloatArray) -> float:
    """N (yᵀAy)^{1/N} (yᵀBy)^{1−1/N}."""
    a, b = max(float(y @ A @ y), 0.0), max(float(y @ B @ y), 0.0)
    return float(depth * a ** (1 / depth) * b ** (1 - 1 / depth))


@one_thread()
def joint_maximum(A: FloatArray, B: FloatArray, depth: int) -> JointMaximum:
    """Solve both problems to about rounding error.

    A, B (d, d) are symmetric positive semidefinite, A ≠ 0, and B ≠ 0 unless N = 1.
    """
    if depth == 1:
        values, vectors = np.linalg.eigh(A)
        return JointMaximum(1.0, vectors[:, -1], float(values[-1]))
    from scipy.optimize import brentq  # takes longer to import than this package

    size_A, size_B = (float(np.linalg.eigvalsh(matrix)[-1]) for matrix in (A, B))
    A, B = A / size_A, B / size_B

    @cache  # brentq asks again for both ends
    def imbalance(t: float) -> float:
        """(x^N a − b)/(x^N a + b) for the top eigenvector at x = e^t: increases with t."""
        y = np.linalg.eigh(pencil(A, B, depth, math.exp(t)))[1][:, -1]
        a, b = math.exp(depth * t) * float(y @ A @ y), float(y @ B @ y)
        return (a - b) / (a + b)

    # The interval of the module's docstring, a little widened for rounding.
    low, high = math.log1p(-1 / depth) / depth - 1e-9, math.log(depth) / depth + 1e-9
    if imbalance(low) >= 0:
        t = low
    elif imbalance(high) <= 0:
        t = high
    else:
        t = brentq(imbalance, low, high, xtol=2e-16, rtol=1e-15)
    x = math.exp(t)
    values, vectors = np.linalg.eigh(pencil(A, B, depth, x))
    y = _balanced_vector(A, B, depth, x, values, vectors)
    scale = (size_B / size_A) ** (1 / depth)
    value = float(values[-1]) * size_A ** (1 / depth) * size_B ** (1 - 1 / depth)
    return JointMaximum(x * scale, y, value)


def _balanced_vector(
    A: FloatArray, B: FloatArray, depth: int, x: float, values: FloatArray, vectors: FloatArray
) -> FloatArray:
    """A unit vector of the top eigenspace with x^N yᵀAy = yᵀBy, as nearly as there is one.

    At a kink of the dual no eigenvector computed at x needs to have it, but a combination of two.
    """
    candidates = [vectors[:, -1]]
    for gap in _CLUSTER_GAPS:
        cluster = vectors[:, values >= values[-1] * (1 - gap)]  # (d, m)
        D = cluster.T @ (x**depth * A - B) @ cluster  # (m, m)
        slopes, mixing = np.linalg.eigh(D)
        low, high = slopes[0], slopes[-1]
        if low < 0 < high:
            share = -low / (high - low)  # share·high + (1 − share)·low = 0
            mixture = math.sqrt(share) * mixing[:, -1] + math.sqrt(1 - share) * mixing[:, 0]
            candidates.append(cluster @ mixture)
        else:
            nearest = mixing[:, int(np.argmin(np.abs(slopes)))]
            candidates.append(cluster @ nearest)
    return max(candidates, key=lambda y: primal_value(A, B, depth, y))
