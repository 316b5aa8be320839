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

from ._rationals import FractionMatrix

_ORDER = 3  # coefficients 1, s, s²


def determinant_ball(
    widths: tuple[int, ...],
    activation: str,
    X: FractionMatrix,
    Y: FractionMatrix,
    eta: Fraction,
    theta: Sequence[Fraction],
    bits: int,
) -> Any | None:
    """Return a ball that contains det(I − ηH(θ)), or None if the elimination breaks down."""
    old_bits, old_cap = ctx.prec, ctx.cap
    ctx.prec, ctx.cap = bits, _ORDER
    try:
        H = _hessian(widths, activation, X, Y, theta)
        step = _ball(eta)
        size = len(theta)
        matrix = [[int(i == j) - step * H[i][j] for j in range(size)] for i in range(size)]
        return _eliminate(matrix)
    finally:
        ctx.prec, ctx.cap = old_bits, old_cap


def _hessian(
    widths: tuple[int, ...],
    activation: str,
    X: FractionMatrix,
    Y: FractionMatrix,
    theta: Sequence[Fraction],
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
    widths: tuple[int, ...],
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
