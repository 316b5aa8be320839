r"""The critical step size η_C, with a proven interval.

η_C = 2 / min_M λ_max is the step size above which no global minimizer is stable. By the theorem on
the flattest minimizer,

    1/η_C = N max_{‖v‖=1} (vᵀΣv)^{1/N} (vᵀŴᵀŴv)^{1−1/N},   Ŵ = W⋆Σ^{1/2}.

Without square roots and inverses
    Write a unit vector of the row space of X as z = XᵀΣ^{−1/2}v. Then vᵀΣv = ‖Xz‖² and, because
    W⋆X = Y(projection onto the row space), vᵀŴᵀŴv = ‖Yz‖². So

        1/η_C = N max { ‖Xz‖^{2/N} ‖Yz‖^{2−2/N} : z in the row space of X, ‖z‖ = 1 }.

    Take any invertible matrix R (d_0, d_0) and Q = XᵀR (n, d_0): its columns span the row space.
    Every y gives a point z = Qy/‖Qy‖ of the maximum, hence a lower bound of 1/η_C. For all
    α, β > 0 the inequality of the means gives an upper bound,

        N a^{1/N} b^{1−1/N} ≤ (αa + βb) α^{−1/N} ((N−1)/β)^{1−1/N},   a = ‖Xz‖², b = ‖Yz‖²,

    and αa + βb ≤ c + κ/m holds for all z if

        T = c QᵀQ − α(XQ)ᵀ(XQ) − β(YQ)ᵀ(YQ) ⪰ −κI   and   QᵀQ ⪰ mI, m > 0.

    Everything is a polynomial in the data and in R, so R, y, α, β, c need no accuracy at all for
    the bounds to hold; accuracy only makes them close. The last condition proves at the same time
    that Σ is invertible.

How they are chosen
    X = U diag(s) Vᵀ; R = U diag(1/s), so Q ≈ V. :mod:`.duality` gives y and x,
    from which α = x^{N−1}, β = (N−1)/x, and c is slightly above λ_max.

How they are proved
    Q is computed from factors cut into slices, so that no digits are lost to cancellation; XQ and
    YQ in short blocks or in slices, YQ also as (YXᵀ)R if Y is nearly orthogonal to the rows of X;
    T ⪰ −κI by a Cholesky factor and its residual. All errors are bounded in the Frobenius norm
    (:mod:`.rounding`). The last few scalars are balls (Arb). X and Y are
    first scaled by powers of two, which is exact and undone in the ball. The default width is
    reached while σ_max(X)/σ_min(X) is below about 10⁷, that is cond(Σ) below 10¹⁴.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from flint import arb, ctx  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from .duality import JointMaximum, joint_maximum
from .rounding import (
    INFLATION,
    UNDERFLOW,
    absolute_sum,
    accurate_product,
    frobenius,
    gamma,
    gram,
    image_norm,
    smallest_eigenvalue_bound,
)

# Relative width of the interval unless another is asked for: hundred times what d_0 = 10³ needs.
DEFAULT_RTOL = 1e-9

# Precision in bits of the scalar balls; they only carry float64 numbers through a few powers.
_BALL_BITS = 160

# Relative errors (in the Frobenius norm, up to √d_0 above the spectral one) of Q, and of XQ and YQ.
# The error of Q also enters the other two multiplied by ‖X‖_F and ‖Y‖_F, hence the smaller one.
_BASIS_TOLERANCE = 2e-15
_IMAGE_TOLERANCE = 1e-12

# If cond(Σ) is below the inverse, eigenvectors of Σ serve as singular vectors of X, three times as
# fast: XᵀU diag(1/s) is then orthonormal to 1e-13.
_GRAM_LIMIT = 1e-3

# c = λ_max(1 + margin): the first margin for which T has a Cholesky factor is taken.
_MARGINS = tuple(10.0**-k for k in range(15, 6, -1))


class PrecisionError(ArithmeticError):
    """The data are too ill-conditioned for an interval of the requested width."""


@dataclass(frozen=True)
class CriticalStepSize:
    """η_C of given data.

    Attributes
    ----------
    value : float
        η_C, computed; between the bounds.
    lower, upper : float
        Proven bounds of η_C for the float64 data taken exactly.
    direction : (d_0,) array
        A unit vector v where the maximum over v is attained (approximately).
    scale : float
        The x > 0 where the minimum over x is attained (approximately); 1 for N = 1.
    """

    value: float
    lower: float
    upper: float
    direction: FloatArray
    scale: float


def critical_step_size(
    X: ArrayLike, Y: ArrayLike, depth: int, rtol: float = DEFAULT_RTOL
) -> CriticalStepSize:
    """η_C = 2 / min_M λ_max, the largest step size with a stable global minimizer, and an interval.

    η_C does not depend on the hidden widths, as long as they are at least r⋆ = rank W⋆.

    Parameters
    ----------
    X : (d_0, n) array_like
        Inputs, one column a sample, of rank d_0 (assumption A1: Σ = XXᵀ is invertible).
    Y : (d_N, n) array_like
        Targets; if N ≥ 2, with W⋆ = YXᵀΣ⁻¹ ≠ 0.
    depth : int
        N ≥ 1.
    rtol : float
        The largest relative width of [lower, upper] to accept.

    Returns
    -------
    CriticalStepSize

    Raises
    ------
    ValueError
        If X has not full row rank to working precision (smallest singular value at most
        ε·max(d_0, n) times the largest), W⋆ cannot be told from 0 and N ≥ 2, entries of one matrix
        differ so much in size that they cannot be scaled, or η_C is no normal float64 number.
    PrecisionError
        If the proven interval is wider than ``rtol``. It is an ``ArithmeticError``.

    Notes
    -----
    Source: this book, the theorem on the flattest minimizer; the symbol η_C is that of the summary
    of arXiv:2402.13108.

    Examples
    --------
    >>> eta = critical_step_size([[1.0]], [[1.0]], depth=2)  # L = (w_2 w_1 - 1)^2
    >>> eta.lower <= 0.5 <= eta.upper
    True
    """
    N = checks.positive_count("depth", depth)
    X, Y = checks.data_matrix("X", X), checks.data_matrix("Y", Y)
    checks.samples(X, Y)
    if not (isinstance(rtol, (int, float, np.floating)) and 0 < rtol < 1):
        checks.refuse("rtol", "a number between 0 and 1", repr(rtol))
    X, X_exponent = _scale("X", X)
    Y, Y_exponent = _scale("Y", Y)
    U, s = _singular_vectors(X)
    if N == 1:
        Y, Y_exponent = np.zeros((1, X.shape[1])), 0  # η_C = 1/λ_max(Σ): Y has no part in it

    images = _images(X, Y, U / s)
    if N > 1 and np.linalg.norm(images.Y) <= images.Y_error:
        checks.refuse(
            "Y", "YXᵀ ≠ 0, so that W⋆ ≠ 0 (for depth ≥ 2)", "YXᵀ = 0 to working precision"
        )
    C = images.Y  # (d_N, d_0)
    found = joint_maximum(np.diag(s**2), C.T @ C, N)

    with ctx.workprec(_BALL_BITS):
        unit = arb(2) ** ((arb(2 * X_exponent) + 2 * (N - 1) * arb(Y_exponent)) / N)
        most = unit * _upper_bound(images, found, N)
        least = unit * _lower_bound(images, found, N)
        lower, upper = _outward((1 / most).lower(), (1 / least).upper())
        x_exponent = 2 * arb(Y_exponent - X_exponent) / N if N > 1 else arb(0)
        scale = float(arb(found.x) * arb(2) ** x_exponent)
        value = float((1 / (unit * arb(found.dual))).mid())
    if not (np.finfo(float).tiny <= lower and upper <= np.finfo(float).max and 0 < scale < np.inf):
        checks.refuse("X and Y", "sizes for which η_C is a normal float64 number", lower)
    if not upper - lower <= rtol * lower:
        raise PrecisionError(
            f"η_C is proved to lie in [{lower}, {upper}], wider than rtol = {rtol}: X is too "
            f"ill-conditioned (σ_min/σ_max = {s.min() / s.max():.1e}), or ‖W⋆X‖ too small "
            f"against ‖Y‖ ({np.linalg.norm(C) / np.linalg.norm(Y):.1e}), for float64"
        )
    v = U @ found.y
    v = v / np.linalg.norm(v) * np.copysign(1.0, v[np.argmax(np.abs(v))])
    return CriticalStepSize(float(np.clip(value, lower, upper)), lower, upper, v, scale)


@dataclass(frozen=True)
class _Images:
    """Q, XQ and YQ for Q = XᵀR, computed, with bounds of their errors in the Frobenius norm."""

    Q: FloatArray  # (n, d_0)
    Q_error: float
    X: FloatArray  # (d_0, d_0)
    X_error: float
    Y: FloatArray  # (d_N, d_0)
    Y_error: float


def _images(X: FloatArray, Y: FloatArray, R: FloatArray) -> _Images:
    Q, Q_error = accurate_product(X.T, R, _BASIS_TOLERANCE)
    XQ, X_rounding = accurate_product(X, Q, _IMAGE_TOLERANCE)
    YQ, Y_rounding = accurate_product(Y, Q, _IMAGE_TOLERANCE)
    Y_error = Y_rounding + frobenius(Y) * Q_error * INFLATION
    if Y_error > _IMAGE_TOLERANCE * np.linalg.norm(YQ):
        # Y is nearly orthogonal to the rows of X: YQ = (YXᵀ)R cancels before any rounding.
        S, S_error = accurate_product(Y, X.T, np.finfo(float).eps)
        SR, rounding = accurate_product(S, R, _IMAGE_TOLERANCE)
        error = rounding + S_error * frobenius(R) * INFLATION
        if error < Y_error:
            YQ, Y_error = SR, error
    X_error = X_rounding + frobenius(X) * Q_error * INFLATION
    return _Images(Q, Q_error, XQ, X_error, YQ, Y_error)


def _lower_bound(images: _Images, found: JointMaximum, N: int) -> arb:
    """A lower bound of N‖Xz‖^{2/N}‖Yz‖^{2−2/N} at z = Qy/‖Qy‖."""
    length = arb(image_norm(images.Q, images.Q_error, found.y)[1])
    Xz = arb(image_norm(images.X, images.X_error, found.y)[0]) / length
    if N == 1:
        return Xz**2
    Yz = arb(image_norm(images.Y, images.Y_error, found.y)[0]) / length
    return N * (Xz**2) ** (arb(1) / N) * (Yz**2) ** (1 - arb(1) / N)


def _upper_bound(images: _Images, found: JointMaximum, N: int) -> arb:
    """An upper bound of N‖Xz‖^{2/N}‖Yz‖^{2−2/N} over all z."""
    alpha, beta = found.x ** (N - 1), (N - 1) / found.x
    most = _pencil_bound(images, alpha, beta, found.dual)
    if N == 1:
        return most
    weights = arb(alpha) ** (-arb(1) / N) * (arb(N - 1) / arb(beta)) ** (1 - arb(1) / N)
    return most * weights


def _pencil_bound(images: _Images, alpha: float, beta: float, estimate: float) -> arb:
    """An upper bound of α‖Xz‖² + β‖Yz‖² over all unit z in the row space."""
    QQ, QQ_rounding = gram(images.Q)  # all (d_0, d_0)
    XX, XX_rounding = gram(images.X)
    YY, YY_rounding = gram(images.Y)
    QQ_error = QQ_rounding + _gram_perturbation(images.Q, QQ, QQ_rounding, images.Q_error)
    XX_error = XX_rounding + _gram_perturbation(images.X, XX, XX_rounding, images.X_error)
    YY_error = YY_rounding + _gram_perturbation(images.Y, YY, YY_rounding, images.Y_error)

    # QᵀQ ⪰ mI
    least_length = 1 - (absolute_sum(np.eye(len(QQ)) - QQ) * INFLATION + QQ_error + gamma(1))
    if not least_length > 0:
        raise PrecisionError("X is too ill-conditioned for float64: no orthonormal basis found")

    for margin in _MARGINS:
        c = estimate * (1 + margin)
        T = c * QQ - (alpha * XX + beta * YY)
        rounding = gamma(4) * (c * frobenius(QQ) + alpha * frobenius(XX) + beta * frobenius(YY))
        smallest = smallest_eigenvalue_bound(T)
        if smallest is not None:
            errors = c * QQ_error + alpha * XX_error + beta * YY_error
            slack = (-smallest + rounding + errors + UNDERFLOW) * INFLATION
            return arb(c) + arb(slack) / arb(least_length * (1 - gamma(1)))
    raise PrecisionError("no proven bound of the largest eigenvalue: X is too ill-conditioned")


def _gram_perturbation(F: FloatArray, square: FloatArray, rounding: float, error: float) -> float:
    """A bound of ‖(F + E)ᵀ(F + E) − FᵀF‖ for ‖E‖ ≤ error: 2‖F‖‖E‖ + ‖E‖²."""
    norm = min(frobenius(F), math.sqrt(absolute_sum(square) + rounding) * INFLATION)
    return (2 * norm * error + error**2) * INFLATION


def _scale(argument: str, matrix: FloatArray) -> tuple[FloatArray, int]:
    """Return (scaled, e), matrix = 2^e · scaled exactly, the largest |entry| in [1/2, 1)."""
    exponent = int(np.frexp(np.abs(matrix).max())[1])
    scaled = np.ldexp(matrix, -exponent)
    if not np.array_equal(np.ldexp(scaled, exponent), matrix):
        checks.refuse(argument, "entries within 300 orders of magnitude", "smaller and larger ones")
    return scaled, exponent


def _singular_vectors(X: FloatArray) -> tuple[FloatArray, FloatArray]:
    """U (d_0, d_0) and s (d_0,) of X = U diag(s) Vᵀ, if X has full row rank (assumption A1)."""
    need = f"rank d_0 = {X.shape[0]}, so that Σ = XXᵀ is invertible (assumption A1)"
    if X.shape[1] < X.shape[0]:
        checks.refuse("X", need, f"shape {X.shape}")
    squares, U = np.linalg.eigh(X @ X.T)
    if squares[0] > _GRAM_LIMIT * squares[-1]:
        return U, np.sqrt(squares)
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    rank = int(np.sum(s > np.finfo(float).eps * max(X.shape) * s[0]))
    if rank < X.shape[0]:
        checks.refuse("X", need, f"numerical rank {rank} (smallest singular value {s[-1]:.1e})")
    return U, s


def _outward(lower: arb, upper: arb) -> tuple[float, float]:
    """The balls' ends as floats, rounded outward."""
    return (
        float(np.nextafter(float(lower), -np.inf)),
        float(np.nextafter(float(upper), np.inf)),
    )
