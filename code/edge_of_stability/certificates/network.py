"""Rigorous certificates that the gradient-descent map of a small network is non-singular.

For an analytic activation G_η is non-singular as soon as det(I − ηH(θ)) ≠ 0 at one point θ, the
*witness* (Section "Non-singularity" of the book). The witness and the data are rational, the
values of tanh and softplus are not. So the determinant is computed in ball arithmetic, and the
certificate has an interval with rational ends that contains it and does not contain 0.

Witnesses that are tried, in this order
    the origin      tanh, depth ≥ 3: there H = 0 and the determinant is 1.
    saturated       W_1 = t·1cᵀ, …, W_N = 0: equal hidden units. For tanh at depth 2 and t large the
                    determinant is not 0 (the corollary on tanh and softplus in the book).
    dyadic points   with entries k/16, from a generator with a fixed seed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, product
from typing import Any, Literal

from flint import arb_mat, ctx

from ..core import checks
from ..core.rationals import RationalProblem, rational_problem
from . import network_check
from .hessian import determinant, fraction

BITS = (64, 128, 256, 512)  # working precisions, tried in turn at each candidate
_SEED = 240213108
_RANDOM_CANDIDATES = 12


class NoWitnessError(ArithmeticError):
    """No candidate has a det DG_η that is proved not to be zero. The map may be singular."""


@dataclass(frozen=True)
class NetworkCertificate(RationalProblem):
    """A rational point at which det DG_η is proved not to be zero."""

    activation: str
    witness: tuple[Fraction, ...]  # θ, D fractions: W_1 first, then W_2, …, W_N, each row by row
    lower: Fraction  # det(I − ηH(witness)) lies in [lower, upper], and 0 does not
    upper: Fraction
    bits: int  # the working precision that was enough
    reason: str  # which candidate the witness is

    def verify(self) -> bool:
        """Whether [lower, upper] does not contain 0, but contains the determinant.

        The determinant is enclosed anew, with more digits, from power series of the loss and by an
        elimination. The time grows like D² evaluations of the loss.
        """
        interval = self.lower, self.upper
        return network_check.verify(
            *self.instance, self.activation, self.witness, interval, self.bits
        )


def certify_nonsingular_network(
    X: Any,
    Y: Any,
    widths: Sequence[int],
    activation: Literal["tanh", "softplus"],
    eta: Any,
) -> NetworkCertificate:
    """Prove for one network, one data set and one step size that G_η is non-singular.

    X is (d_0, n), Y is (d_N, n), ``widths`` are (d_0, …, d_N), and η > 0. All numbers are int,
    float (taken as the binary fraction that it is), ``Fraction``, ``sympy.Rational`` or strings
    such as ``"3/7"``. Meant for D up to about 40.

    A `NoWitnessError` is raised if no candidate works (for depth 1, where H is constant, if 1/η is
    an eigenvalue of H), a ValueError if the activation is not one of the two or the
    shapes do not fit.

    Source: this book, Section "Non-linear networks".

    >>> certificate = certify_nonsingular_network([[1]], [[1]], (1, 1, 1), "tanh", "1/2")
    >>> round(float(certificate.lower), 6), round(float(certificate.upper), 6)
    (0.243596, 0.243596)
    >>> certificate.verify()
    True
    """
    if activation not in ("tanh", "softplus"):
        checks.refuse("activation", "'tanh' or 'softplus', which are analytic", repr(activation))
    problem = rational_problem(X, Y, widths, eta, floats=True)
    for (point, reason), bits in product(_candidates(problem), BITS):
        with ctx.workprec(bits):
            ball = determinant(problem, point, activation, arb_mat)
            lower, upper = ball.lower(), ball.upper()  # rounded outward
        if lower > 0 or upper < 0:
            lower, upper = fraction(lower.fmpq()), fraction(upper.fmpq())
            return NetworkCertificate(
                *problem.instance, activation, point, lower, upper, bits, reason
            )
    raise NoWitnessError(
        f"det DG could not be distinguished from 0 at any point, with {BITS[-1]} bits"
    )


def _candidates(problem: RationalProblem) -> Iterator[tuple[tuple[Fraction, ...], str]]:
    X, widths, size = problem.X, problem.widths, problem.dimension
    yield (Fraction(0),) * size, "the origin"
    if problem.depth == 2:
        # Some c with c·x_i ≠ 0 for every x_i ≠ 0: among the (1, k, k², …), at most d_0 − 1 are
        # orthogonal to any one of them.
        columns = [column for column in zip(*X, strict=True) if any(column)]
        for k in count(1):
            c = [Fraction(k**i) for i in range(widths[0])]
            products = [abs(sum(a * b for a, b in zip(c, x, strict=True))) for x in columns]
            if all(products):
                break
        largest = max(products, default=Fraction(1))
        for t in (1, 2, 4, 8):
            row = [Fraction(round(t * entry / largest * 1024), 1024) for entry in c]  # short
            off = (Fraction(0),) * (widths[1] * widths[2])
            yield (*(row * widths[1]), *off), "equal hidden units, last layer zero"
    generator = random.Random(_SEED)
    for _ in range(_RANDOM_CANDIDATES):
        yield tuple(Fraction(generator.randint(-16, 16), 16) for _ in range(size)), "dyadic point"
