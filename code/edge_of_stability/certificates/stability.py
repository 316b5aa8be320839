r"""Exact certificates of the stability of a rational global minimizer.

At a global minimizer the residual is orthogonal to the inputs, so H = 2JᵀJ with

    J V = Σ_j Q_j V_j P_{j−1} X,     J = [ Q_1 ⊗ (P_0X)ᵀ, …, Q_N ⊗ (P_{N−1}X)ᵀ ]   (d_N n, D).

All entries are rational, so the numbers of eigenvalues above, at and below 2/η can be computed
without rounding, by two routes that share nothing:

* :func:`certify_stability` reads them off a decomposition H − (2/η)I = LDLᵀ (Sylvester's law of
  inertia), with H from the formula above.
* :mod:`.stability_check` takes H from second differences of the loss and applies
  Descartes' rule of signs to the characteristic polynomial of H − (2/η)I. All its roots are real,
  and for such a polynomial the number of positive roots *equals* the number of sign changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..core import checks
from ..core.rationals import (
    RationalProblem,
    flint_matrix,
    rational_point,
    rational_problem,
    to_flint,
)
from ..minima.stability import Stability
from . import stability_check
from ._exact import identity, inertia, jacobian, weights


@dataclass(frozen=True)
class StabilityCertificate(RationalProblem):
    """The exact position of the Hessian's spectrum against 2/η at a global minimizer.

    Attributes
    ----------
    X, Y, widths, eta
        The instance, as in :class:`edge_of_stability.core.rationals.RationalProblem`.
    theta : D fractions
        A global minimizer: W_1 first, then W_2, …, W_N, each row by row.
    above, equal, below : int
        The numbers of eigenvalues of H(θ) above, equal to and below 2/η; their sum is D.
    """

    theta: tuple[Fraction, ...]
    above: int
    equal: int
    below: int

    @property
    def verdict(self) -> Stability:
        """UNSTABLE if an eigenvalue is above 2/η, STABLE if all are below, else UNDECIDED."""
        if self.above:
            return Stability.UNSTABLE
        return Stability.UNDECIDED if self.equal else Stability.STABLE

    def verify(self) -> bool:
        """Tell whether θ is a global minimizer, (π(θ)X − Y)Xᵀ = 0, and the counts are right.

        All by the second route of the module's docstring. The time grows like D² evaluations of
        the loss plus a characteristic polynomial of order D.
        """
        counts = (self.above, self.equal, self.below)
        return stability_check.verify(self.X, self.Y, self.widths, self.eta, self.theta, counts)


def certify_stability(
    X: Any, Y: Any, widths: Sequence[int], theta: Any, eta: Any
) -> StabilityCertificate:
    """Decide in exact arithmetic whether a rational global minimizer is stable.

    Source: this book, the theorems on stable and on unstable minimizers.

    Parameters
    ----------
    X, Y, widths, eta
        As for :func:`certify_nonsingular`.
    theta : D rationals, or N matrices of rationals
        A global minimizer, exactly: π(θ)XXᵀ = YXᵀ.

    Returns
    -------
    StabilityCertificate

    Raises
    ------
    ValueError
        If ``theta`` is not a global minimizer, an entry is not rational (a float is not taken for
        one), or the shapes do not fit.

    Examples
    --------
    >>> certify_stability([[1]], [[1]], (1, 1, 1), [2, "1/2"], "1/4").verdict  # λ_max = 17/2
    <Stability.UNSTABLE: 'unstable'>
    """
    problem = rational_problem(X, Y, widths, eta)
    point = rational_point(problem.widths, theta)
    layers = weights(problem.widths, [to_flint(entry) for entry in point])
    inputs, targets = flint_matrix(problem.X), flint_matrix(problem.Y)
    outputs = inputs
    for W in layers:
        outputs = W * outputs
    if any(((outputs - targets) * inputs.transpose()).entries()):
        checks.refuse("theta", "a global minimizer, π(θ)XXᵀ = YXᵀ exactly", "another point")
    J = jacobian(layers, inputs)
    shifted = 2 * (J.transpose() * J) - to_flint(2 / problem.eta) * identity(len(point))
    above, equal, below = inertia(shifted.tolist())
    return StabilityCertificate(**vars(problem), theta=point, above=above, equal=equal, below=below)
