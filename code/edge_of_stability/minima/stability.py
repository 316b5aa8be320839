"""Which minimizers gradient descent can stay at, and when those form a bounded set."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.linear import DeepLinearProblem
from .minimizers import minimizer_spectrum

# Two errors stand between the computed number and λ_max at the exact minimizer nearby: rounding,
# about 1e-16·d_0·d_N, and the distance of θ from M, which `is_minimizer` allows to be some 1e-8
# relative to ‖θ‖ for well-conditioned data and which enters λ_max multiplied by about 2N.
STABILITY_MARGIN = 1e-6


class Stability(Enum):
    """What the sharpness says about a global minimizer as a fixed point of gradient descent."""

    STABLE = "stable"
    """λ_max < 2/η: Lyapunov stable."""

    UNSTABLE = "unstable"
    """λ_max > 2/η: not Lyapunov stable."""

    UNDECIDED = "undecided"
    """λ_max = 2/η, exactly or to working precision: terms of higher order decide."""


def classify_minimizer(
    problem: DeepLinearProblem,
    theta: ArrayLike,
    eta: float,
    margin: float = STABILITY_MARGIN,
) -> Stability:
    """Compare the sharpness of a global minimizer with 2/η.

    Parameters
    ----------
    problem : DeepLinearProblem
        With Σ invertible.
    theta : (D,) array_like
        A global minimizer up to rounding: ‖(π(θ) − W⋆)X‖_F ≤ 1e-8 ‖Y‖_F, see
        :func:`edge_of_stability.minima.minimizers.is_minimizer`.
    eta : float
        Step size, positive.
    margin : float
        Relative distance from 2/η below which nothing is decided, in [0, 1).

    Returns
    -------
    Stability
        STABLE if λ_max < (2/η)(1 − margin), UNSTABLE if λ_max > (2/η)(1 + margin), else UNDECIDED.

    Raises
    ------
    ValueError
        If ``theta`` is not a global minimizer, X has not full row rank, or ``eta`` or ``margin`` is
        out of range.

    Notes
    -----
    Source: this book, the theorems on stable and on unstable minimizers. For a verdict without
    rounding see :func:`edge_of_stability.certify_stability`.
    """
    step = float(checks.step_size(eta, ()))
    if not (isinstance(margin, (int, float, np.floating)) and 0 <= margin < 1):
        checks.refuse("margin", "a number in [0, 1)", repr(margin))
    sharpness = float(minimizer_spectrum(problem, theta)[-1])
    if sharpness < 2 / step * (1 - margin):
        return Stability.STABLE
    if sharpness > 2 / step * (1 + margin):
        return Stability.UNSTABLE
    return Stability.UNDECIDED


def stable_set_is_bounded(widths: Sequence[int], rank: int) -> bool:
    """Tell whether {θ ∈ M : λ_max(θ) ≤ c} is bounded for every c.

    It is if and only if min(d_{j−1}, d_j) = r⋆ for every 2 ≤ j ≤ N − 1: no two neighbouring hidden
    layers are both wider than r⋆. Otherwise it is unbounded as soon as it is not empty.

    Parameters
    ----------
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1.
    rank : int
        r⋆ = rank W⋆, between 0 and the smallest width.

    Returns
    -------
    bool

    Raises
    ------
    ValueError
        If ``rank`` is not such an integer: a smaller width leaves no θ with π(θ) = W⋆.

    Notes
    -----
    Source: this book, the theorem on the boundedness of the stable minimizers. Σ is invertible.

    Examples
    --------
    >>> stable_set_is_bounded((3, 4, 2), rank=2)
    True
    >>> stable_set_is_bounded((1, 2, 2, 1), rank=1)
    False
    """
    checked = checks.layer_widths(widths)
    r = checks.count("rank", rank)
    if r > min(checked):
        checks.refuse("rank", f"at most the smallest of the widths {checked}", r)
    hidden = checked[1:-1]
    return all(min(before, after) == r for before, after in pairwise(hidden))
