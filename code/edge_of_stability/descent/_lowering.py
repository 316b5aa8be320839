"""Matrices of vectors of lanes, and their products, written as LLVM instructions.

Two ways to lower a product, for one and the same list of products (:mod:`._step`): small
networks live in registers for many steps, each entry a value, all loops unrolled
(:class:`Registers`). Larger ones live in the first-level cache, laid out [entry][lane], and their
products run over tiles of accumulators (:class:`Memory`). Each multiply-add is one ``llvm.fma``, in
the same order either way, so both return the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import cycle
from typing import Any

from llvmlite import binding, ir

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)
_WIDE = bool(binding.get_host_cpu_features().get("avx512f"))  # every feature is a key
WIDTH = 8 if _WIDE else 4  # doubles a vector
VECTOR = ir.VectorType(_DOUBLE, WIDTH)
REGISTERS = 32 if _WIDE else 16


def fma(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """The one rounding of ab + c, in each lane."""
    signature = ir.FunctionType(VECTOR, [VECTOR] * 3)
    function = builder.module.declare_intrinsic(f"llvm.fma.v{WIDTH}f64", (), signature)
    return builder.call(function, [a, b, c])


def splat(builder: Any, scalar: Any) -> Any:
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, integer(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), zeros)


def integer(value: int) -> Any:
    return ir.Constant(_INT, value)


def zero() -> Any:
    return ir.Constant(VECTOR, [0.0] * WIDTH)


def load(builder: Any, pointer: Any, offset: Any) -> Any:
    at = builder.bitcast(builder.gep(pointer, [offset]), VECTOR.as_pointer())
    return builder.load(at, align=8)


def store(builder: Any, value: Any, pointer: Any, offset: Any) -> None:
    at = builder.bitcast(builder.gep(pointer, [offset]), VECTOR.as_pointer())
    builder.store(value, at, align=8)


@contextmanager
def loop(builder: Any, count: Any, start: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """A loop of count ≥ 1 rounds: yields its counter and its carried values, to be replaced."""
    before = builder.block
    body, after = builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    counter = builder.phi(_INT)
    counter.add_incoming(integer(0), before)
    carried = []
    for value in start:
        phi = builder.phi(value.type)
        phi.add_incoming(value, before)
        carried.append(phi)
    phis = list(carried)
    yield counter, carried
    following = builder.add(counter, integer(1))
    counter.add_incoming(following, builder.block)
    for phi, value in zip(phis, carried, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    builder.position_at_end(after)


@dataclass(frozen=True)
class Values:
    """A matrix of values in registers; an entry has one value a vector."""

    entries: tuple[tuple[tuple[Any, ...], ...], ...]

    @property
    def T(self) -> Values:
        return Values(tuple(zip(*self.entries, strict=True)))

    def flat(self) -> list[Any]:
        return [value for row in self.entries for entry in row for value in entry]


class Registers:
    """Products of matrices whose entries are values: everything is unrolled."""

    def __init__(self, builder: Any, vectors: int) -> None:
        self.builder, self.vectors = builder, vectors

    def matrix(self, rows: int, columns: int, values: Sequence[Any]) -> Values:
        given = iter(values)
        return Values(
            tuple(
                tuple(tuple(next(given) for _ in range(self.vectors)) for _ in range(columns))
                for _ in range(rows)
            )
        )

    def scaled(self, name: str, pointer: Any, rows: int, columns: int, factor: Any) -> Values:
        """The constant matrix at ``pointer`` times ``factor``, one value a vector."""
        values = []
        for entry in range(rows * columns):
            constant = splat(
                self.builder, self.builder.load(self.builder.gep(pointer, [integer(entry)]))
            )
            values += [self.builder.fmul(constant, f) for f in factor]
        return self.matrix(rows, columns, values)

    def multiple(self, name: str, A: Values, factor: Sequence[Any]) -> Values:
        """A times ``factor``, one value a vector."""
        values = [
            self.builder.fmul(value, f) for value, f in zip(A.flat(), cycle(factor), strict=False)
        ]
        return self.matrix(len(A.entries), len(A.entries[0]), values)

    def zeros(self, name: str, rows: int, columns: int) -> Values:
        return self.matrix(rows, columns, [zero()] * (rows * columns * self.vectors))

    def product(self, name: str, A: Values, B: Values, start: Values | None = None) -> Values:
        inner = range(len(B.entries))

        def entry(i: int, j: int, v: int) -> Any:
            total = None if start is None else start.entries[i][j][v]
            for k in inner:
                a, b = A.entries[i][k][v], B.entries[k][j][v]
                first = total is None
                total = self.builder.fmul(a, b) if first else fma(self.builder, a, b, total)
            return total

        columns = range(len(B.entries[0]))
        return Values(
            tuple(
                tuple(tuple(entry(i, j, v) for v in range(self.vectors)) for j in columns)
                for i in range(len(A.entries))
            )
        )

    def accumulate(self, T: Values, A: Values, B: Values) -> Values:
        return self.product("", A, B, start=T)

    def add(self, T: Values, A: Values) -> Values:
        sums = [self.builder.fadd(t, a) for t, a in zip(T.flat(), A.flat(), strict=True)]
        return self.matrix(len(T.entries), len(T.entries[0]), sums)

    def put(self, T: Values, A: Values) -> Values:
        return A

    def squares(self, matrices: Sequence[Values]) -> list[Any]:
        """The sum of the squares of all entries, one value a vector."""
        totals = [zero()] * self.vectors
        for M in matrices:
            for row in M.entries:
                for entry in row:
                    totals = [
                        fma(self.builder, e, e, t) for e, t in zip(entry, totals, strict=True)
                    ]
        return totals


@dataclass(frozen=True)
class Place:
    """A matrix in memory, an entry a vector of lanes."""

    pointer: Any
    rows: int
    columns: int
    row_stride: int  # in doubles
    column_stride: int

    @property
    def T(self) -> Place:
        return replace(
            self,
            rows=self.columns,
            columns=self.rows,
            row_stride=self.column_stride,
            column_stride=self.row_stride,
        )


class Memory:
    """Products of matrices in memory, tile by tile; a tile's sums stay in registers."""

    vectors = 1

    def __init__(self, builder: Any, work: Any, size: int) -> None:
        self.builder, self.work = builder, work
        self._used, self._size = 0, size
        self._names: dict[str, Place] = {}

    def matrix(self, pointer: Any, rows: int, columns: int) -> Place:
        return Place(pointer, rows, columns, columns * WIDTH, WIDTH)

    def _scratch(self, name: str, rows: int, columns: int) -> Place:
        if name not in self._names:
            pointer = self.builder.gep(self.work, [integer(self._used)])
            self._names[name] = self.matrix(pointer, rows, columns)
            self._used += rows * columns * WIDTH
            if self._used > self._size:
                raise MemoryError(f"scratch memory: {self._size} doubles do not suffice")
        return self._names[name]

    def scaled(self, name: str, pointer: Any, rows: int, columns: int, factor: Any) -> Place:
        builder, target = self.builder, self._scratch(name, rows, columns)
        with loop(builder, integer(rows * columns), []) as (entry, _):
            constant = splat(builder, builder.load(builder.gep(pointer, [entry])))
            value = builder.fmul(constant, factor[0])
            store(builder, value, target.pointer, builder.mul(entry, integer(WIDTH)))
        return target

    def multiple(self, name: str, A: Place, factor: Sequence[Any]) -> Place:
        builder, target = self.builder, self._scratch(name, A.rows, A.columns)
        with loop(builder, integer(A.rows * A.columns), []) as (entry, _):
            at = builder.mul(entry, integer(WIDTH))
            value = builder.fmul(load(builder, A.pointer, at), factor[0])
            store(builder, value, target.pointer, at)
        return target

    def zeros(self, name: str, rows: int, columns: int) -> Place:
        builder, target = self.builder, self._scratch(name, rows, columns)
        with loop(builder, integer(rows * columns), []) as (entry, _):
            store(builder, zero(), target.pointer, builder.mul(entry, integer(WIDTH)))
        return target

    def product(self, name: str, A: Place, B: Place, start: Place | None = None) -> Place:
        out = self._scratch(name, A.rows, B.columns)
        self._multiply(out, A, B, start)
        return out

    def accumulate(self, T: Place, A: Place, B: Place) -> Place:
        self._multiply(T, A, B, T)
        return T

    def add(self, T: Place, A: Place) -> Place:
        builder = self.builder
        with loop(builder, integer(T.rows * T.columns), []) as (entry, _):
            at = builder.mul(entry, integer(WIDTH))
            total = builder.fadd(load(builder, T.pointer, at), load(builder, A.pointer, at))
            store(builder, total, T.pointer, at)
        return T

    def put(self, T: Place, A: Place) -> Place:
        builder = self.builder
        with loop(builder, integer(T.rows * T.columns), []) as (entry, _):
            at = builder.mul(entry, integer(WIDTH))
            store(builder, load(builder, A.pointer, at), T.pointer, at)
        return T

    def squares(self, matrices: Sequence[Place]) -> list[Any]:
        builder, total = self.builder, zero()
        for M in matrices:
            with loop(builder, integer(M.rows * M.columns), [total]) as (entry, carried):
                value = load(builder, M.pointer, builder.mul(entry, integer(WIDTH)))
                carried[0] = fma(builder, value, value, carried[0])
            total = carried[0]
        return [total]

    def _at(self, M: Place, i: Any, j: Any) -> Any:
        builder = self.builder
        offset = builder.add(
            builder.mul(i, integer(M.row_stride)), builder.mul(j, integer(M.column_stride))
        )
        return load(builder, M.pointer, offset)

    def _multiply(self, out: Place, A: Place, B: Place, start: Place | None) -> None:
        height, width = _tile(A.rows, B.columns)
        for i, rows in self._cut(A.rows, height):
            for j, columns in self._cut(B.columns, width):
                self._one_tile(out, A, B, start, i, j, rows, columns)

    def _cut(self, length: int, tile: int) -> Iterator[tuple[Any, int]]:
        """First a loop over the full tiles, then the rest: yields where a tile starts, its size."""
        full = length // tile
        if full == 1:
            yield integer(0), tile
        elif full > 1:
            with loop(self.builder, integer(full), []) as (counter, _):
                yield self.builder.mul(counter, integer(tile)), tile
        if length % tile:
            yield integer(full * tile), length % tile

    def _one_tile(
        self,
        out: Place,
        A: Place,
        B: Place,
        start: Place | None,
        i: Any,
        j: Any,
        rows: int,
        columns: int,
    ) -> None:
        builder = self.builder
        I = [builder.add(i, integer(a)) for a in range(rows)]  # noqa: E741
        J = [builder.add(j, integer(b)) for b in range(columns)]
        sums = [zero() if start is None else self._at(start, a, b) for a in I for b in J]
        with loop(builder, integer(B.rows), sums) as (k, carried):
            right = [self._at(B, k, b) for b in J]
            for a in range(rows):
                left = self._at(A, I[a], k)
                for b in range(columns):
                    place = a * columns + b
                    carried[place] = fma(builder, left, right[b], carried[place])
        for place, value in enumerate(carried):
            a, b = divmod(place, columns)
            offset = builder.add(
                builder.mul(I[a], integer(out.row_stride)),
                builder.mul(J[b], integer(out.column_stride)),
            )
            store(builder, value, out.pointer, offset)


@lru_cache
def _tile(rows: int, columns: int) -> tuple[int, int]:
    """The tile whose sums fit the registers and that loads the least."""

    def cost(height: int, width: int) -> tuple[int, int]:
        total = 0
        for h, many in ((height, rows // height), (rows % height, 1)):
            for w, as_many in ((width, columns // width), (columns % width, 1)):
                total += many * as_many * max(h * w, h + w, 4) if h and w else 0
        return total, height * width

    fits = [
        (h, w)
        for h in range(1, min(rows, 8) + 1)
        for w in range(1, min(columns, 8) + 1)
        if h * w + w + 1 < REGISTERS
    ]
    return min(fits, key=lambda tile: cost(*tile))
