r"""The bounds of :mod:`.critical_step` for many features: float64, all rounding errors bounded.

The only thing used of BLAS is that an inner product of length b, summed in any order and with or
without fused multiply-adds, errs by at most γ_b |x|ᵀ|y|, γ_b = bε/(1 − bε), ε = 2⁻⁵³ (Higham,
Accuracy and Stability of Numerical Algorithms, section 3.1). Long products are sums of products of
blocks of b columns, added in pairs: γ_{b + log₂(n/b)} for γ_n. So with Frobenius norms a computed
product AB errs by at most γ‖A‖‖B‖.

The points of the maximum are z = Xᵀu/‖Xᵀu‖, and α‖Xz‖² + β‖Yz‖² < c for all of them if

    T = cΣ − αΣ² − βSᵀS ≻ 0,   Σ = XXᵀ, S = YXᵀ,

which proves at the same time that Σ is invertible. Let Σ̂ and Ŝ be computed, ‖Σ − Σ̂‖ ≤ e and
‖S − Ŝ‖ ≤ f in the spectral norm, and let T̂ be the exact T of Σ̂ and Ŝ.

From T̂ to T
    If T̂ ≻ 0 then cΣ̂ ≻ αΣ̂², so the eigenvalues of Σ̂ lie between 0 and c/α, those of
    M = (c/2)I − αΣ̂ between −c/2 and c/2; and β‖Ŝu‖² ≤ cuᵀΣ̂u gives ‖Ŝ‖ ≤ c/√(αβ). With
    Σ = Σ̂ + E and S = Ŝ + F, T − T̂ = ME + EM − αE² − β(ŜᵀF + FᵀŜ + FᵀF), hence

        ‖T − T̂‖ ≤ ce + αe² + 2c√(β/α)f + βf².

How T̂ is bounded
    For a matrix L, found in whatever way, T̂ − κI = LLᵀ + D ⪰ −‖D‖I. The blocked factorisation of
    :func:`defect` computes D on its way. So T ≻ 0 if κ is more than ‖D‖ and the bound above, with
    the rounding errors of D, Σ̂², ŜᵀŜ and T̂ added. No property of LAPACK is used.
"""

import math
from dataclasses import dataclass

import numpy as np
from flint import arb

from ..core.checks import FloatArray

# Norms, of up to 10⁹ numbers, and the few sums and products of them below err by less than this.
_INFLATION = 1 + 1e-6

# Columns of a block: fewer are more accurate, and take BLAS longer.
_BLOCK = 64

# Rows computed at a time, so that intermediate results stay in the cache.
_ROWS = 128

# Covers the underflow of a product of matrices with up to 10⁹ entries, whose largest ones are near
# 1: those of X and Y are in [½, 1), u is a unit vector. Entries of the data that vanish when they
# are scaled so, below 2⁻¹⁰²² of the largest, are covered, too. Then e, f ≥ 2⁻⁵⁵, so a κ that is
# accepted is above 10⁻⁶⁰, far from where norms lose digits to underflow.
_UNDERFLOW = 1e-290


@dataclass(frozen=True)
class Forms:
    """Σ, S, Σ² and SᵀS, computed."""

    Sigma: FloatArray  # (d_0, d_0), exactly symmetric, as are the next two
    square: FloatArray  # Σ̂²
    S: FloatArray  # (d_N, d_0)
    gram: FloatArray  # ŜᵀŜ
    errors: tuple[float, float, float, float]  # bounds of their errors, in the Frobenius norm

    @classmethod
    def of(cls, X: FloatArray, Y: FloatArray) -> "Forms":
        """The forms of X (d_0, n) and Y (d_N, n)."""
        Sigma, e = product(X, X.T, symmetric=True)
        square, e_square = product(Sigma, Sigma, symmetric=True)
        S, f = product(Y, X.T)
        gram, f_gram = product(S.T, S, symmetric=True)
        return cls(Sigma, square, S, gram, (e, e_square, f, f_gram))

    def pencil(self, c: float, alpha: float, beta: float) -> FloatArray:
        """T, computed, (d_0, d_0), with zeros above the blocks on the diagonal."""
        T = np.zeros_like(self.Sigma)
        for start in range(0, len(T), _ROWS):
            part = slice(start, start + _ROWS), slice(start + _ROWS)
            T[part] = c * self.Sigma[part] - alpha * self.square[part] - beta * self.gram[part]
        return T

    def doubt(self, c: float, alpha: float, beta: float) -> float:
        """A bound of ‖T − fl(T̂)‖, if T̂ ≻ 0."""
        e, e_square, f, f_gram = self.errors
        data = c * e + alpha * e**2 + 2 * c * math.sqrt(beta / alpha) * f + beta * f**2
        factors = ((c, self.Sigma), (alpha, self.square), (beta, self.gram))
        sums = _gamma(4) * sum(factor * float(np.linalg.norm(M)) for factor, M in factors)
        return (data + alpha * e_square + beta * f_gram + sums) * _INFLATION

    def shift(self, c: float, alpha: float, beta: float) -> float:
        """A κ that should be enough for :func:`is_bound`."""
        parts = zip((c, -alpha, -beta), (self.Sigma, self.square, self.gram), strict=True)
        trace = sum(factor * float(np.trace(M)) for factor, M in parts)
        return 1.1 * (
            self.doubt(c, alpha, beta) + 2 * _gamma(_additions(len(self.S.T)) + 2) * trace
        )


