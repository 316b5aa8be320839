"""Which minimizers gradient descent can stay at, and when those form a bounded set."""

from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from numpy.typing import ArrayLike

from ..core import checks
from ..core.linear import DeepLinearProblem
from .minimizers import minimizer_spectrum

# The computed number differs from λ_max at the exact minimizer nearby for two reasons: rounding,
# about 1e-16·d_0·d_N, and the distance of θ from M. `is_minimizer` allows a distance of some 1e-8
# relative to ‖θ‖ for well-conditioned data, and it enters λ_max multiplied by about 2N.
STABILITY_MARGIN = 1e-6


class Stability(Enum):
    """What the sharpness says about a global minimizer as a fixed point of gradient descent."""

    STABLE = "stable"
    """λ_max < 2/η: Lyapunov stable."""

    UNSTABLE = "unstable"
    """λ_max > 2/η: not Lyapunov stable."""

    UNDECIDED = "undecided"
    """λ_max = 2/η, exactly or to working precision: terms of higher order decide."""


def classify_minimizer(problem: DeepLinearProblem, theta: ArrayLike, eta: float) -> Stability:
    """Compare the sharpness of a global minimizer θ (D,) with 2/η, for Σ invertible and η > 0.

    UNDECIDED if the two differ by at most the fraction ``STABILITY_MARGIN`` of 2/η. A ValueError is
    raised if θ is not a global minimizer in the sense of
    :func:`edge_of_stability.minima.minimizers.is_minimizer`. For a verdict without rounding see
    :func:`edge_of_stability.certify_stability`.

    Source: this book, the theorems on stable and on unstable minimizers.
    """
    step = float(checks.step_size(eta, ()))
    sharpness = float(minimizer_spectrum(problem, theta)[-1])
    if sharpness < 2 / step * (1 - STABILITY_MARGIN):
        return Stability.STABLE
    if sharpness > 2 / step * (1 + STABILITY_MARGIN):
        return Stability.UNSTABLE
    return Stability.UNDECIDED


def stable_set_is_bounded(widths: Sequence[int], rank: int) -> bool:
    """Whether {θ ∈ M : λ_max(θ) ≤ c} is bounded for every c, for Σ invertible.

    It is if and only if min(d_{j−1}, d_j) = r⋆ for every 2 ≤ j ≤ N − 1: no two neighbouring hidden
    layers are both wider than r⋆ = rank W⋆. Otherwise it is unbounded as soon as it is not empty.
    The rank is between 0 and the smallest of the widths d_0, …, d_N, else a ValueError is raised.

    Source: this book, the theorem on the boundedness of the stable minimizers.

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
