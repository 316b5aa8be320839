r"""η_C of a network with biases in every layer, and of the logistic loss.

With biases and centred inputs the least sharpness of a global minimizer is, for Σ = XXᵀ, B = ŴᵀŴ,

    2 min_y max{ λ_max(y_1 Σ + ζ(y) B), n(1 + y_1 + … + y_{N−1}) },
    ζ(y) = y_2/y_1 + … + y_{N−1}/y_{N−2} + 1/y_{N−1},

over y_1, …, y_{N−1} > 0. Let y(ρ, κ) minimise ρy_1 + ζ(y) + κ(y_1 + … + y_{N−1}). The minimizing y
is one of these: κ makes both terms of the maximum equal, and ρ = vᵀΣv / vᵀBv for a vector v of the
top eigenspace. Source: this book, the theorems on biases and on other losses.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from .critical_step import CriticalStepSize, critical_step_size

_NO_KAPPA = 1e-13  # counts as 0, for Σ and B divided by n
_SEPARATED = 1e-7  # a sum of margins of this size separates
_NEWTON_STEPS = 50


def with_biases(X: ArrayLike, Y: ArrayLike, depth: int) -> tuple[CriticalStepSize, bool]:
    """η_C of the network with biases in every layer, and whether they change it.

    If they do not, the interval is the proven one without biases. If they do, all three numbers
    are the same, computed up to rounding. X (d_0, n) has full row rank and rows with mean zero, up
    to rounding, else a ValueError is raised; Y is (d_N, n).
    """
    eta = critical_step_size(X, Y, depth)
    X, Y = checks.data(X, Y)
    n = X.shape[1]
    if np.any(np.abs(X.sum(axis=1)) > 1e-9 * np.abs(X).sum(axis=1)):
        checks.refuse("X", "rows with mean zero", "others")
    if not biases_lower(eta, n, depth):
        return eta, False
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    image = Y @ Vt.T  # in the basis of the right singular vectors
    value = 1 / (n * _least(np.diag(s**2) / n, image.T @ image / n, depth))
    return replace(eta, value=value, lower=value, upper=value), True


def biases_lower(eta: CriticalStepSize, row_count: int, depth: int) -> bool:
    """Whether biases in every layer lower η_C, for inputs with mean zero; true in doubt."""
    return row_count * math.fsum(eta.scale**k for k in range(depth)) * eta.upper > 1 - 1e-9


def logistic_data(X: ArrayLike, labels: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Inputs and targets whose η_C for the squared loss is that of Σ_i log(1 + e^{−y_i w·x_i}).

    X (d_0, n) has full row rank; the labels (n,) are two different numbers, and y_i is 1 for the
    larger one, −1 for the other. The result is X diag(p(1 − p)/2)^{1/2} at the minimizer w,
    (d_0, n), and w times it, (1, n). A ValueError is raised if some w ≠ 0 has y_i w·x_i ≥ 0 for all
    i, since then the loss has no minimizer.
    """
    from scipy.optimize import linprog  # type: ignore[import-untyped, unused-ignore]
    from scipy.special import expit  # type: ignore[import-untyped, unused-ignore]

    X, classes = checks.data_matrix("X", X), np.unique(np.asarray(labels))
    if len(classes) != 2:
        checks.refuse("labels", "two different numbers", f"{len(classes)}")
    signed = X * np.where(np.asarray(labels) == classes[1], 1.0, -1.0)  # y_i x_i
    margins = (signed / np.linalg.norm(X, axis=1, keepdims=True)).T  # of w, kept in [0, 1]

    def loss(w: FloatArray) -> float:
        return float(np.logaddexp(0, -(w @ signed)).sum())

    limits = np.repeat([1.0, 0.0], len(margins))
    best = linprog(-margins.sum(0), np.vstack([margins, -margins]), limits, bounds=(None, None))
    if best.status != 0 or -best.fun > _SEPARATED:
        checks.refuse("labels", "classes that no hyperplane separates", "separable ones")
    w = np.zeros(len(X))
    for _ in range(_NEWTON_STEPS):
        p = expit(-(w @ signed))
        step = np.linalg.solve(signed * (p * (1 - p)) @ signed.T, signed @ p)
        decrement = float(step @ signed @ p)
        while decrement > 1e-12 and loss(w + step) > loss(w):  # below, Newton's step is safe
            step = step / 2
        w = w + step
    weighted = X * np.sqrt(p * (1 - p) / 2)
    return weighted, (w @ weighted)[np.newaxis]


def _least(A: FloatArray, B: FloatArray, N: int) -> float:
    """The minimum over y of max{λ_max(y_1A + ζ(y)B), 1 + y_1 + … + y_{N−1}}."""
    if N == 1:
        return max(float(np.linalg.eigvalsh(A)[-1]), 1.0)

    def values(log_y: FloatArray) -> tuple[float, float, FloatArray]:
        zeta = np.exp(np.diff(log_y, append=0.0)).sum()
        sizes, vectors = np.linalg.eigh(math.exp(log_y[0]) * A + zeta * B)
        return float(sizes[-1]), 1 + float(np.exp(log_y).sum()), vectors[:, -1]

    def fitting(log_kappa: float) -> FloatArray:
        """Log y(ρ, κ) for the ρ that fits κ."""

        def excess(log_rho: float) -> float:
            v = values(_layers(log_rho, log_kappa, N))[2]
            return math.log(v @ A @ v) - math.log(max(float(v @ B @ v), 1e-300)) - log_rho

        below = math.log(float(np.linalg.eigvalsh(A)[0]) / float(np.trace(B))) - 1
        return _layers(_root(excess, below, 1.0), log_kappa, N)

    def surplus(log_kappa: float) -> float:
        top, biases, _ = values(fitting(log_kappa))
        return biases - top

    start = math.log(_NO_KAPPA)
    return max(values(fitting(_root(surplus, start, 1.0) if surplus(start) > 0 else start))[:2])


def _layers(log_rho: float, log_kappa: float, N: int) -> FloatArray:
    """Log y(ρ, κ): with w_1 = ρy_1 the terms w_2, …, w_N of ζ(y) satisfy w_{j+1} = w_j + κy_j."""

    def chain(log_first: float) -> list[float]:
        """Log y_1, …, log y_{N−1}, and log y_N, which is 0 for the right y_1."""
        log_y, w = [log_first], math.exp(log_rho + log_first)
        for _ in range(N - 1):
            w += math.exp(log_kappa + log_y[-1])
            log_y.append(min(log_y[-1] + math.log(max(w, 1e-300)), 600.0))
        return log_y

    without_kappa = -(N - 1) / N * log_rho
    root = _root(lambda log_first: chain(log_first)[-1], without_kappa + 1e-9, -1.0)
    return np.array(chain(root)[:-1])


def _root(function: Callable[[float], float], start: float, step: float) -> float:
    """The root of a monotone function, from ``start`` on in the direction of ``step``."""
    from scipy.optimize import brentq

    positive = function(start) > 0
    while (function(start + step) > 0) == positive:
        step *= 2
    return float(brentq(function, start, start + step, xtol=1e-14, rtol=1e-14))