def is_bound(forms: Forms, c: float, alpha: float, beta: float, kappa: float) -> bool:
    """Whether T ≻ 0 is proved with T̂ ⪰ κI."""
    T = forms.pencil(c, alpha, beta)
    T.flat[:: len(T) + 1] -= kappa
    # The subtraction errs by ε times its result. If that is positive, it is less than one in the
    # sums that `doubt` bounds; else the diagonal of D is as large, and `_INFLATION` covers it.
    try:
        return defect(T) + forms.doubt(c, alpha, beta) < kappa
    except np.linalg.LinAlgError:
        return False


def product(A: FloatArray, B: FloatArray, symmetric: bool = False) -> tuple[FloatArray, float]:
    """AB, computed, and a bound of its error in the Frobenius norm.

    If the exact product is ``symmetric`` the lower triangle is computed, by blocks, and mirrored.
    """
    result = np.empty((len(A), B.shape[1]))
    for start in range(0, len(A), _ROWS):
        rows = slice(start, start + _ROWS)
        if not symmetric:
            result[rows] = _sum(A[rows], B)
            continue
        result[rows, : rows.stop] = _sum(A[rows], B[:, : rows.stop])
        corner = np.tril(result[rows, rows])
        result[rows, rows] = corner + np.tril(corner, -1).T
        result[:start, rows] = result[rows, :start].T
    size = float(np.linalg.norm(A)) * float(np.linalg.norm(B))
    return result, _gamma(_additions(A.shape[1])) * size * _INFLATION + _UNDERFLOW


def defect(T: FloatArray) -> float:
    """A bound of ‖T − LLᵀ‖ for a lower triangular L, which overwrites that of T (d, d).

    Of T only the blocks on and below the diagonal are read. A LinAlgError is raised if a block is
    not positive definite when its turn comes. Each block of columns has the products of those
    before it subtracted, then its own: what is left are entries of T − LLᵀ, computed as sums.
    """
    from scipy.linalg import solve_triangular  # type: ignore[import-untyped, unused-ignore]

    size = total = residuals = 0.0
    for start in range(0, len(T), _ROWS):
        own, before = slice(start, start + _ROWS), slice(0, start)
        panel = T[start:, own]
        size += 2 * float(np.linalg.norm(panel)) ** 2
        if start:
            panel -= _sum(T[start:, before], T[own, before].T)
        corner: FloatArray = np.asarray(np.linalg.cholesky(panel[:_ROWS]), dtype=np.float64)
        below = solve_triangular(corner, panel[_ROWS:].T, lower=True).T
        columns = np.vstack([corner, below])
        residuals += 2 * float(np.linalg.norm(panel - _sum(columns, corner.T))) ** 2
        total += float(np.linalg.norm(columns)) ** 2  # in the end ‖L‖², a bound of ‖ |L||L|ᵀ ‖
        panel[:] = columns
    steps = _gamma(_additions(len(T)) + 2)  # two subtractions
    return (math.sqrt(residuals) + steps * (math.sqrt(size) + total)) * _INFLATION


def lengths(X: FloatArray, Y: FloatArray, u: FloatArray) -> tuple[arb, arb, arb]:
    """Balls with ‖z‖, ‖Xz‖ and ‖Yz‖ for z = Xᵀu, u (d_0,) of norm about 1."""
    z, error = product(X.T, u[:, np.newaxis])
    found = [(z, error)]
    for M in (X, Y):
        image, rounding = product(M, z)
        found.append((image, rounding + float(np.linalg.norm(M)) * error))
    balls = []
    for column, error in found:
        norm = float(np.linalg.norm(column))
        balls.append(arb(norm, (error + _gamma(len(column) + 2) * norm) * _INFLATION))
    return balls[0], balls[1], balls[2]


def _sum(A: FloatArray, B: FloatArray) -> FloatArray:
    """AB as a sum over blocks, added in pairs."""
    n = A.shape[1]
    if n <= _BLOCK:
        return A @ B
    half = _BLOCK * 2 ** math.ceil(math.log2(n / _BLOCK) - 1)
    result = _sum(A[:, :half], B[:half])
    result += _sum(A[:, half:], B[half:])
    return result


def _additions(n: int) -> int:
    """The most rounding errors of one term of an inner product of length n in :func:`_sum`."""
    return min(n, _BLOCK) + math.ceil(math.log2(max(1.0, n / _BLOCK)))


def _gamma(n: int) -> float:
    return n * 2.0**-53 / (1 - n * 2.0**-53)
