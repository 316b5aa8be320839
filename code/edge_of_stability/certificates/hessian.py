"""H(θ) in FLINT's numbers, exact or in balls: the constructing side of all certificates.

``kind`` is ``fmpq_mat`` for exact numbers, or ``arb_mat`` for balls of the working precision. Both
take the same code, and share no class that says what they can do: hence ``Any``.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import fmpq, fmpq_mat

from ..core.rationals import RationalProblem

Matrix = Any


# σ, σ′ and σ″ as functions of z.
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "identity": (lambda z: z, lambda z: 1, lambda z: 0),
    "tanh": (
        lambda z: z.tanh(),
        lambda z: z.sech() ** 2,
        lambda z: -2 * z.tanh() * z.sech() ** 2,
    ),
    "softplus": (
        lambda z: z.exp().log1p(),
        lambda z: 1 / (1 + (-z).exp()),
        lambda z: (z / 2).sech() ** 2 / 4,
    ),
}


def exact(rows: Sequence[Sequence[Fraction]]) -> fmpq_mat:
    """The same matrix for FLINT."""
    return fmpq_mat([[fmpq(entry.numerator, entry.denominator) for entry in row] for row in rows])


def fraction(value: fmpq) -> Fraction:
    """The same number for Python."""
    return Fraction(int(value.p), int(value.q))


def identity(size: int, kind: Any = fmpq_mat) -> Matrix:
    """I, (size, size)."""
    return kind(size, size, [int(a == b) for a in range(size) for b in range(size)])


def layers(widths: Sequence[int], entries: Sequence[Any], kind: Any = fmpq_mat) -> list[Matrix]:
    """W_1, …, W_N from the entries of θ."""
    matrices, start = [], 0
    for before, after in pairwise(widths):
        matrices.append(kind(after, before, list(entries[start : start + after * before])))
        start += after * before
    return matrices


def hessian(
    problem: RationalProblem,
    theta: Sequence[Fraction],
    activation: str = "identity",
    kind: Any = fmpq_mat,
) -> Matrix:
    """H(θ), (D, D), column by column, by the tangents of the backward pass."""
    value, slope, curve = ACTIVATIONS[activation]
    X, Y = kind(exact(problem.X)), kind(exact(problem.Y))
    W = layers(problem.widths, kind(exact([theta])).entries(), kind)
    hidden = range(len(W) - 1)
    A = [X]
    first: list[Matrix] = []  # σ′, σ″
    second: list[Matrix] = []
    for j in hidden:
        Z = W[j] * A[j]
        for matrices, function in ((A, value), (first, slope), (second, curve)):
            matrices.append(kind(Z.nrows(), Z.ncols(), [function(z) for z in Z.entries()]))
    B = [W[-1] * A[-1] - Y]
    pulled: list[Matrix] = []  # W_{j+1}ᵀ B_{j+1}
    for j in reversed(hidden):
        pulled.insert(0, W[j + 1].transpose() * B[0])
        B.insert(0, _times(pulled[0], first[j]))
    columns = []
    for direction in identity(len(theta), kind).tolist():
        V = layers(problem.widths, direction, kind)
        dZ = [V[0] * X]
        dA = [kind(X.nrows(), X.ncols())]
        for j in hidden:
            dA.append(_times(first[j], dZ[j]))
            dZ.append(V[j + 1] * A[j + 1] + W[j + 1] * dA[j + 1])
        dB = [dZ[-1]]
        for j in reversed(hidden):
            moved = V[j + 1].transpose() * B[j + 1] + W[j + 1].transpose() * dB[0]
            dB.insert(0, _times(moved, first[j]) + _times(_times(pulled[j], second[j]), dZ[j]))
        blocks = [dB[j] * A[j].transpose() + B[j] * dA[j].transpose() for j in range(len(W))]
        columns.append([2 * entry for block in blocks for entry in block.entries()])
    return kind(columns)


def determinant(
    problem: RationalProblem,
    theta: Sequence[Fraction],
    activation: str = "identity",
    kind: Any = fmpq_mat,
) -> Any:
    """det(I − ηH(θ))."""
    ((eta,),) = exact([[problem.eta]]).tolist()
    return (identity(len(theta), kind) - eta * hessian(problem, theta, activation, kind)).det()


def _times(left: Matrix, right: Matrix) -> Matrix:
    """The product entry by entry."""
    entries = [a * b for a, b in zip(left.entries(), right.entries(), strict=True)]
    return type(left)(left.nrows(), left.ncols(), entries)
