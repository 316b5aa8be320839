r"""What a step of an ensemble computes, as a list of products of matrices.

    W_j ← W_j − 2η Q_jᵀ(πΣ − S)P_{j-1}ᵀ,   P_j = W_j ⋯ W_1,   Q_j = W_N ⋯ W_{j+1}.

Only Σ and S enter, so a step costs the same for any number of samples. Of the two ways to bracket
the product, (Q_jᵀE)P_{j-1}ᵀ carries d_0 columns through the layers and Q_jᵀ(EP_{j-1}ᵀ) carries d_N
rows; the cheaper is taken.

Units
    If d_0 = 1, Σ is a number σ > 0, and W_j = αV_j with 2ησα^{2N−2} = 1 turns the step into

        V_j ← V_j − Q̃_jᵀ(π̃ − 2ηα^{N−2}S)P̃_{j-1}ᵀ.

    The product with Σ is gone and π̃ itself starts at the constant: three instructions and not four
    for the scalar net. At the edge of stability V is of size one, so nothing overflows that did not
    before; see :func:`._blocks.units`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from ._lowering import WIDTH

_UNROLLED = 300  # multiply-adds a step up to which a network is kept in registers


def _from_inputs(emit: Any, W: list[Any], T: list[Any], error: Callable[..., Any]) -> None:
    """T_j += (Q_jᵀE)P_{j-1}ᵀ with E = error(factors of π). T may be W, then W changes in place."""
    N = len(W)
    if N == 1:
        T[0] = emit.add(T[0], error(W[0]))
        return
    P = [W[0]]  # P_1, …, P_{N-1}
    for j in range(1, N - 1):
        P.append(emit.product(f"P{j + 1}", W[j], P[-1]))
    B = error(W[-1], P[-1])  # B_N = E, (d_N, d_0)
    for j in range(N - 1, 1, -1):
        B_before = emit.product(f"B{j}", W[j].T, B)  # B_{j-1} = W_jᵀB_j, before W_j changes
        T[j] = emit.accumulate(T[j], B, P[j - 1].T)
        B = B_before
    first = emit.product("first", W[1].T, B, start=T[0])  # P_0 = I
    T[1] = emit.accumulate(T[1], B, P[0].T)
    T[0] = emit.put(T[0], first)


def _from_outputs(emit: Any, W: list[Any], T: list[Any], error: Callable[..., Any]) -> None:
    """T_j += Q_jᵀ(EP_{j-1}ᵀ) with E = error(factors of π). N ≥ 2. T may be W, as before."""
    N = len(W)
    Q = [W[-1]]  # Q_{N-1}, …, Q_1
    for j in range(N - 2, 0, -1):
        Q.append(emit.product(f"Q{j}", Q[-1], W[j]))
    G = error(Q[-1], W[0])  # (d_N, d_0)
    for j in range(N - 2):
        G_after = emit.product(f"G{j}", G, W[j].T)  # EP_jᵀ, before W_j changes
        T[j] = emit.accumulate(T[j], Q.pop().T, G)
        G = G_after
    last = emit.product("last", G, W[-2].T, start=T[-1])  # Q_N = I
    T[-2] = emit.accumulate(T[-2], Q.pop().T, G)
    T[-1] = emit.put(T[-1], last)


def _cost(widths: Sequence[int], outputs: bool, rescaled: bool) -> int:
    """Instructions a step: multiply-adds, and a few multiplications or additions alone."""
    carried = widths[-1] if outputs else widths[0]
    products = [a * b * carried for a, b in pairwise(widths)]
    inner = sum(products[:-1] if outputs else products[1:])  # forward, backward, and the updates
    alone = widths[0] * widths[-1] if len(widths) == 2 else 0
    by_Sigma = 0 if rescaled else widths[0] ** 2 * widths[-1]
    return 3 * inner + by_Sigma + alone


class Plan(NamedTuple):
    """How a network is computed."""

    widths: tuple[int, ...]
    columns: int  # of the reduced data X̃
    unrolled: bool
    rescaled: bool  # steps are taken in units in which 2ησ = 1; needs d_0 = 1 and N ≥ 2
    outputs: bool  # carries d_N rows and not d_0 columns
    vectors: int  # vectors a pack; independent chains that hide the latency of a multiply-add

    @property
    def lanes(self) -> int:
        """Lanes a pack."""
        return self.vectors * WIDTH

    @property
    def dimension(self) -> int:
        """D."""
        return sum(a * b for a, b in pairwise(self.widths))

    @property
    def operations(self) -> int:
        """Instructions a step of one vector."""
        return _cost(self.widths, self.outputs, self.rescaled)

    @property
    def descend(self) -> Callable[..., Any]:
        """The list of products."""
        return _from_outputs if self.outputs else _from_inputs

    @property
    def work(self) -> int:
        """Doubles of scratch memory: named products, the data, θ and a gradient, some to spare."""
        inside = sum(self.widths) * (self.widths[0] + self.widths[-1])
        ends = 3 * (self.widths[0] + self.widths[-1]) * (self.widths[0] + self.columns)
        return self.lanes * (2 * inside + ends + 2 * self.dimension)


@lru_cache
def plan(widths: tuple[int, ...], columns: int, rescaled: bool) -> Plan:
    """Choose how a network of these widths is computed on this machine."""
    outputs = len(widths) > 2 and _cost(widths, True, rescaled) < _cost(widths, False, rescaled)
    cost = _cost(widths, outputs, rescaled)
    # A step of a tiny network is one chain of multiply-adds that wait for each other: take the
    # steps of up to five vectors side by side. What then exceeds the registers costs less than
    # waiting does; with six, the scalar net is a third slower again (16 registers).
    vectors = max(1, min(5, 60 // cost))
    unrolled = cost <= _UNROLLED
    return Plan(widths, columns, unrolled, rescaled, outputs, vectors)
