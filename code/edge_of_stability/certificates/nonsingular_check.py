"""An independent check of certificates of non-singularity, with nothing but the loss.

This module imports nothing of the package and uses no formula for a derivative. It evaluates
L(θ) = ‖W_N ⋯ W_1 X − Y‖_F² in exact fractions and reads the Hessian off two identities:

    Each entry of θ occurs in W_N ⋯ W_1 with degree at most one, so L has degree at most two in each
    coordinate. Hence t ↦ L(θ + t e_i) = a + bt + ct² has H_ii = 2c = L(+e_i) − 2L + L(−e_i), and in
    L(θ + s e_i + t e_j) the part odd in s and odd in t is exactly H_ij st, whence
    H_ij = (L(+,+) − L(+,−) − L(−,+) + L(−,−)) / 4.  Both are identities, not approximations.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

Matrix = Sequence[Sequence[Fraction]]


def verify(
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    eta: Fraction,
    witness: Sequence[Fraction],
    determinant: Fraction,
) -> bool:
    """Whether det(I − ηH(witness)) equals ``determinant`` and is not zero.

    That proves that G_η(θ) = θ − η∇L(θ) is non-singular, because the polynomial det DG_η is not the
    zero polynomial (Section "Non-singularity" of the book). False also if η ≤ 0, a number is a
    float or the sizes do not fit together. The arguments are those of the certificate.
    """
    if not is_sound(X, Y, widths, eta, witness) or not isinstance(determinant, (int, Fraction)):
        return False
    H = hessian(X, Y, widths, witness)
    size = len(witness)
    jacobian = [[int(i == j) - eta * H[i][j] for j in range(size)] for i in range(size)]
    return eliminate(jacobian) == determinant  # it is None if the determinant is zero


def is_sound(
    X: Matrix, Y: Matrix, widths: Sequence[int], eta: Fraction, theta: Sequence[Fraction]
) -> bool:
    """Whether all numbers are exact, the sizes fit together and η > 0."""
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
    X: Sequence[Sequence[Any]],
    Y: Sequence[Sequence[Any]],
    widths: Sequence[int],
    theta: Sequence[Any],
    activate: Callable[[Any], Any] = lambda z: z,
) -> list[list[Any]]:
    """W_N ⋯ W_1 X − Y, exactly, d_N rows of n numbers; ``activate`` goes between the layers."""
    state, entries = X, iter(theta)
    for layer, (before, after) in enumerate(pairwise(widths), start=1):
        weights = [[next(entries) for _ in range(before)] for _ in range(after)]
        columns = list(zip(*state, strict=True))
        state = [[dot(row, column) for column in columns] for row in weights]
        if layer < len(widths) - 1:
            state = [[activate(z) for z in row] for row in state]
    return [[a - b for a, b in zip(*rows, strict=True)] for rows in zip(state, Y, strict=True)]


def dot(a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Σ_i a_i b_i."""
    return sum(x * y for x, y in zip(a, b, strict=True))


def hessian(
    X: Matrix, Y: Matrix, widths: Sequence[int], theta: Sequence[Fraction]
) -> list[list[Fraction]]:
    """H(θ) by polarisation of the loss, exactly (the identities at the top of this module)."""

    def loss(*shifts: tuple[int, int]) -> Fraction:
        moved = list(theta)
        for index, amount in shifts:
            moved[index] += amount
        return Fraction(sum(dot(row, row) for row in residual(X, Y, widths, moved)))

    size = len(theta)
    H = [[Fraction(0)] * size for _ in range(size)]
    centre = loss()
    for i in range(size):
        H[i][i] = loss((i, 1)) - 2 * centre + loss((i, -1))
        for j in range(i):
            mixed = sum(s * t * loss((i, s), (j, t)) for s in (1, -1) for t in (1, -1))
            H[i][j] = H[j][i] = Fraction(mixed) / 4
    return H


def eliminate(matrix: Sequence[Sequence[Any]], size: Callable[[Any], Any] = abs) -> Any | None:
    """The determinant by Gaussian elimination, with the pivots of largest size.

    None if all pivots to choose from have size 0. If only the number 0 has this size, then the
    determinant is 0.
    """
    rows = [list(row) for row in matrix]
    determinant: Any = 1
    for k in range(len(rows)):
        pivot = max(range(k, len(rows)), key=lambda i: size(rows[i][k]))
        if not size(rows[pivot][k]):
            return None
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            determinant = -determinant
        determinant *= rows[k][k]
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    return determinant
