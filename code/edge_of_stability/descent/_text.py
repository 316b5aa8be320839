"""The steps of an ensemble as the text of a Python function: three ways to write a list.

Small networks
    One lane of a vector carries one orbit (:mod:`._lanes`). The matrices are variables, and stay in
    registers for many steps.
Larger ones, in tiles
    The same in the caches. Products are cut into tiles whose sums fit the registers.
Large ones
    One orbit after the other, each product by BLAS.

Each way computes an orbit from itself alone and in one order, so results have the same bits for any
block, neighbours or place. The first two give the same bits on every processor, and as each other.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ._lanes import WIDE, add_product, add_stored, gemm, load, store, view
from ._products import (
    ESCAPE,
    MINUS,
    NORM,
    ONE,
    PACK_END,
    RESIDUAL,
    SLOPE,
    ZERO,
    Matrix,
    Product,
    Program,
)

LARGEST_TILE = 5 if WIDE else 3  # h·w + w + 1 vectors fit the registers
NAMES = {f.__name__: f for f in (load, store, add_product, add_stored, view, gemm)}


def function(text: str) -> Callable[..., Any]:
    """The function of a text, not yet compiled."""
    names: dict[str, Any] = {**NAMES, "__name__": __name__}
    # Numba keeps compiled code on disk for functions of a file alone: this one stands for it. Numba
    # also reads the lines of a function, to annotate it; beyond the end of the file it finds none.
    exec(compile("\n" * 10_000 + text, __file__, "exec"), names)
    return names["go_on"]  # type: ignore[no-any-return]


def _whole(program: Program, L: int, lines: Iterable[str]) -> str:
    """The text of :class:`._engine.Kernel`'s ``go_on``, given that of the steps with one pack."""
    D, rows = program.D, program.D + PACK_END
    steps = "\n        ".join(lines)
    return f"""
def go_on(work, packs, before, first, count, steps, small, last, watched):
    for pack in range(first, count):
        at = pack * {rows}
        for n in range({D}):
            store(before, n, 0, 0, load(packs, at + n, 0, 0, 1, 1, {L}))
        {steps}
        norms, slopes = work[{(D + NORM) * L} :], work[{(D + SLOPE) * L} :]
        bounds = packs[(at + {D + ESCAPE}) * {L} :]
        found = 0
        for lane in range({L}):  # a sum, so that it is vectorised
            found += (slopes[lane] <= small) + (not norms[lane] <= bounds[lane])
        if found > 0 or last or watched[pack]:
            return pack
    return count
"""


def written_out(program: Program, L: int) -> str:
    """The text for a network in registers: a line for each product."""
    loaded: set[int] = set()

    def stored(M: Matrix) -> str:
        array, first = ("packs", "at + ") if M.at < program.D + PACK_END else ("work", "")
        return f"{array}, {first}{M.at}, {M.columns}, 1"

    def lines(products: Sequence[Product], loads: list[str]) -> Iterator[str]:
        def name(M: Matrix) -> str:
            whole = program.stored[M.at]
            if M.at not in loaded:
                loaded.add(M.at)
                sizes = f"{whole.rows}, {whole.columns}, {L}"
                loads.append(f"M{M.at} = load({stored(whole)}, {sizes})")
            return _as(f"M{M.at}", whole, M)

        for out, start, A, B, sign in products:
            total = "None" if start is None else name(start)
            if A.columns:
                total = f"add_product({total}, {name(A)}, {name(B)}, {sign})"
            loaded.add(out.at)
            yield f"M{out.at} = {_as(total, out, program.stored[out.at])}"

    before: list[str] = []
    before += lines(program.prelude, before)
    inside = list(lines(program.step, before))
    layers = [M for at, M in program.stored.items() if at < program.D]
    measured = [program.stored[program.D + row] for row in (NORM, SLOPE, RESIDUAL)]
    after = [f"store({stored(M)}, M{M.at})" for M in layers]
    after += lines(program.look, after)
    after += [f"store({stored(M)}, M{M.at})" for M in measured]
    looped = (f"    {line}" for line in inside)
    return _whole(program, L, [*before, "for _ in range(steps):", *looped, *after])


