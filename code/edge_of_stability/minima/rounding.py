r"""The bounds of :mod:`.critical_step` for many features: float64, all rounding errors bounded.

Matrices are computed by BLAS, and of each the distance to the exact one is bounded in the spectral
norm. The only thing used of BLAS is that an inner product of length b, summed in any order and with
or without fused multiply-adds, errs by at most γ_b |x|ᵀ|y|, γ_b = bε/(1 − bε), ε = 2⁻⁵³. Long
products are sums of products of blocks of b columns, added in pairs: γ_{b + log₂(n/b)} for γ_n.

With Q, XQ and YQ known up to such errors, and LLᵀ an approximate Cholesky factorisation,

    T = c QᵀQ − α(XQ)ᵀ(XQ) − β(YQ)ᵀ(YQ) = LLᵀ + E ⪰ −κI,   κ ≥ ‖E‖,   and   QᵀQ ⪰ mI, m > 0,

so that α‖Xz‖² + β‖Yz‖² ≤ c + κ/m for all unit vectors z in the row space of X.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from flint import arb

from ..core.checks import FloatArray

# Norms, of up to 10⁹ numbers, and the few sums and products of them below err by less than this.
_INFLATION = 1 + 1e-6

# From here on the errors of Q, which count most, need the smallest blocks.
_MANY = 1500

# Covers the underflow of a product of matrices with up to 10⁹ entries, scaled to sizes near 1.
_UNDERFLOW = 1e-290

# c = λ_max(1 + margin), in units of dε: the first margin with which T has a Cholesky factor.
_MARGINS = (4, 40, 400)


@dataclass(frozen=True)
class Image:
    """All matrices F with ‖F − mid‖ ≤ error, their Gram matrices FᵀF likewise."""

    mid: FloatArray
    error: float
    gram: FloatArray
    gram_error: float

    @staticmethod
    def of(mid: FloatArray, error: float) -> Image:
        """The image with its Gram matrices: ‖FᵀF − midᵀmid‖ ≤ (2‖mid‖ + error) · error."""
        gram, rounding = product(mid.T, mid)
        error_of_gram = rounding + (2 * _norm(gram, rounding) + error) * error
        return Image(mid, error, gram, error_of_gram * _INFLATION)

    def length(self, y: FloatArray) -> arb:
        """A ball with ‖Fy‖ for all F."""
        column, rounding = product(self.mid, y[:, np.newaxis])
        norm = float(np.linalg.norm(column))
        error = rounding + self.error * float(np.linalg.norm(y)) + _gamma(len(column) + 2) * norm
        return arb(norm, error * _INFLATION)


def product(A: FloatArray, B: FloatArray, block: int = 256) -> tuple[FloatArray, float]:
    """AB, computed, and a bound of its error in the Frobenius norm.

    Smaller blocks are more accurate, and take BLAS longer.
    """
    additions = math.ceil(math.log2(max(1.0, A.shape[1] / block)))
    size = float(np.linalg.norm(A)) * float(np.linalg.norm(B))
    return _sum(A, B, block), _gamma(block + additions) * size * _INFLATION + _UNDERFLOW


def _sum(A: FloatArray, B: FloatArray, block: int) -> FloatArray:
    n = A.shape[1]
    if n <= block:
        return A @ B
    half = block * 2 ** math.ceil(math.log2(n / block) - 1)
    result = _sum(A[:, :half], B[:half], block)
    result += _sum(A[:, half:], B[half:], block)
    return result


def images(X: FloatArray, Y: FloatArray) -> tuple[FloatArray, FloatArray, tuple[Image, ...]]:
    """Σ, and R with Q = XᵀR nearly orthonormal; and Q, XQ and YQ.

    A LinAlgError is raised if Σ has no Cholesky factor.
    """
    from scipy.linalg.lapack import dtrtri  # type: ignore[import-untyped, unused-ignore]

    Sigma, rounding = product(X, X.T, X.shape[1])
    R: FloatArray = dtrtri(np.linalg.cholesky(Sigma), lower=1)[0].T
    basis, basis_error = product(X.T, R, 128 if len(X) < _MANY else 32)
    XQ, X_rounding = product(X, basis)
    YQ, Y_rounding = product(Y, basis)
    X_error = (X_rounding + _norm(Sigma, rounding) * basis_error) * _INFLATION
    Y_error = (Y_rounding + _norm(*product(Y, Y.T, Y.shape[1])) * basis_error) * _INFLATION
    bounded = ((basis, basis_error), (XQ, X_error), (YQ, Y_error))
    return Sigma, R, tuple(Image.of(mid, error) for mid, error in bounded)


def pencil_bound(
    Q: Image, XQ: Image, YQ: Image, alpha: float, beta: float, estimate: float
) -> float | None:
    """An upper bound of α‖Xz‖² + β‖Yz‖² over all z, near the estimate; None if none is proved."""
    d = len(Q.gram)
    least = 1 - (float(np.linalg.norm(Q.gram - np.eye(d))) + Q.gram_error) * _INFLATION - 2.0**-52
    for margin in _MARGINS:
        c = estimate * (1 + margin * d * 2.0**-53)
        T = c * Q.gram - alpha * XQ.gram - beta * YQ.gram
        try:
            L: FloatArray = np.asarray(np.linalg.cholesky(T), dtype=np.float64)
        except np.linalg.LinAlgError:
            continue
        square, rounding = product(L, L.T)
        kappa = float(np.linalg.norm(T - square)) + rounding
        for factor, image in ((c, Q), (alpha, XQ), (beta, YQ)):
            sizes = image.gram_error + _gamma(4) * float(np.linalg.norm(image.gram))
            kappa += factor * sizes
        if least > 0:
            return (c + kappa * _INFLATION / least) * (1 + 2.0**-51)
    return None


def _norm(square: FloatArray, error: float) -> float:
    """A bound of ‖F‖ from G = FᵀF or FFᵀ up to an error.

    ‖G‖ is at least the largest diagonal entry, and at most the largest row sum and ‖GGᵀ‖_F^{1/2}.
    """
    bound = float(np.abs(square).sum(axis=1).max())
    if bound > 1.5 * float(square.diagonal().max()):
        fourth, rounding = product(square, square.T, len(square))
        bound = min(bound, math.sqrt(float(np.linalg.norm(fourth)) + rounding) * _INFLATION)
    return math.sqrt(bound + error) * _INFLATION


def _gamma(n: int) -> float:
    return n * 2.0**-53 / (1 - n * 2.0**-53)
