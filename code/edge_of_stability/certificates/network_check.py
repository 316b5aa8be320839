"""The second route to det DG_η of a network, which shares nothing with the first.

No formula for a derivative is used. The loss is evaluated on power series θ + sv + O(s³) with balls
as coefficients; its coefficient of s² is q(v) = ½⟨v, Hv⟩, and

    H_ij = q(e_i + e_j) − q(e_i) − q(e_j),     H_ii = 2 q(e_i).

The activations are written with exp and log alone, and the determinant is the product of the pivots
of an elimination on balls, so a pivot that may be zero is noticed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from flint import arb, arb_series, ctx, fmpq

Matrix = Sequence[Sequence[Fraction]]

_ORDER = 3  # coefficients 1, s, s²


def verify(
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    activation: str,
    eta: Fraction,
    witness: Sequence[Fraction],
    interval: tuple[Fraction, Fraction],
    bits: int,
) -> bool:
    """Tell whether the interval does not contain 0, but a new enclosure of det(I − ηH(witness)).

    All but ``interval`` are as in :class:`edge_of_stability.NetworkCertificate`. False also if
    η ≤ 0, the activation is unknown or the witness has another size than θ.
    """
    lower, upper = interval
    size = sum(before * after for before, after in pairwise(widths))
    if eta <= 0 or len(witness) != size or activation not in ("tanh", "softplus"):
        return False
    if not (0 < lower <= upper or lower <= upper < 0):
        return False
    for more in (2 * bits, 4 * bits):
        ball = determinant_ball(X, Y, widths, activation, eta, witness, more)
        if ball is not None:
            low, high = ends(ball)
            if lower <= low and high <= upper:
                return True
            if high < lower or upper < low:
                return False
    return False


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Lower and upper end of a ball, exactly."""
    middle, radius = (
        Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
        for mantissa, exponent in (ball.mid().man_exp(), ball.rad().man_exp())
    )
    return middle - radius, middle + radius


def determinant_ball(
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    activation: str,
    eta: Fraction,
    theta: Sequence[Fraction],
    bits: int,
) -> Any | None:
    """Return a ball that contains det(I − ηH(θ)), or None if the elimination breaks down."""
    old = ctx.cap
    ctx.cap = _ORDER
    try:
        with ctx.workprec(bits):
            H = _hessian(X, Y, widths, activation, theta)
            step, size = _ball(eta), range(len(theta))
            return _eliminate([[int(i == j) - step * H[i][j] for j in size] for i in size])
    finally:
        ctx.cap = old


def _hessian(
    X: Matrix, Y: Matrix, widths: Sequence[int], activation: str, theta: Sequence[Fraction]
) -> list[list[Any]]:
    size = len(theta)
    balls = [_ball(entry) for entry in theta]
    inputs = [[_ball(entry) for entry in row] for row in X]
    targets = [[_ball(entry) for entry in row] for row in Y]

    def q(*moving: int) -> Any:
        point = [arb_series([b, int(k in moving), 0]) for k, b in enumerate(balls)]
        return _loss(widths, activation, inputs, targets, point)[2]

    single = [q(i) for i in range(size)]
    H: list[list[Any]] = [[2 * single[i]] * size for i in range(size)]
    for i, j in combinations(range(size), 2):
        H[i][j] = H[j][i] = q(i, j) - single[i] - single[j]
    return H


def _loss(
    widths: Sequence[int],
    activation: str,
    inputs: list[list[Any]],
    targets: list[list[Any]],
    point: list[Any],
) -> Any:
    total = arb_series([0, 0, 0])
    for sample in range(len(inputs[0])):
        values: list[Any] = [row[sample] for row in inputs]
        entries = iter(point)
        for layer, (before, after) in enumerate(pairwise(widths), start=1):
            rows = [[next(entries) for _ in range(before)] for _ in range(after)]
            sums = [
                sum((w * v for w, v in zip(row, values, strict=True)), arb_series([0]))
                for row in rows
            ]
            values = [_activate(activation, s) for s in sums] if layer < len(widths) - 1 else sums
        for value, row in zip(values, targets, strict=True):
            residual = value - row[sample]
            total += residual * residual
    return total


def _activate(activation: str, z: Any) -> Any:
    if activation == "tanh":
        return 1 - 2 / (1 + (2 * z).exp())
    if activation == "softplus":
        return (1 + z.exp()).log()
    raise ValueError(f"activation: need 'tanh' or 'softplus', got {activation!r}")


def _eliminate(matrix: list[list[Any]]) -> Any | None:
    """Determinant by Gaussian elimination with the pivot farthest from zero."""
    rows = [list(row) for row in matrix]
    determinant = arb(1)
    for k in range(len(rows)):
        pivot = max(range(k, len(rows)), key=lambda i: float(rows[i][k].abs_lower()))
        if rows[pivot][k].contains(0):
            return None
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            determinant = -determinant
        determinant *= rows[k][k]
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            for j in range(k + 1, len(rows)):
                rows[i][j] -= factor * rows[k][j]
    return determinant


def _ball(value: Fraction) -> Any:
    return arb(fmpq(value.numerator, value.denominator))
