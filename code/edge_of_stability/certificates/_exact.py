"""Exact matrices of FLINT, for the constructing side of the certificates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import fmpq, fmpq_mat

Matrix = Any  # an fmpq_mat; python-flint has no types


def from_function(rows: int, columns: int, entry: Callable[[int, int], Any]) -> Matrix:
    """The matrix with these entries."""
    return fmpq_mat(rows, columns, [fmpq(entry(a, b)) for a in range(rows) for b in range(columns)])


def identity(rows: int, columns: int | None = None) -> Matrix:
    """Ones on the diagonal, of a rectangle too."""
    return from_function(rows, rows if columns is None else columns, lambda a, b: int(a == b))


def padded(matrix: Matrix, rows: int, columns: int) -> Matrix:
    """The matrix with rows and columns of zeros added."""
    height, width = matrix.nrows(), matrix.ncols()
    return from_function(
        rows, columns, lambda a, b: matrix[a, b] if a < height and b < width else 0
    )


def kron(A: Matrix, B: Matrix) -> Matrix:
    """Kronecker product, the entries of A outermost."""
    rows, columns = B.nrows(), B.ncols()
    return from_function(
        A.nrows() * rows,
        A.ncols() * columns,
        lambda a, b: A[a // rows, b // columns] * B[a % rows, b % columns],
    )


def independent_rows(matrix: Matrix) -> list[int]:
    """Return indices of rows that form a basis of the row space, the first such set."""
    reduced, rank = matrix.transpose().rref()
    return [next(j for j in range(reduced.ncols()) if reduced[i, j] != 0) for i in range(int(rank))]


def weights(widths: Sequence[int], theta: Sequence[Any]) -> list[Matrix]:
    """W_1, …, W_N of θ, D entries that :class:`fmpq` takes."""
    matrices, start = [], 0
    for before, after in pairwise(widths):
        matrices.append(fmpq_mat(after, before, list(theta[start : start + after * before])))
        start += after * before
    return matrices


def jacobian(layers: Sequence[Matrix], X: Matrix) -> Matrix:
    """J = [Q_1 ⊗ (P_0X)ᵀ, …, Q_N ⊗ (P_{N−1}X)ᵀ], (d_N n, D), the derivative of π(θ)X."""
    after = [identity(layers[-1].nrows())]
    for W in reversed(layers[1:]):
        after.append(after[-1] * W)  # Q_N, …, Q_1
    before = X  # P_{j-1} X, (d_{j-1}, n)
    rows: list[list[Any]] = [[] for _ in range(layers[-1].nrows() * X.ncols())]
    for W, Q in zip(layers, reversed(after), strict=True):
        for row, more in zip(rows, kron(Q, before.transpose()).tolist(), strict=True):
            row.extend(more)
        before = W * before
    return fmpq_mat(rows)


def inertia(matrix: Sequence[Sequence[Any]]) -> tuple[int, int, int]:
    """Count the positive, zero and negative eigenvalues of a symmetric matrix of exact numbers.

    By symmetric elimination: a non-zero diagonal entry has its sign; if there is none, an entry
    a ≠ 0 off the diagonal gives the pivot [[0, a], [a, 0]], with one eigenvalue of either sign.
    """
    rest = [list(row) for row in matrix]
    positive = negative = 0
    while rest:
        size = range(len(rest))
        pivot = next((i for i in size if rest[i][i] != 0), None)
        if pivot is not None:
            value = rest[pivot][pivot]
            positive, negative = positive + (value > 0), negative + (value < 0)
            others = [i for i in size if i != pivot]
            rest = [
                [rest[i][j] - rest[i][pivot] * rest[pivot][j] / value for j in others]
                for i in others
            ]
            continue
        pair = next(((i, j) for i in size for j in range(i) if rest[i][j] != 0), None)
        if pair is None:
            break
        p, q = pair
        value = rest[p][q]
        positive, negative = positive + 1, negative + 1
        others = [i for i in size if i not in pair]
        rest = [
            [
                rest[i][j] - (rest[i][p] * rest[q][j] + rest[i][q] * rest[p][j]) / value
                for j in others
            ]
            for i in others
        ]
    return positive, len(rest), negative


def fraction(value: Any) -> Fraction:
    """The same number for Python."""
    return Fraction(int(value.p), int(value.q))
