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
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    eta: Fraction,
    witness: Sequence[Fraction],
    determinant: Fraction,
) -> bool:
    """Tell whether det(I − ηH(witness)) equals ``determinant`` and is not zero.

    That proves that G_η(θ) = θ − η∇L(θ) is non-singular: the polynomial det DG_η is not the zero
    polynomial (Section "Non-singularity" of the book). False also if η ≤ 0, a number is a float or
    the sizes do not fit together. ``X``, ``Y``, ``widths``, ``eta`` and ``witness`` are as in
    :class:`edge_of_stability.NonsingularityCertificate`.
    """
    if not is_sound(X, Y, widths, eta, witness) or not isinstance(determinant, (int, Fraction)):
        return False
    if determinant == 0:
        return False
    H = hessian(X, Y, widths, witness)
    size = len(witness)
    jacobian = [[int(i == j) - eta * H[i][j] for j in range(size)] for i in range(size)]
    return exact_determinant(jacobian) == determinant


def is_sound(
    X: Matrix, Y: Matrix, widths: Sequence[int], eta: Fraction, theta: Sequence[Fraction]
) -> bool:
    """Tell whether all numbers are exact, the sizes fit together and η > 0."""
    numbers = [eta, *theta, *(entry for row in (*X, *Y) for entry in row)]
    if not all(isinstance(number, (int, Fraction)) for number in numbers):
        return False  # a float is not what it looks like
    if eta <= 0 or len(widths) < 2 or min(widths) < 1 or not X:
        return False
    samples = len(X[0])
    return (
        len(X) == widths[0]
        and len(Y) == widths[-1]
        and all(len(row) == samples for row in (*X, *Y))
        and len(theta) == sum(before * after for before, after in pairwise(widths))
    )


def residual(
    X: Matrix, Y: Matrix, widths: Sequence[int], theta: Sequence[Fraction]
) -> list[list[Fraction]]:
    """W_N ⋯ W_1 X − Y, exactly: d_N rows of n fractions."""
    state, entries = X, iter(theta)
    for before, after in pairwise(widths):
        weights = [[next(entries) for _ in range(before)] for _ in range(after)]
        columns = list(zip(*state, strict=True))
        state = [[dot(row, column) for column in columns] for row in weights]
    return [[a - b for a, b in zip(*rows, strict=True)] for rows in zip(state, Y, strict=True)]


def dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    """Σ_i a_i b_i."""
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def hessian(
    X: Matrix, Y: Matrix, widths: Sequence[int], theta: Sequence[Fraction]
) -> list[list[Fraction]]:
    """H(θ) by polarisation of the loss, exactly (the identities at the top of this module)."""

    def loss(*shifts: tuple[int, int]) -> Fraction:
        moved = list(theta)
        for index, amount in shifts:
            moved[index] += amount
        return sum((dot(row, row) for row in residual(X, Y, widths, moved)), Fraction(0))

    size = len(theta)
    H = [[Fraction(0)] * size for _ in range(size)]
    centre = loss()
    for i in range(size):
        H[i][i] = loss((i, 1)) - 2 * centre + loss((i, -1))
        for j in range(i):
            mixed = sum(s * t * loss((i, s), (j, t)) for s in (1, -1) for t in (1, -1))
            H[i][j] = H[j][i] = Fraction(mixed) / 4
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
