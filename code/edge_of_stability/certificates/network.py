"""Rigorous certificates that the gradient-descent map of a small network is non-singular.

For an analytic activation G_η is non-singular as soon as det(I − ηH(θ)) ≠ 0 at one point θ, the
*witness* (Section "Non-singularity" of the book). Its entries and the data are rational, but tanh
and softplus take them to numbers that are not; so the determinant is enclosed in ball arithmetic,
and the certificate holds an interval with rational ends that contains it and does not contain 0.

Witnesses that are tried, in this order
    the origin      tanh, depth ≥ 3: there H = 0 and the determinant is 1.
    saturated       W_1 = t·1cᵀ, …, W_N = 0: equal hidden units. For tanh at depth 2 and t large the
                    determinant is not 0 (the corollary on tanh and softplus in the book).
    dyadic points   with entries k/16, from a generator with a fixed seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal

from flint import arb, arb_mat, ctx, fmpq

from ..core import checks
from ..core.rationals import FractionMatrix, RationalProblem, rational_point, rational_problem
from . import network_check

BITS = (64, 128, 256, 512)  # working precisions, tried in turn at each candidate
_SEED = 240213108
_RANDOM_CANDIDATES = 12


class NoWitnessError(ArithmeticError):
    """At no candidate could det DG_η be told from zero; the map may be singular."""


@dataclass(frozen=True)
class NetworkCertificate(RationalProblem):
    """A rational point at which det DG_η is proved not to be zero.

    Attributes
    ----------
    X, Y, widths, eta
        The instance, as in :class:`edge_of_stability.core.rationals.RationalProblem`.
    activation : str
    witness : D fractions
        θ: W_1 first, then W_2, …, W_N, each row by row.
    lower, upper : Fraction
        det(I − ηH(witness)) lies in [lower, upper], and 0 does not.
    bits : int
        The working precision that was enough.
    reason : str
        Which candidate the witness is.
    """

    activation: str
    witness: tuple[Fraction, ...]
    lower: Fraction
    upper: Fraction
    bits: int
    reason: str

    def verify(self) -> bool:
        """Tell whether [lower, upper] does not contain 0, but a new enclosure of the determinant.

        That comes by another route and with more digits: the Hessian from power series of the loss,
        not from formulas for its derivatives, and the determinant from an elimination. The time
        grows like D² evaluations of the loss.
        """
        return network_check.verify(
            self.X,
            self.Y,
            self.widths,
            self.activation,
            self.eta,
            self.witness,
            (self.lower, self.upper),
            self.bits,
        )


def certify_nonsingular_network(
    X: Any,
    Y: Any,
    widths: Sequence[int],
    activation: Literal["tanh", "softplus"],
    eta: Any,
    theta: Any = None,
) -> NetworkCertificate:
    """Prove for one network, one data set and one step size that G_η is non-singular.

    Source: this book, Section "Non-linear networks".

    Parameters
    ----------
    X : (d_0, n) matrix
    Y : (d_N, n) matrix
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1. Meant for D up to about 40.
    activation : {"tanh", "softplus"}
    eta : number
        Step size, positive. All entries are int, float, ``Fraction``, ``sympy.Rational`` or strings
        such as ``"3/7"``; a float is the binary fraction that it is.
    theta : D numbers, optional
        A witness to try instead of the built-in candidates.

    Returns
    -------
    NetworkCertificate

    Raises
    ------
    NoWitnessError
        If no candidate works. For depth 1, where H is constant, this happens at every eigenvalue.
    ValueError
        If the activation is not analytic or unknown, or the shapes do not fit.

    Examples
    --------
    >>> certificate = certify_nonsingular_network([[1]], [[1]], (1, 1, 1), "tanh", "1/2")
    >>> round(float(certificate.lower), 6), round(float(certificate.upper), 6)
    (0.243596, 0.243596)
    >>> certificate.verify()
    True
    """
    if activation not in _SCALAR:
        checks.refuse("activation", f"an analytic one of {sorted(_SCALAR)}", repr(activation))
    problem = rational_problem(X, Y, widths, eta, floats=True)
    if theta is None:
        candidates = _candidates(problem.widths, problem.X)
    else:
        candidates = iter([(rational_point(problem.widths, theta, floats=True), "given")])
    tried = 0
    for point, reason in candidates:
        tried += 1
        for bits in BITS:
            ball = determinant(problem, activation, point, bits)
            if not ball.contains(0):
                low, high = _ends(ball)
                return NetworkCertificate(
                    **vars(problem),
                    activation=activation,
                    witness=point,
                    lower=low,
                    upper=high,
                    bits=bits,
                    reason=reason,
                )
            if ball.is_exact():
                break  # it is zero
    raise NoWitnessError(
        f"det DG could not be told from 0 at any of {tried} points with {BITS[-1]} bits"
    )


def _candidates(
    widths: tuple[int, ...], X: FractionMatrix
) -> Iterator[tuple[tuple[Fraction, ...], str]]:
    shapes = [(after, before) for before, after in pairwise(widths)]
    size = sum(a * b for a, b in shapes)
    yield (Fraction(0),) * size, "the origin"
    generator = random.Random(_SEED)
    if len(widths) == 3:
        # Some c with c·x_i ≠ 0 for every x_i ≠ 0: not every small integer vector is orthogonal.
        columns = [column for column in zip(*X, strict=True) if any(column)]
        c = [Fraction(1)] * widths[0]
        while any(sum(a * b for a, b in zip(c, x, strict=True)) == 0 for x in columns):
            c = [Fraction(generator.randint(-8, 8)) for _ in c]
        products = [abs(sum(a * b for a, b in zip(c, x, strict=True))) for x in columns]
        largest = max(products, default=Fraction(1))
        for t in (Fraction(1), Fraction(2), Fraction(4), Fraction(8)):
            row = [Fraction(round(t * entry / largest * 1024), 1024) for entry in c]  # short
            off = (Fraction(0),) * (widths[1] * widths[2])
            yield (*(row * widths[1]), *off), "equal hidden units, last layer zero"
    for _ in range(_RANDOM_CANDIDATES):
        yield tuple(Fraction(generator.randint(-16, 16), 16) for _ in range(size)), "dyadic point"


# -- the first route: the formulas of `Network`, on balls -----------------------------------------


def determinant(
    problem: RationalProblem, activation: str, theta: Sequence[Fraction], bits: int
) -> Any:
    """A ball that contains det(I − ηH(θ)), by formulas for the derivatives."""
    with ctx.workprec(bits):
        W = _matrices(problem.widths, [_ball(entry) for entry in theta])
        X, Y = (arb_mat([[_ball(x) for x in row] for row in M]) for M in (problem.X, problem.Y))
        H = _hessian(problem.widths, activation, X, Y, W)
        return (_identity(len(theta)) - _ball(problem.eta) * H).det()


def _hessian(widths: tuple[int, ...], activation: str, X: Any, Y: Any, W: Sequence[Any]) -> Any:
    """H, column by column, by the tangents of the backward pass."""
    depth = len(W)
    A, first, second = [X], [], []
    for j in range(depth - 1):
        value, slope, curve = _SCALAR[activation]
        Z = W[j] * A[-1]
        A.append(_map(value, Z))
        first.append(_map(slope, Z))
        second.append(_map(curve, Z))
    B = [W[-1] * A[-1] - Y]
    pulled: list[Any] = []  # W_{j+1}ᵀ B_{j+1}
    for j in range(depth - 2, -1, -1):
        pulled.insert(0, W[j + 1].transpose() * B[0])
        B.insert(0, _times(pulled[0], first[j]))
    columns = []
    for direction in _identity(sum(M.nrows() * M.ncols() for M in W)).tolist():
        V = _matrices(widths, direction)
        dA, dZ = [arb_mat(X.nrows(), X.ncols())], []
        for j in range(depth):
            dZ.append(V[j] * A[j] + W[j] * dA[j])
            if j < depth - 1:
                dA.append(_times(first[j], dZ[j]))
        dB = [dZ[-1]]
        for j in range(depth - 2, -1, -1):
            moved = V[j + 1].transpose() * B[j + 1] + W[j + 1].transpose() * dB[0]
            dB.insert(0, _times(moved, first[j]) + _times(_times(pulled[j], second[j]), dZ[j]))
        blocks = [dB[j] * A[j].transpose() + B[j] * dA[j].transpose() for j in range(depth)]
        columns.append([2 * entry for block in blocks for entry in block.entries()])
    return arb_mat(columns)


def _tanh_slope(z: Any) -> Any:
    return 1 / z.cosh() ** 2


def _tanh_curve(z: Any) -> Any:
    return -2 * z.tanh() / z.cosh() ** 2


def _logistic(z: Any) -> Any:
    return 1 / (1 + (-z).exp())


_SCALAR = {
    "tanh": (lambda z: z.tanh(), _tanh_slope, _tanh_curve),
    "softplus": (
        lambda z: z.exp().log1p(),
        _logistic,
        lambda z: _logistic(z) * _logistic(-z),
    ),
}


def _map(function: Any, matrix: Any) -> Any:
    return arb_mat(matrix.nrows(), matrix.ncols(), [function(z) for z in matrix.entries()])


def _times(left: Any, right: Any) -> Any:
    entries = [a * b for a, b in zip(left.entries(), right.entries(), strict=True)]
    return arb_mat(left.nrows(), left.ncols(), entries)


def _identity(size: int) -> Any:
    return arb_mat(size, size, [int(a == b) for a in range(size) for b in range(size)])


def _matrices(widths: tuple[int, ...], entries: Sequence[Any]) -> list[Any]:
    result, start = [], 0
    for before, after in pairwise(widths):
        result.append(arb_mat(after, before, list(entries[start : start + after * before])))
        start += after * before
    return result


def _ball(value: Fraction) -> Any:
    return arb(fmpq(value.numerator, value.denominator))


def _ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Lower and upper end of a ball, exactly."""
    parts = (ball.mid().man_exp(), ball.rad().man_exp())
    middle, radius = (Fraction(int(m)) * Fraction(2) ** int(e) for m, e in parts)
    return middle - radius, middle + radius
