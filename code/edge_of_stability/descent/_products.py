r"""What a step of an ensemble computes, as a list of products of matrices.

    W_j ← W_j − 2η Q_jᵀ(πΣ − S)P_{j-1}ᵀ,   P_j = W_j ⋯ W_1,   Q_j = W_N ⋯ W_{j+1}.

Only Σ and S enter, so a step costs the same for any number of samples. Of the two ways to bracket
the product, (Q_jᵀE)P_{j-1}ᵀ carries d_0 columns through the layers and Q_jᵀ(EP_{j-1}ᵀ) carries d_N
rows; the cheaper is taken. Copies, sums and norms are products too, so that a list is computed by
one rule; :mod:`._text` has three ways to do so.

Units
    If d_0 = 1, Σ is a number σ > 0, and W_j = αV_j with 2ησα^{2N−2} = 1 turns the step into

        V_j ← V_j − Q̃_jᵀ(π̃ − 2ηα^{N−2}S)P̃_{j-1}ᵀ.

    The product with Σ is gone and π̃ itself starts at the constant: three instructions and not four
    for the scalar net. At the edge of stability V is of size one, so nothing overflows that did not
    before; see :func:`._blocks.units`.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Matrix(NamedTuple):
    """A matrix whose entry (i, j) is number ``at + i·down + j·right`` of all entries."""

    at: int
    rows: int
    columns: int
    down: int
    right: int

    @property
    def T(self) -> "Matrix":
        return Matrix(self.at, self.columns, self.rows, self.right, self.down)

    @property
    def column(self) -> "Matrix":
        """All entries one below the other, of a matrix stored row by row."""
        return Matrix(self.at, self.rows * self.columns, 1, 1, 1)

    def part(self, i: int, j: int, rows: int, columns: int) -> "Matrix":
        return Matrix(
            self.at + i * self.down + j * self.right, rows, columns, self.down, self.right
        )


class Product(NamedTuple):
    """Out = start + sign·AB; without a start 0, without columns of A a copy."""

    out: Matrix
    start: Matrix | None
    A: Matrix
    B: Matrix
    sign: int


# Rows of a pack of orbits after θ, then what a look measures, then the constants 0, 1, −1.
FACTOR, UNIT, ESCAPE, PACK_END = range(4)
NORM, SLOPE, RESIDUAL, ZERO, ONE, MINUS, DATA = range(3, 10)  # ‖θ‖², ‖∇L‖², ‖πX̃ − Ỹ‖²


class Program:
    """The products of a network: before the first step, of a step, and of a look.

    The entries begin with θ, the factor −ηα^{N−2}, the unit α, and the ‖θ‖² past which a point has
    escaped. At DATA after θ there are 2Σ, −2S, X̃ and −Ỹ, each row by row, then scratch.
    """

    def __init__(self, widths: Sequence[int], columns: int, rescaled: bool) -> None:
        self._list: list[Product] = []
        self.stored: dict[int, Matrix] = {}  # all matrices, by their place
        self.size = 0
        layers = [self._new(after, before) for before, after in pairwise(widths)]
        self.D = self.size
        factor, unit, _, norm, slope, loss, _, self._one, _ = (self._new(1, 1) for _ in range(DATA))
        Sigma, S = self._new(widths[0], widths[0]), self._new(widths[-1], widths[0])
        X, minus_Y = self._new(widths[0], columns), self._new(widths[-1], columns)
        costs = _costs(widths, rescaled)
        by_outputs = costs[-1] < costs[0]
        descend = self._from_outputs if by_outputs else self._from_inputs

        S_step = self._scaled(S, factor)
        Sigma_step = None if rescaled else self._scaled(Sigma, factor)
        self.prelude = self._taken()

        def downhill(A: Matrix, B: Matrix | None = None) -> Matrix:
            if Sigma_step is None:
                assert B is not None
                return self.product(A, B, start=S_step, sign=-1)
            return self.product(self._pi(A, B), Sigma_step, start=S_step)

        descend(layers, layers, downhill)
        self.step = self._taken()

        W = [self._scaled(V, unit) for V in layers] if rescaled else layers
        T = [self._new(V.rows, V.columns) for V in W]  # ∇L
        products = []

        def error(A: Matrix, B: Matrix | None = None) -> Matrix:
            products.append(self._pi(A, B))
            return self.product(products[0], Sigma, start=S)

        descend(W, T, error)
        residual = self.product(products[0], X, start=minus_Y)
        for square, matrices in ((norm, W), (slope, T), (loss, [residual])):
            start = None
            for M in matrices:
                start = self.product(M.column.T, M.column, start=start, out=square)
        self.look = self._taken()

    def _new(self, rows: int, columns: int) -> Matrix:
        self.stored[self.size] = new = Matrix(self.size, rows, columns, columns, 1)
        self.size += rows * columns
        return new

    def _taken(self) -> list[Product]:
        """The list as far as it is written; a new one begins."""
        products, self._list = self._list, []
        return products

    def product(
        self,
        A: Matrix,
        B: Matrix,
        start: Matrix | None = None,
        out: Matrix | None = None,
        sign: int = 1,
    ) -> Matrix:
        out = out or self._new(A.rows, B.columns)
        self._list.append(Product(out, start, A, B, sign))
        return out

    def _scaled(self, A: Matrix, factor: Matrix) -> Matrix:
        out = self._new(A.rows, A.columns)
        self.product(A.column, factor, out=out.column)
        return out

    def _copy(self, A: Matrix, out: Matrix) -> None:
        nothing = Matrix(0, 0, 0, 0, 0)
        self.product(nothing, nothing, start=A, out=out)

    def _pi(self, A: Matrix, B: Matrix | None) -> Matrix:
        """π, of its last two factors or of a single layer."""
        return A if B is None else self.product(A, B)

    def _from_inputs(
        self, W: Sequence[Matrix], T: Sequence[Matrix], error: Callable[..., Matrix]
    ) -> None:
        """T_j = (Q_jᵀE)P_{j-1}ᵀ, E = error(factors of π). If T is W, it is added, in place."""
        N, old = len(W), W if T is W else [None] * len(W)
        if N == 1:
            before = old[0] and old[0].column
            self.product(error(W[0]).column, self._one, start=before, out=T[0].column)
            return
        P = [W[0]]  # P_1, …, P_{N-1}
        for j in range(1, N - 1):
            P.append(self.product(W[j], P[-1]))
        B = error(W[-1], P[-1])  # B_N = E, (d_N, d_0)
        for j in range(N - 1, 1, -1):
            B_before = self.product(W[j].T, B)  # B_{j-1} = W_jᵀB_j, before W_j changes
            self.product(B, P[j - 1].T, start=old[j], out=T[j])
            B = B_before
        first = self.product(W[1].T, B, start=old[0])  # P_0 = I
        self.product(B, P[0].T, start=old[1], out=T[1])
        self._copy(first, T[0])

    def _from_outputs(
        self, W: Sequence[Matrix], T: Sequence[Matrix], error: Callable[..., Matrix]
    ) -> None:
        """T_j = Q_jᵀ(EP_{j-1}ᵀ), E = error(factors of π). N ≥ 2. If T is W, as before."""
        N, old = len(W), W if T is W else [None] * len(W)
        Q = [W[-1]]  # Q_{N-1}, …, Q_1
        for j in range(N - 2, 0, -1):
            Q.append(self.product(Q[-1], W[j]))
        G = error(Q[-1], W[0])  # (d_N, d_0)
        for j in range(N - 2):
            G_after = self.product(G, W[j].T)  # EP_jᵀ, before W_j changes
            self.product(Q.pop().T, G, start=old[j], out=T[j])
            G = G_after
        last = self.product(G, W[-2].T, start=old[-1])  # Q_N = I
        self.product(Q.pop().T, G, start=old[-2], out=T[-2])
        self._copy(last, T[-1])


def multiply_adds(widths: Sequence[int], rescaled: bool) -> int:
    """Multiply-adds of a step the cheaper way, a multiplication or an addition alone as one."""
    return min(_costs(widths, rescaled))


def _costs(widths: Sequence[int], rescaled: bool) -> list[int]:
    """Of carrying d_0 columns, and d_N rows."""
    products = [a * b for a, b in pairwise(widths)]
    alone = widths[0] * widths[-1] if len(products) == 1 else 0
    by_Sigma = 0 if rescaled else widths[0] ** 2 * widths[-1]
    columns = 3 * widths[0] * sum(products[1:])  # forward, backward, and the updates
    rows = 3 * widths[-1] * sum(products[:-1])
    costs = [columns, rows] if len(products) > 1 else [0]
    return [cost + by_Sigma + alone for cost in costs]
