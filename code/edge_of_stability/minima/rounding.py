"""Matrix products and Cholesky factors in float64 with proven error bounds.

Every function returns what floating-point arithmetic gives together with a bound that holds for
the exact result of the given float64 matrices. The bounds rest on three facts:

* Arithmetic rounds to nearest with unit roundoff u = 2⁻⁵³, and the matrix product of the BLAS forms
  each entry as a sum of k products in some order, with or without fused multiply-add (no
  Strassen-like algorithm). Then |fl(AB) − AB| ≤ γ_k |A||B|, γ_k = ku/(1 − ku)
  (Higham, Accuracy and Stability of Numerical Algorithms, Section 3.5).
* If all partial sums of a product are multiples of one power of two 2^e and below 2^(e+53), the
  product is exact, in every order of summation (Ozaki, Ogita, Oishi, Rump 2012).
* A factor L proves T ⪰ −‖T − LLᵀ‖ I, however L was found (Rump 2006 uses a-priori bounds instead).
"""

from __future__ import annotations

import math

import numpy as np

from ..core.checks import FloatArray

UNIT_ROUNDOFF = 2.0**-53

# A bound is itself evaluated in floating point, from sums of up to nd non-negative numbers. Their
# relative error, at most γ_{nd}, is below 1e-6 while nd < 9e9.
INFLATION = 1 + 1e-6

# Covers what underflow adds: each product loses at most 2⁻¹⁰⁷⁵ ≈ 2e-324, and none of the products
# here has more than 1e40 of them.
UNDERFLOW = 1e-280

# Products are summed in blocks of this many terms, then over the blocks: γ grows with 64 + k/64
# instead of k, and the blocks are still large enough for the BLAS to run at full speed.
BLOCK = 64

# Each slice of a factor holds about 20 binary digits; a third one reaches the last digit.
_MOST_SLICES = 3


def gamma(count: int) -> float:
    """An upper bound of γ_k = ku/(1 − ku), the relative error of k roundings."""
    return count * UNIT_ROUNDOFF / (1 - count * UNIT_ROUNDOFF) * INFLATION


def frobenius(matrix: FloatArray) -> float:
    """An upper bound of ‖matrix‖_F, hence of the spectral norm."""
    return float(np.linalg.norm(matrix)) * INFLATION + UNDERFLOW


def absolute_sum(matrix: FloatArray) -> float:
    """An upper bound of max(‖matrix‖_1, ‖matrix‖_∞), hence of the spectral norm.

    Much better than the Frobenius norm for nearly diagonal matrices.
    """
    sizes = np.abs(matrix)
    return float(max(sizes.sum(axis=0).max(), sizes.sum(axis=1).max())) * INFLATION + UNDERFLOW


def product(A: FloatArray, B: FloatArray) -> tuple[FloatArray, float]:
    """AB and a bound of the Frobenius norm of its error.

    Parameters
    ----------
    A : (m, k) array
    B : (k, p) array

    Returns
    -------
    (m, p) array, float
    """
    k = A.shape[1]
    total = A[:, :BLOCK] @ B[:BLOCK]  # (m, p)
    for start in range(BLOCK, k, BLOCK):
        total += A[:, start : start + BLOCK] @ B[start : start + BLOCK]
    return total, gamma(_roundings(k)) * frobenius(A) * frobenius(B) + UNDERFLOW


def _roundings(k: int) -> int:
    """Most roundings that a term of a sum of k products meets in :func:`product`."""
    return min(k, BLOCK) + math.ceil(k / BLOCK)


