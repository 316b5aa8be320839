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

    and αa + βb < c holds for all z if T = c QᵀQ − α(XQ)ᵀ(XQ) − β(YQ)ᵀ(YQ) ≻ 0.

    Everything is a polynomial in the data and in R, so R, y, α, β, c need no accuracy at all for
    the bounds to hold; accuracy only makes them close. T ≻ 0 proves at the same time that QᵀQ ≻ 0,
    so R and Σ are invertible.

How they are chosen
    X = U diag(s) Vᵀ; R = U diag(1/s), so Q ≈ V. :mod:`.duality` gives y and x, from which
    α = x^{N−1}, β = (N−1)/x, and c is slightly above λ_max.

How they are proved
    In ball arithmetic of 256 bits (Arb), from the float64 data taken exactly: QᵀQ, (XQ)ᵀ(XQ) and
    (YQ)ᵀ(YQ) from Σ and S. For more than a hundred features float64 with bounds of its rounding
    errors is tried first, which takes a thousandth of the time. There R = I, so that the forms are
    Σ, Σ² and SᵀS (:mod:`.rounding`), and :mod:`.search` finds y and x.
"""

from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat, ctx
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from ..core.eigen import square_root_times
from ..core.threads import one_thread
from . import rounding, search
from .duality import JointMaximum, joint_maximum

# Relative width of the interval unless another is asked for.
DEFAULT_RTOL = 1e-9

_BITS = 256

# Up to here ball arithmetic takes a tenth of a second, and needs the fewest lines to trust.
FEW_FEATURES = 100

# If cond(Σ) is below the inverse, eigenvectors of Σ serve as singular vectors of X, much faster:
# XᵀU diag(1/s) is then orthonormal to 1e-10, and :func:`_maximum` corrects the rest.
_GRAM_LIMIT = 1e-6

# κ is at most this many times what is needed at u; more where other vectors are nearly as good.
_SLACK = (1.25, 5.0)

# c = λ_max(1 + margin): the first margin with T ≻ 0 is taken.
_MARGINS = tuple(10.0**-k for k in range(15, 6, -1))


_Forms = tuple[arb_mat, arb_mat, arb_mat]


class PrecisionError(ArithmeticError):
    """The data are too ill-conditioned for an interval of the requested width."""


@dataclass(frozen=True)
class CriticalStepSize:
    """η_C of given data."""

    value: float  # computed; between the bounds
    lower: float  # proven bounds of η_C for the float64 data taken exactly
    upper: float
    direction: FloatArray  # (d_0,), a unit vector v where the maximum over v is attained, nearly
    scale: float  # the x > 0 where the minimum over x is attained, nearly; 1 for N = 1


def critical_step_size(
    X: ArrayLike, Y: ArrayLike, depth: int, rtol: float = DEFAULT_RTOL
) -> CriticalStepSize:
    """η_C = 2 / min_M λ_max, the largest step size with a stable global minimizer, and an interval.

    X (d_0, n) are the inputs, one column for each sample, of rank d_0 (assumption A1: Σ = XXᵀ is
    invertible); Y (d_N, n) are the targets, with W⋆ = YXᵀΣ⁻¹ ≠ 0 if the depth N is at least 2. The
    hidden widths do not matter, as long as they are at least r⋆ = rank W⋆.

    A ValueError is raised if X has not full row rank to working precision (smallest singular value
    at most ε·max(d_0, n) times the largest), W⋆ = 0 and N ≥ 2, or η_C is not a normal float64
    number; a `PrecisionError` if the proven interval has a relative width above ``rtol``.

    Source: this book, the theorem on the flattest minimizer; the symbol η_C is that of the summary
    of arXiv:2402.13108.

    >>> eta = critical_step_size([[1.0]], [[1.0]], depth=2)  # L = (w_2 w_1 - 1)^2
    >>> eta.lower <= 0.5 <= eta.upper
    True
    """
    N = checks.count("depth", depth, least=1)
    X, Y = checks.data(X, Y)
    if N == 1:
        Y = np.zeros((1, X.shape[1]))  # η_C = 1/λ_max(Σ) does not depend on Y
    p, q = _exponent(X), _exponent(Y)
    with one_thread(), ctx.workprec(_BITS):
        bounds = by_rounding(np.ldexp(X, -p), np.ldexp(Y, -q), N, rtol)
        if bounds is None:
            bounds = by_balls(X, Y, N, p, q)
        found = bounds.found
        unit = arb(2) ** ((2 * p + 2 * (N - 1) * arb(q)) / N)
        lower = float(np.nextafter(float((1 / (unit * bounds.most)).lower()), -np.inf))  # outward
        upper = float(np.nextafter(float((1 / (unit * bounds.least)).upper()), np.inf))
        scale = float(found.x * arb(2) ** (2 * arb(q - p) / N)) if N > 1 else 1.0
        value = float((1 / (unit * found.dual)).mid())
    if not (np.finfo(float).tiny <= lower and upper <= np.finfo(float).max and 0 < scale < np.inf):
        checks.refuse("X and Y", "sizes for which η_C is a normal float64 number", lower)
    if not upper - lower <= rtol * lower:
        raise PrecisionError(
            f"η_C is proved to lie in [{lower}, {upper}], wider than rtol = {rtol}: X is too "
            f"ill-conditioned (σ_min/σ_max = {1 / np.linalg.cond(X):.1e}) for float64"
        )
    v = bounds.direction / np.linalg.norm(bounds.direction)
    v = v * np.copysign(1.0, v[np.argmax(np.abs(v))])
    return CriticalStepSize(float(np.clip(value, lower, upper)), lower, upper, v, scale)


@dataclass(frozen=True)
class _Bounds:
    """Proven bounds of 1/η_C for scaled data, and where they are attained, nearly."""

    least: arb
    most: arb
    found: JointMaximum
    direction: FloatArray  # (d_0,), a multiple of v


def by_rounding(X: FloatArray, Y: FloatArray, N: int, rtol: float) -> _Bounds | None:
    """In float64, for many features; None if the data are too ill-conditioned for it."""
    if not FEW_FEATURES < X.shape[0] <= X.shape[1]:
        return None
    forms = rounding.Forms.of(X, Y)
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # what it finds then proves nothing
            found = search.leading(forms, N)
    except (np.linalg.LinAlgError, ZeroDivisionError):
        return None
    z, Xz, Yz = rounding.lengths(X, Y, found.y / np.linalg.norm(found.y))
    least = _value((Xz / z) ** 2, (Yz / z) ** 2, N)
    alpha, beta = found.x ** (N - 1), (N - 1) / found.x
    kappa = forms.shift(found.dual, alpha, beta)
    for slack in _SLACK:
        c = found.dual * (1 + 2.0**-40) + slack * kappa / float((z**2).mid())
        most = _mean_bound(arb(c), arb(alpha), arb(beta), N)
        if not most < (1 + 0.9 * rtol) * least:
            return None
        if rounding.is_bound(forms, c, alpha, beta, kappa):
            return _Bounds(least, most, found, square_root_times(forms.Sigma, found.y))
    return None


def by_balls(X: FloatArray, Y: FloatArray, N: int, p: int, q: int) -> _Bounds:
    """In ball arithmetic, for 2⁻ᵖX and 2⁻ᑫY."""
    U, s = _singular_vectors(np.ldexp(X, -p))
    forms = _forms(X, Y, U / s, p, q)
    y, found = _maximum(forms, N)
    column = _balls(y[:, np.newaxis])
    length, a, b = ((column.transpose() * form * column)[0, 0] for form in forms)
    return _Bounds(_value(a / length, b / length, N), _upper_bound(forms, found, N), found, U @ y)


def _forms(X: FloatArray, Y: FloatArray, R: FloatArray, p: int, q: int) -> _Forms:
    """QᵀQ, (XQ)ᵀ(XQ) and (YQ)ᵀ(YQ) for Q = XᵀR, 2⁻ᵖX and 2⁻ᑫY, each an ``arb_mat`` (d_0, d_0)."""
    inputs, targets = _balls(X), _balls(Y)
    Sigma = inputs * inputs.transpose() * arb(2) ** (-2 * p)
    S = targets * inputs.transpose() * arb(2) ** (-p - q)
    basis = _balls(R)
    XQ, YQ = Sigma * basis, S * basis
    return basis.transpose() * XQ, XQ.transpose() * XQ, YQ.transpose() * YQ


def _maximum(forms: _Forms, N: int) -> tuple[FloatArray, JointMaximum]:
    """The y that attains the maximum over z = Qy/‖Qy‖, and x; approximately."""
    QQ, XX, YY = map(_middle, forms)
    if N > 1 and not YY.any():
        checks.refuse("Y", "YXᵀ ≠ 0, so that W⋆ ≠ 0 (for depth ≥ 2)", "YXᵀ = 0")
    try:
        whiten = np.linalg.inv(np.linalg.cholesky(QQ))  # Q is orthonormal up to rounding
    except np.linalg.LinAlgError as error:
        raise PrecisionError("X is too ill-conditioned for float64: no basis found") from error
    found = joint_maximum(whiten @ XX @ whiten.T, whiten @ YY @ whiten.T, N)
    return whiten.T @ found.y, found


def _value(a: arb, b: arb, N: int) -> arb:
    """N a^{1/N} b^{1−1/N}."""
    return N * a ** (arb(1) / N) * b ** (1 - arb(1) / N) if N > 1 else a


def _mean_bound(c: arb, alpha: arb, beta: arb, N: int) -> arb:
    """An upper bound of N a^{1/N} b^{1−1/N} for αa + βb ≤ c."""
    return c * alpha ** (-arb(1) / N) * (((N - 1) / beta) ** (1 - arb(1) / N) if N > 1 else 1)


def _upper_bound(forms: _Forms, found: JointMaximum, N: int) -> arb:
    """An upper bound of N‖Xz‖^{2/N}‖Yz‖^{2−2/N} over all z."""
    alpha, beta = arb(found.x) ** (N - 1), (N - 1) / arb(found.x)
    QQ, XX, YY = forms
    images = alpha * XX + beta * YY
    for margin in _MARGINS:
        c = arb(found.dual * (1 + margin))
        if is_positive_definite(c * QQ - images):
            return _mean_bound(c, alpha, beta, N)
    raise PrecisionError("no proven bound of the largest eigenvalue: X is too ill-conditioned")


def is_positive_definite(T: arb_mat) -> bool:
    """Whether all symmetric matrices in a ball, an ``arb_mat``, are proved positive definite.

    If the rows of |MᵀTM − I| have sums below 1 then MᵀTM ≻ 0 (Gershgorin), so M is invertible and
    T ≻ 0. M is L^{−T} for a Cholesky factor L of the middle of the ball. It may be inaccurate,
    since the sums are enclosed.
    """
    try:
        M = _balls(np.linalg.inv(np.linalg.cholesky(_middle(T))).T)
    except np.linalg.LinAlgError:
        return False
    rows = (M.transpose() * T * M).tolist()
    return all(sum(abs(x - (i == j)) for j, x in enumerate(row)) < 1 for i, row in enumerate(rows))


def _middle(T: arb_mat) -> FloatArray:
    return np.array([[float(entry.mid()) for entry in row] for row in T.tolist()])


def _balls(matrix: FloatArray) -> arb_mat:
    """The same matrix, exactly."""
    return arb_mat(matrix.tolist())


def _exponent(matrix: FloatArray) -> int:
    """The e with 2^{e−1} ≤ max|entry| < 2^e, so that 2^{−e}·matrix is far from overflow."""
    return int(np.frexp(np.abs(matrix).max())[1])


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
