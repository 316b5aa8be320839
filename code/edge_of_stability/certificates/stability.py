r"""Exact certificates of the stability of a rational global minimizer.

All entries of H are rational, so the numbers of eigenvalues above, at and below 2/η can be computed
without rounding, by two routes that share nothing:

* :func:`certify_stability` takes H from formulas for the derivatives, and reads the numbers off
  H − (2/η)I by taking away matrices of rank one (Sylvester's law of inertia).
* :mod:`.stability_check` takes H from second differences of the loss and applies
  Descartes' rule of signs to the characteristic polynomial of H − (2/η)I. All its roots are real,
  and for such a polynomial the number of positive roots *equals* the number of sign changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..core import checks
from ..core.rationals import RationalProblem, rational_point, rational_problem
from ..minima.stability import Stability
from . import stability_check
from .hessian import exact, fraction, hessian, layers


@dataclass(frozen=True)
class StabilityCertificate(RationalProblem):
    """How many eigenvalues of H(θ) are above, equal to and below 2/η at a global minimizer θ."""

    theta: tuple[Fraction, ...]  # D fractions: W_1 first, then W_2, …, W_N, each row by row
    above: int  # the sum of the three numbers is D
    equal: int
    below: int

    @property
    def verdict(self) -> Stability:
        """UNSTABLE if an eigenvalue is above 2/η, STABLE if all are below, else UNDECIDED."""
        if self.above:
            return Stability.UNSTABLE
        return Stability.UNDECIDED if self.equal else Stability.STABLE

    def verify(self) -> bool:
        """Whether θ is a global minimizer, (π(θ)X − Y)Xᵀ = 0, and the counts are right.

        This takes the second route of the module's docstring. The time grows like D² evaluations of
        the loss plus a characteristic polynomial of order D.
        """
        counts = (self.above, self.equal, self.below)
        return stability_check.verify(*self.instance, self.theta, counts)


def certify_stability(
    X: Any, Y: Any, widths: Sequence[int], theta: Any, eta: Any
) -> StabilityCertificate:
    """Decide in exact arithmetic whether a rational global minimizer is stable.

    ``theta``, D rationals or N matrices of rationals, is a global minimizer, exactly:
    π(θ)XXᵀ = YXᵀ. The other arguments are as for :func:`certify_nonsingular`. A ValueError is
    raised if θ is not a global minimizer, an entry is not rational (a float does not count as one),
    or the shapes do not fit.

    Source: this book, the theorems on stable and on unstable minimizers.

    >>> certify_stability([[1]], [[1]], (1, 1, 1), [2, "1/2"], "1/4").verdict  # λ_max = 17/2
    <Stability.UNSTABLE: 'unstable'>
    """
    problem = rational_problem(X, Y, widths, eta)
    point = rational_point(problem, theta)
    inputs = exact(problem.X)
    outputs = inputs
    for W in layers(problem.widths, exact([point]).entries()):
        outputs = W * outputs
    if any(((outputs - exact(problem.Y)) * inputs.transpose()).entries()):
        checks.refuse("theta", "a global minimizer, π(θ)XXᵀ = YXᵀ exactly", "another point")
    H = [[fraction(entry) for entry in row] for row in hessian(problem, point).tolist()]
    for i in range(len(point)):
        H[i][i] -= 2 / problem.eta
    above, equal, below = inertia(H)
    return StabilityCertificate(*problem.instance, point, above, equal, below)


def inertia(matrix: Sequence[Sequence[Fraction]]) -> tuple[int, int, int]:
    """The numbers of positive, zero and negative eigenvalues of a symmetric matrix A, exactly.

    If p = vᵀAv ≠ 0, then A − (Av)(Av)ᵀ/p has one eigenvalue fewer with the sign of p, and one more
    that is zero. Repeat it with v = e_i, or v = e_i + e_j if the diagonal is zero, until A = 0.
    """
    A, size = matrix, range(len(matrix))
    positive = negative = 0
    while entries := [(i != j, i, j) for i in size for j in range(i + 1) if A[i][j] != 0]:
        _, i, j = min(entries)
        Av = A[i] if i == j else [a + b for a, b in zip(A[i], A[j], strict=True)]
        p = A[i][i] if i == j else 2 * A[i][j]
        positive, negative = positive + (p > 0), negative + (p < 0)
        A = [[A[a][b] - Av[a] * Av[b] / p for b in size] for a in size]
    return positive, len(A) - positive - negative, negative