def accurate_product(A: FloatArray, B: FloatArray, tolerance: float) -> tuple[FloatArray, float]:
    """AB and a bound of the Frobenius norm of its error, small against ‖AB‖_F if possible.

    Parameters
    ----------
    A : (m, k) array
        Entries below 1e200 in size.
    B : (k, p) array
        Likewise.
    tolerance : float
        The error wanted, relative to ‖AB‖_F. Reached unless ‖A‖_F‖B‖_F is more than about 10¹⁰
        times ‖AB‖_F.

    Returns
    -------
    (m, p) array, float
    """
    # As ‖AB‖_F ≤ ‖A‖_F‖B‖_F, the plain product's bound cannot be better than this.
    fewest = 1 if _roundings(A.shape[1]) * UNIT_ROUNDOFF <= tolerance else 2
    for slices in range(fewest, _MOST_SLICES + 1):
        total, error = _sliced_product(A, B, slices)
        if error <= tolerance * np.linalg.norm(total):
            break
    return total, error


def _sliced_product(A: FloatArray, B: FloatArray, count: int) -> tuple[FloatArray, float]:
    """AB from A = A_1 + … + A_count, B = B_1 + … + B_count, and a bound of the error.

    All slices but the last have so few digits that their products are exact. Products A_iB_j with
    i + j ≤ count are formed so; the rest, smaller by the digits split off, is not exact.
    """
    left, right = _slices(A, count, axis=1), _slices(B, count, axis=0)
    total, error = np.zeros((A.shape[0], B.shape[1])), UNDERFLOW
    for i in range(count, 0, -1):
        # B_j + … + B_count with j = count − i + 1 is exact: slicing passed through it.
        term, bound = product(left[i - 1], B - sum(right[: count - i]))
        total = total + term
        error += bound + gamma(1) * frobenius(total)
    for i in range(1, count):
        for j in range(1, count - i + 1):
            total = total + left[i - 1] @ right[j - 1]
            error += gamma(1) * frobenius(total)
    return total, error * INFLATION


def _slices(matrix: FloatArray, count: int, axis: int) -> list[FloatArray]:
    """Split a matrix exactly into ``count`` parts; all but the last have few digits.

    Along ``axis`` (the axis of summation) the entries of one part are multiples of 2^(e−b) of size
    at most 2^e, where 2b + log₂ k ≤ 53.
    """
    digits = (53 - math.ceil(math.log2(matrix.shape[axis] + 1))) // 2 - 1  # b
    parts, rest = [], matrix
    for _ in range(count - 1):
        largest = np.abs(rest).max(axis=axis, keepdims=True)
        exponents = np.frexp(largest)[1]  # e: |entry| < 2^e
        # Adding and subtracting 3/2 · 2^(e+52−b) rounds to multiples of 2^(e−b).
        shift = np.ldexp(1.5, exponents + 52 - digits)
        part = np.where(largest > 0, (rest + shift) - shift, 0.0)
        parts.append(part)
        rest = rest - part
    return [*parts, rest]


def gram(F: FloatArray) -> tuple[FloatArray, float]:
    """FᵀF and a bound of the Frobenius norm of its error."""
    return product(F.T, F)


def smallest_eigenvalue_bound(T: FloatArray) -> float | None:
    """A lower bound of λ_min(T), close to 0, for a positive definite T; None if there is none.

    Parameters
    ----------
    T : (d, d) array, symmetric

    Returns
    -------
    float or None
        −‖T − LLᵀ‖_F for the Cholesky factor L that LAPACK returns; None if it finds no factor.
    """
    try:
        L: FloatArray = np.linalg.cholesky(T).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        return None
    square, error = product(L, L.T)
    return -(frobenius(T - square) * INFLATION + error)


def image_norm(F: FloatArray, error: float, y: FloatArray) -> tuple[float, float]:
    """Bounds of ‖(F + E)y‖ over all E with ‖E‖ ≤ error.

    Parameters
    ----------
    F : (m, d) array
    error : float
    y : (d,) array

    Returns
    -------
    lower, upper : float
    """
    m, d = F.shape
    norm = float(np.linalg.norm(F @ y))
    slack = (error + gamma(d) * frobenius(F)) * frobenius(y) + gamma(m + 4) * norm + UNDERFLOW
    return max(norm - slack * INFLATION, 0.0), norm + slack * INFLATION
