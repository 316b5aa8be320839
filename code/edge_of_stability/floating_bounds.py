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

from ._checks import FloatArray

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


def gamma(count: int) -> float:
    """An upper bound of γ_k = ku/(1 − ku), the relative error of k roundings."""
    return count * UNIT_ROUNDOFF / (1 - count * UNIT_ROUNDOFF) * INFLATION


def frobenius(matrix: FloatArray) -> float:
    """An upper bound of ‖matrix‖_F, hence of the spectral norm."""
    return float(np.linalg.norm(matrix)) * INFLATION + UNDERFLOW


def row_sum(matrix: FloatArray) -> float:
    """An upper bound of ‖matrix‖_∞, hence of the spectral norm of a symmetric matrix."""
    return float(np.abs(matrix).sum(axis=1).max()) * INFLATION + UNDERFLOW


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
    roundings = min(k, BLOCK) + math.ceil(k / BLOCK)
    return total, gamma(roundings) * frobenius(A) * frobenius(B) + UNDERFLOW


def accurate_product(A: FloatArray, B: FloatArray) -> tuple[FloatArray, float]:
    """AB, nearly as if rounded once, and a bound of the Frobenius norm of its error.

    A = A_1 + A_2 + A_3 and B = B_1 + B_2 + B_3 exactly, with so few digits in A_1, A_2, B_1, B_2
    that A_1B_1, A_1B_2 and A_2B_1 are exact. Only the small rest is computed with errors.

    Parameters
    ----------
    A : (m, k) array
        Entries below 1e200 in size.
    B : (k, p) array
        Likewise.

    Returns
    -------
    (m, p) array, float
    """
    A1, A2, A3 = _slices(A, axis=1)  # (m, k)
    B1, B2, B3 = _slices(B, axis=0)  # (k, p)
    rest, error = np.zeros((A.shape[0], B.shape[1])), UNDERFLOW
    for left, right in ((A3, B), (A2, B2 + B3), (A1, B3)):
        if left.any() and right.any():
            term, bound = product(left, right)
            rest += term
            # B2 + B3 is exact, being what slicing left of B; summing three terms rounds twice.
            error += bound + gamma(4) * frobenius(left) * frobenius(right)
    total = rest
    for left, right in ((A1, B2), (A2, B1), (A1, B1)):
        total = total + left @ right
        error += gamma(1) * frobenius(total)
    return total, error * INFLATION


def _slices(matrix: FloatArray, axis: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Split a matrix into two parts with few digits and the rest, exactly.

    Along ``axis`` (the axis of summation) the entries of one part share a power of two and have at
    most b digits in front of it, 2b + log₂ k ≤ 53.
    """
    k = matrix.shape[axis]
    digits = (53 - math.ceil(math.log2(k + 1))) // 2 - 1
    parts, rest = [], matrix
    for _ in range(2):
        largest = np.abs(rest).max(axis=axis, keepdims=True)
        exponents = np.frexp(largest)[1]  # |entry| < 2^exponent
        # Adding and subtracting 3·2^(e+52−b)/2 rounds to multiples of 2^(e−b).
        shift = np.ldexp(1.5, exponents + 52 - digits)
        part = np.where(largest > 0, (rest + shift) - shift, 0.0)
        parts.append(part)
        rest = rest - part
    return parts[0], parts[1], rest


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
        L = np.linalg.cholesky(T)
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