def _as(text: str, M: Matrix, other: Matrix) -> str:
    """The entries of M in the shape of another matrix at the same place."""
    return text if other == M else f"view({text}, {', '.join(map(str, other[1:]))})"


def in_tiles(program: Program, L: int) -> str:
    """The text for a network in memory: loops over tiles for each product."""
    zero = Matrix(program.D + ZERO, 1, 1, 0, 0)
    return _in_memory(program, L, lambda product: tiles(product, zero, L))


def by_blas(program: Program) -> str:
    """The text for a network whose products are computed by BLAS."""
    return _in_memory(program, 1, lambda product: calls(product, program.D))


def _in_memory(program: Program, L: int, lines: Callable[[Product], Iterator[str]]) -> str:
    prelude, step, look = (
        [line for product in products for line in lines(product)]
        for products in (program.prelude, program.step, program.look)
    )
    return _whole(
        program,
        L,
        [
            f"for n in range({program.D + PACK_END}):",
            f"    store(work, n, 0, 0, load(packs, at + n, 0, 0, 1, 1, {L}))",
            *prelude,
            "for _ in range(steps):",
            *(f"    {line}" for line in step),
            *look,
            f"for n in range({program.D}):",
            f"    store(packs, at + n, 0, 0, load(work, n, 0, 0, 1, 1, {L}))",
        ],
    )


def tiles(product: Product, zero: Matrix, L: int) -> Iterator[str]:
    """A product, tile by tile; the sums of a tile fit the registers."""
    out, start, A, B, sign = product

    def at(M: Matrix, row: str, column: str) -> str:
        return f"{M.at} + {row} * {M.down} + {column} * {M.right}, {M.down}, {M.right}"

    for (rows, h), (columns, w) in itertools.product(_cut(out.rows), _cut(out.columns)):
        indent, i, j, C = "", str(rows[0]), str(columns[0]), f"C{h}{w}"
        if len(rows) > 1:
            yield f"for i in {rows}:"
            indent, i = "    ", "i"
        if len(columns) > 1:
            yield f"{indent}for j in {columns}:"
            indent, j = indent + "    ", "j"
        yield f"{indent}{C} = load(work, {at(start or zero, i, j)}, {h}, {w}, {L})"
        if A.columns:
            left, right = at(A, i, "0"), at(B, "0", j)
            yield f"{indent}{C} = add_stored({C}, work, ({left}), ({right}), {A.columns}, {sign})"
        yield f"{indent}store(work, {at(out, i, j)}, {C})"


def _cut(length: int) -> Iterator[tuple[range, int]]:
    """Parts of nearly equal length: where the long ones begin, their length; the short ones."""
    parts = -(-length // LARGEST_TILE)
    short, long = length // parts, length % parts
    if long:
        yield range(0, long * (short + 1), short + 1), short + 1
    yield range(long * (short + 1), length, short), short


def calls(product: Product, D: int) -> Iterator[str]:
    """A product by BLAS, which takes columns for rows, so that it computes Cᵀ = BᵀAᵀ."""
    out, start, A, B, sign = product
    if start and start.at != out.at:
        yield f"for n in range({out.rows * out.columns}):"
        yield f"    work[{out.at} + n] = work[{start.at} + n]"
    if A.columns:
        alpha, beta = D + (ONE if sign > 0 else MINUS), D + (ONE if start else ZERO)
        flags, numbers = [], []
        for M in (B, A):
            flags.append(ord("N") if M.right == 1 else ord("T"))
            numbers += [M.at, M.columns if M.right == 1 else M.rows]
        sizes = [out.columns, out.rows, A.columns]
        given = [*flags, *sizes, alpha, *numbers, beta, out.at, out.columns]
        yield f"gemm(work, {', '.join(map(str, given))})"
