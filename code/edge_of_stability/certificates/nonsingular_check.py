"""An independent check of certificates of non-singularity, with nothing but the loss.

This module imports nothing of the package and knows no formula for a derivative. It evaluates
L(θ) = ‖W_N ⋯ W_1 X − Y‖_F² in exact fractions and reads the Hessian off two identities:

    Each entry of θ occurs in W_N ⋯ W_1 with degree at most one, so L has degree at most two in each
    coordinate. Hence t ↦ L(θ + t e_i) = a + bt + ct² has H_ii = 2c = L(+e_i) − 2L + L(−e_i), and in
    L(θ + s e_i + t e_j) the part odd in s and odd in t is exactly H_ij st, whence
    H_ij = (L(+,+) − L(+,−) − L(−,+) + L(−,−)) / 4.  Both are identities, not approximations.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import lcm

Matrix = Sequence[Sequence[Fraction]]


def verify(
    widths: Sequence[int],
    X: Matrix,
    Y: Matrix,
    eta: Fraction,
    witness: Sequence[Fraction],
    determinant: Fraction,
) -> bool:
    """Tell whether det(I − ηH(witness)) equals ``determinant`` and is not zero.

    That proves that G_η(θ) = θ − η∇L(θ) is non-singular: the polynomial det DG_η is not the zero
    polynomial (Section "Non-singularity" of the book).

    Parameters
    ----------
    widths : sequence of int
        (d_0, …, d_N).
    X : d_0 rows of n fractions
    Y : d_N rows of n fractions
    eta : Fraction
    witness : D fractions
        W_1 first, then W_2, …, W_N, each row by row.
    determinant : Fraction
        The claimed value.

    Returns
    -------
    bool
        False also if η ≤ 0, a number is a float or the sizes do not fit together.
    """
    numbers = [eta, determinant, *witness, *(entry for row in (*X, *Y) for entry in row)]
    if not all(isinstance(number, (int, Fraction)) for number in numbers):
        return False  # a float is not what it looks like
    if eta <= 0 or determinant == 0 or not _sizes_fit(widths, X, Y, witness):
        return False
    H = hessian(widths, X, Y, witness)
    size = len(witness)
    jacobian = [[int(i == j) - eta * H[i][j] for j in range(size)] for i in range(size)]
    return exact_determinant(jacobian) == determinant


def _sizes_fit(widths: Sequence[int], X: Matrix, Y: Matrix, witness: Sequence[Fraction]) -> bool:
    if len(widths) < 2 or min(widths) < 1 or not X:
        return False
    samples = len(X[0])
    size = sum(before * after for before, after in pairwise(widths))
    return (
        len(X) == widths[0]
        and len(Y) == widths[-1]
        and all(len(row) == samples for row in (*X, *Y))
        and len(witness) == size
    )


def loss(widths: Sequence[int], X: Matrix, Y: Matrix, theta: Sequence[Fraction]) -> Fraction:
    """L(θ) = ‖W_N ⋯ W_1 X − Y‖_F², exactly."""
    state = X
    start = 0
    for before, after in pairwise(widths):
        rows = [theta[start + a * before : start + (a + 1) * before] for a in range(after)]
        columns = list(zip(*state, strict=True))
        state = [
            [
                sum((w * x for w, x in zip(row, column, strict=True)), Fraction(0))
                for column in columns
            ]
            for row in rows
        ]
        start += before * after
    return sum(
        (
            (value - target) ** 2
            for values, targets in zip(state, Y, strict=True)
            for value, target in zip(values, targets, strict=True)
        ),
        Fraction(0),
    )


def hessian(
    widths: Sequence[int], X: Matrix, Y: Matrix, theta: Sequence[Fraction]
) -> list[list[Fraction]]:
    """H(θ) by polarisation of the loss, exactly (the identities at the top of this module)."""

    def shifted(*shifts: tuple[int, int]) -> Fraction:
        moved = list(theta)
        for index, amount in shifts:
            moved[index] += amount
        return loss(widths, X, Y, moved)

    size = len(theta)
    H = [[Fraction(0)] * size for _ in range(size)]
    centre = loss(widths, X, Y, theta)
    for i in range(size):
        H[i][i] = shifted((i, 1)) - 2 * centre + shifted((i, -1))
        for j in range(i):
            mixed = (
                shifted((i, 1), (j, 1))
                - shifted((i, 1), (j, -1))
                - shifted((i, -1), (j, 1))
                + shifted((i, -1), (j, -1))
            )
            H[i][j] = H[j][i] = mixed / 4
    return H


def exact_determinant(matrix: Sequence[Sequence[Fraction]]) -> Fraction:
    """Compute the determinant by fraction-free elimination over the integers (Bareiss)."""
    denominators = [lcm(*(Fraction(entry).denominator for entry in row)) for row in matrix]
    rows = [[int(x * d) for x in row] for row, d in zip(matrix, denominators, strict=True)]
    scale = 1
    for d in denominators:
        scale *= d
    size, sign, previous = len(rows), 1, 1
    for k in range(size - 1):
        pivot = next((i for i in range(k, size) if rows[i][k]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != k:
            rows[k], rows[pivot], sign = rows[pivot], rows[k], -sign
        for i in range(k + 1, size):
            for j in range(k + 1, size):
                minor = rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]
                rows[i][j] = minor // previous  # exact: every entry is a minor of the matrix
        previous = rows[k][k]
    return Fraction(sign * rows[-1][-1], scale)
