"""The second route to det DG_η of a network, which shares nothing with the first.

No formula for a derivative is used. The loss is evaluated on power series θ + sv + O(s³) with balls
as coefficients; its coefficient of s² is q(v) = ½⟨v, Hv⟩, and

    H_ij = q(e_i + e_j) − q(e_i) − q(e_j),     H_ii = 2 q(e_i).

The activations are written with exp and log only. The determinant is the product of the pivots of
an elimination on balls; there is no result if every pivot to choose from may be zero.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

from flint import arb, arb_series, ctx, fmpq

from .nonsingular_check import Matrix, dot, eliminate, is_sound, residual

_ORDER = 3  # coefficients 1, s, s²


def verify(
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    eta: Fraction,
    activation: str,
    witness: Sequence[Fraction],
    interval: tuple[Fraction, Fraction],
    bits: int,
) -> bool:
    """Whether the interval contains a new enclosure of det(I − ηH(witness)), but not 0.

    The arguments are those of a `NetworkCertificate`. False also if η ≤ 0, a number is a float,
    the activation is unknown or the sizes do not fit together.
    """
    lower, upper = interval
    if not is_sound(X, Y, widths, eta, witness) or activation not in _ACTIVATIONS:
        return False
    if not (0 < lower <= upper or lower <= upper < 0):
        return False
    for more in (2 * bits, 4 * bits):
        ball = determinant_ball(X, Y, widths, eta, activation, witness, more)
        if ball is not None:
            low, high = ends(ball)
            if lower <= low and high <= upper:
                return True
            if high < lower or upper < low:
                return False
    return False


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Lower and upper end of a ball, exactly."""
    parts = (ball.mid().man_exp(), ball.rad().man_exp())
    middle, radius = (Fraction(int(m)) * Fraction(2) ** int(e) for m, e in parts)
    return middle - radius, middle + radius


def determinant_ball(
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    eta: Fraction,
    activation: str,
    theta: Sequence[Fraction],
    bits: int,
) -> Any | None:
    """A ball that contains det(I − ηH(θ)), or None if the elimination breaks down."""
    with ctx.workprec(bits):
        H = _hessian(X, Y, widths, activation, theta)
        step, size = _ball(eta), range(len(theta))
        jacobian = [[int(i == j) - step * H[i][j] for j in size] for i in size]
        return eliminate(jacobian, lambda ball: ball.abs_lower())


def _hessian(
    X: Matrix, Y: Matrix, widths: Sequence[int], activation: str, theta: Sequence[Fraction]
) -> list[list[Any]]:
    size = len(theta)
    balls = [_ball(entry) for entry in theta]
    inputs, targets = ([[_ball(entry) for entry in row] for row in M] for M in (X, Y))

    def q(*moving: int) -> Any:
        point = [arb_series([b, int(k in moving), 0], _ORDER) for k, b in enumerate(balls)]
        rows = residual(inputs, targets, widths, point, _ACTIVATIONS[activation])
        return sum(dot(row, row) for row in rows)[2]

    single = [q(i) for i in range(size)]
    H: list[list[Any]] = [[2 * single[i]] * size for i in range(size)]
    for i, j in combinations(range(size), 2):
        H[i][j] = H[j][i] = q(i, j) - single[i] - single[j]
    return H


_ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "tanh": lambda z: 1 - 2 / (1 + (2 * z).exp()),
    "softplus": lambda z: (1 + z.exp()).log(),
}


def _ball(value: Fraction) -> Any:
    return arb(fmpq(value.numerator, value.denominator))
