"""What becomes of an orbit, and the rules by which :func:`run_ensemble` decides it."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..core import checks
from ..core.checks import FloatArray


class Outcome(IntEnum):
    """What became of an orbit; :class:`Rules` has the criteria of :func:`run_ensemble`."""

    CONVERGED = 0
    BOUNDED = 1
    DIVERGED = 2


@dataclass(frozen=True)
class Rules:
    r"""When :func:`run_ensemble` calls an orbit settled.

    It looks at the orbits before the first step, after every ``look_every`` ≥ 1 steps, and after
    the last one. (A look costs about nine steps of the scalar net.) At each look, in this order,

    DIVERGED
        if ‖θ_t‖ > ``escape`` · max(‖θ_0‖, ρ√D) or θ_t is not finite, with ``escape`` ≥ 2. The
        result is the first point outside since the look before. ρ = (‖S‖/‖Σ‖)^{1/N} (1 if S = 0) is
        the size of an entry when the layers share W⋆ evenly. This is a heuristic with a wide
        margin: for N ≥ 2 the norm of an escaping orbit grows doubly exponentially, so the bound
        costs it a few steps, while bounded orbits are seen to stay within a small multiple of ρ√D
        and ‖θ_0‖. For the scalar net d = (1, 1, 1), W⋆ = Σ = 1, η < 1, it is exact but for a null
        set: a bounded orbit lies in the ellipse with half-axes √(2 + 2/η) and √(2/η − 2), far
        inside unless η < 1e-11. For N = 1 divergence is only exponential, and an orbit just past
        2/λ_max may need more steps than it is given.
    CONVERGED
        if ‖∇L‖ ≤ ``tolerance`` · γ at this look and at all looks of the last ``window`` ≥ 1 steps
        at least. γ = 2‖S‖ρ^{N−1} (2‖Σ‖ if S = 0) is the size of the gradient when the layers share
        W⋆ evenly; for a tolerance below about 1e-14 rounding hides convergence. A small gradient is
        no proof of convergence. Near a minimizer whose Hessian is positive across the set of
        minimizers the gradient falls geometrically, down to rounding, and the criterion is sound.
        At a saddle the window excludes orbits that pass by, but near a degenerate one (depth ≥ 3,
        θ = 0) the gradient can be small for millions of steps. So a CONVERGED orbit need not be at
        a minimizer: ``minimized`` says which are. The distance moved in a step would be no better a
        test, since it is η times this gradient.
    BOUNDED
        if neither has happened after the last step. That says that the orbit has stayed bounded so
        far, and nothing about later.
    """

    tolerance: float = 1e-10
    window: int = 64
    escape: float = 1e6
    look_every: int = 32

    def __post_init__(self) -> None:
        checks.count("window", self.window, least=1)
        checks.count("look_every", self.look_every, least=1)
        checks.positive("tolerance", self.tolerance)
        if not (np.isfinite(self.escape) and self.escape >= 2):
            checks.refuse("escape", "a finite number ≥ 2", repr(self.escape))


@dataclass(frozen=True, eq=False)
class DescentResult:
    """Where each of m orbits was left, in the order of the starting points."""

    outcome: NDArray[np.int8]  # (m,), values of `Outcome`
    theta: FloatArray  # (m, D), θ_t at the last step t; if DIVERGED a point outside, or infinite
    steps: NDArray[np.int64]  # (m,), t
    loss: FloatArray  # (m,), L(θ_t)
    gradient_norm: FloatArray  # (m,), ‖∇L(θ_t)‖

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which ones are CONVERGED, (m,)."""
        return np.equal(self.outcome, Outcome.CONVERGED)

    @property
    def bounded(self) -> NDArray[np.bool_]:
        """Which ones are BOUNDED, (m,)."""
        return np.equal(self.outcome, Outcome.BOUNDED)

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which ones are DIVERGED, (m,)."""
        return np.equal(self.outcome, Outcome.DIVERGED)


@dataclass(frozen=True, eq=False)
class EnsembleResult(DescentResult):
    """The outcomes of an ensemble.

    The excess is computed without cancellation if the hidden widths are ≥ r⋆ = rank W⋆. At a
    critical point of such a network that is not a global minimizer, it is at least the smallest
    non-zero σ_i(Ŵ)²; so ``minimized`` is right if σ_{r⋆}² is above the bound 10⁻⁶ ‖Ŵ‖_F².
    """

    settled: NDArray[np.int64]  # (m,), the look (a step) since when the gradient was small, or −1
    excess: FloatArray  # (m,), L(θ_t) − min L, zero to rounding at a global minimizer
    minimized: NDArray[np.bool_]  # (m,), CONVERGED with excess ≤ 10⁻⁶ ‖Ŵ‖_F²: a global minimizer
    sharpness: FloatArray | None  # (m,), λ_max(θ_t) if CONVERGED, else NaN; None if not asked for
    eta: float | FloatArray  # the step sizes, one or (m,)
