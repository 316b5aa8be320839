r"""The compiled gradient step of :func:`run_ensemble`; all Numba of the package is in this module.

One SIMD lane carries one initialisation, and a *pack* of lanes takes its steps together:

    W_j ← W_j − 2η Q_jᵀ(πΣ − S)P_{j-1}ᵀ,   P_j = W_j ⋯ W_1,   Q_j = W_N ⋯ W_{j+1}.

Only Σ and S enter, so a step costs the same for any number of samples. Of the two ways to bracket
the product, (Q_jᵀE)P_{j-1}ᵀ carries d_0 columns through the layers and Q_jᵀ(EP_{j-1}ᵀ) carries d_N
rows; the cheaper is taken.

Same bits everywhere
    A compiler may vectorise the body of a loop over lanes and leave its last lanes to scalar code
    with other roundings. So nothing is left to it here: the step is written as LLVM instructions on
    vectors of lanes, each multiply-add is one explicit ``llvm.fma``, no instruction mixes lanes,
    and packs are always full (the lanes left over compute, and are not looked at). What a lane
    returns depends neither on its neighbours nor on its place, nor on the width of the vectors.

Two ways to lower a product of matrices, for one and the same list of products
    Small networks live in registers for many steps: each entry is a value, all loops are unrolled
    (:class:`_Registers`). Larger ones live in the first-level cache, laid out [entry][lane], and
    their products run over tiles of accumulators (:class:`_Memory`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from .ensemble_blocks import Outcome

# Part of the compiled code, whose cache on disk looks at this file alone: never renumber them.
CONVERGED, BOUNDED, DIVERGED = (int(outcome) for outcome in Outcome)

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)
_WIDE = "avx512f" in binding.get_host_cpu_features()
_WIDTH = 8 if _WIDE else 4  # doubles a vector
_VECTOR = ir.VectorType(_DOUBLE, _WIDTH)
_REGISTERS = 32 if _WIDE else 16
_UNROLLED = 300  # multiply-adds a step up to which a network is kept in registers


# -- what is to be computed, for either lowering ---------------------------------------------------


def _from_inputs(emit: Any, W: list[Any], T: list[Any], Sigma: Any, minus_S: Any) -> Any:
    """T_j += (Q_jᵀE)P_{j-1}ᵀ with E = πΣ − S; returns π. T may be W, then W changes in place."""
    N = len(W)
    P = [W[0]]  # P_1, …, P_N
    for j in range(1, N):
        P.append(emit.product(f"P{j + 1}", W[j], P[-1]))
    B = emit.product("E", P[-1], Sigma, start=minus_S)  # B_N = E, (d_N, d_0)
    if N == 1:
        T[0] = emit.add(T[0], B)
        return P[-1]
    for j in range(N - 1, 1, -1):
        B_before = emit.product(f"B{j}", W[j].T, B)  # B_{j-1} = W_jᵀB_j, before W_j changes
        T[j] = emit.accumulate(T[j], B, P[j - 1].T)
        B = B_before
    first = emit.product("first", W[1].T, B, start=T[0])  # P_0 = I
    T[1] = emit.accumulate(T[1], B, P[0].T)
    T[0] = emit.put(T[0], first)
    return P[-1]


def _from_outputs(emit: Any, W: list[Any], T: list[Any], Sigma: Any, minus_S: Any) -> Any:
    """T_j += Q_jᵀ(EP_{j-1}ᵀ) with E = πΣ − S; returns π. N ≥ 2. T may be W, as before."""
    N = len(W)
    Q = [W[-1]]  # Q_{N-1}, …, Q_0 = π
    for j in range(N - 2, -1, -1):
        Q.append(emit.product(f"Q{j}", Q[-1], W[j]))
    pi = Q.pop()
    G = emit.product("E", pi, Sigma, start=minus_S)  # (d_N, d_0)
    for j in range(N - 2):
        G_after = emit.product(f"G{j}", G, W[j].T)  # EP_jᵀ, before W_j changes
        T[j] = emit.accumulate(T[j], Q.pop().T, G)
        G = G_after
    last = emit.product("last", G, W[-2].T, start=T[-1])  # Q_N = I
    T[-2] = emit.accumulate(T[-2], Q.pop().T, G)
    T[-1] = emit.put(T[-1], last)
    return pi


def _cost(widths: Sequence[int], outputs: bool) -> int:
    """Instructions a step: multiply-adds, and a few multiplications or additions alone."""
    carried = widths[-1] if outputs else widths[0]
    products = [a * b * carried for a, b in pairwise(widths)]
    inner = sum(products[:-1] if outputs else products[1:])  # forward, backward, and the updates
    alone = widths[0] * widths[-1] if len(widths) == 2 else 0
    return 3 * inner + widths[0] ** 2 * widths[-1] + alone


class Plan(NamedTuple):
    """How a network is computed."""

    widths: tuple[int, ...]
    columns: int  # of the reduced data X̃
    unrolled: bool
    outputs: bool  # carries d_N rows and not d_0 columns
    vectors: int  # vectors a pack; independent chains that hide the latency of a multiply-add

    @property
    def lanes(self) -> int:
        """Lanes a pack."""
        return self.vectors * _WIDTH

    @property
    def dimension(self) -> int:
        """D."""
        return sum(a * b for a, b in pairwise(self.widths))

    @property
    def operations(self) -> int:
        """Instructions a step of one vector."""
        return _cost(self.widths, self.outputs)

    @property
    def descend(self) -> Callable[..., Any]:
        """The list of products."""
        return _from_outputs if self.outputs else _from_inputs

    @property
    def work(self) -> int:
        """Doubles of scratch memory: the named products, the data, a gradient, some to spare."""
        inside = sum(self.widths) * (self.widths[0] + self.widths[-1])
        ends = 3 * (self.widths[0] + self.widths[-1]) * (self.widths[0] + self.columns)
        return self.lanes * (2 * inside + ends + self.dimension)


@lru_cache
def plan(widths: tuple[int, ...], columns: int) -> Plan:
    """Choose how a network of these widths is computed on this machine."""
    outputs = len(widths) > 2 and _cost(widths, True) < _cost(widths, False)
    cost = _cost(widths, outputs)
    # A step of a tiny network is one chain of multiply-adds that wait for each other: take the
    # steps of a few vectors side by side, as many as the registers hold.
    vectors = max(1, min(_REGISTERS // 8, 7 * _REGISTERS // (4 * cost)))
    unrolled = cost <= _UNROLLED
    return Plan(widths, columns, unrolled, outputs, vectors)


# -- lowering to LLVM ------------------------------------------------------------------------------


def _fma(builder: Any) -> Any:
    signature = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    return cgutils.get_or_insert_function(builder.module, signature, f"llvm.fma.v{_WIDTH}f64")


def _splat(builder: Any, scalar: Any) -> Any:
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, _int(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), _WIDTH), [0] * _WIDTH)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), zeros)


def _int(value: int) -> Any:
    return ir.Constant(_INT, value)


def _zero() -> Any:
    return ir.Constant(_VECTOR, [0.0] * _WIDTH)


def _load(builder: Any, pointer: Any, offset: Any) -> Any:
    at = builder.bitcast(builder.gep(pointer, [offset]), _VECTOR.as_pointer())
    return builder.load(at, align=8)


def _store(builder: Any, value: Any, pointer: Any, offset: Any) -> None:
    at = builder.bitcast(builder.gep(pointer, [offset]), _VECTOR.as_pointer())
    builder.store(value, at, align=8)


@contextmanager
def _loop(builder: Any, count: Any, start: Sequence[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """A loop of count ≥ 1 rounds: yields its counter and its carried values, to be replaced."""
    before = builder.block
    body, after = builder.append_basic_block("body"), builder.append_basic_block("after")
    builder.branch(body)
    builder.position_at_end(body)
    counter = builder.phi(_INT)
    counter.add_incoming(_int(0), before)
    carried = []
    for value in start:
        phi = builder.phi(value.type)
        phi.add_incoming(value, before)
        carried.append(phi)
    phis = list(carried)
    yield counter, carried
    following = builder.add(counter, _int(1))
    counter.add_incoming(following, builder.block)
    for phi, value in zip(phis, carried, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), body, after)
    builder.position_at_end(after)


@dataclass(frozen=True)
class _Values:
    """A matrix of values in registers; an entry has one value a vector."""

    entries: tuple[tuple[tuple[Any, ...], ...], ...]

    @property
    def T(self) -> _Values:
        return _Values(tuple(zip(*self.entries, strict=True)))

    def flat(self) -> list[Any]:
        return [value for row in self.entries for entry in row for value in entry]


class _Registers:
    """Products of matrices whose entries are values: everything is unrolled."""

    def __init__(self, builder: Any, vectors: int) -> None:
        self.builder, self.vectors, self._fma = builder, vectors, _fma(builder)

    def matrix(self, rows: int, columns: int, values: Sequence[Any]) -> _Values:
        given = iter(values)
        return _Values(
            tuple(
                tuple(tuple(next(given) for _ in range(self.vectors)) for _ in range(columns))
                for _ in range(rows)
            )
        )

    def scaled(self, name: str, pointer: Any, rows: int, columns: int, factor: Any) -> _Values:
        """The constant matrix at ``pointer`` times ``factor``, one value a vector."""
        values = []
        for entry in range(rows * columns):
            constant = _splat(
                self.builder, self.builder.load(self.builder.gep(pointer, [_int(entry)]))
            )
            values += [self.builder.fmul(constant, f) for f in factor]
        return self.matrix(rows, columns, values)

    def zeros(self, name: str, rows: int, columns: int) -> _Values:
        return self.matrix(rows, columns, [_zero()] * (rows * columns * self.vectors))

    def product(self, name: str, A: _Values, B: _Values, start: _Values | None = None) -> _Values:
        inner = range(len(B.entries))

        def entry(i: int, j: int, v: int) -> Any:
            total = None if start is None else start.entries[i][j][v]
            for k in inner:
                a, b = A.entries[i][k][v], B.entries[k][j][v]
                if total is None:
                    total = self.builder.fmul(a, b)
                else:
                    total = self.builder.call(self._fma, [a, b, total])
            return total

        columns = range(len(B.entries[0]))
        return _Values(
            tuple(
                tuple(tuple(entry(i, j, v) for v in range(self.vectors)) for j in columns)
                for i in range(len(A.entries))
            )
        )

    def accumulate(self, T: _Values, A: _Values, B: _Values) -> _Values:
        return self.product("", A, B, start=T)

    def add(self, T: _Values, A: _Values) -> _Values:
        sums = [self.builder.fadd(t, a) for t, a in zip(T.flat(), A.flat(), strict=True)]
        return self.matrix(len(T.entries), len(T.entries[0]), sums)

    def put(self, T: _Values, A: _Values) -> _Values:
        return A

    def squares(self, matrices: Sequence[_Values]) -> list[Any]:
        """The sum of the squares of all entries, one value a vector."""
        totals = [_zero()] * self.vectors
        for M in matrices:
            for row in M.entries:
                for entry in row:
                    totals = [
                        self.builder.call(self._fma, [e, e, t])
                        for e, t in zip(entry, totals, strict=True)
                    ]
        return totals


@dataclass(frozen=True)
class _Place:
    """A matrix in memory, an entry a vector of lanes."""

    pointer: Any
    rows: int
    columns: int
    row_stride: int  # in doubles
    column_stride: int

    @property
    def T(self) -> _Place:
        return replace(
            self,
            rows=self.columns,
            columns=self.rows,
            row_stride=self.column_stride,
            column_stride=self.row_stride,
        )


class _Memory:
    """Products of matrices in memory, tile by tile; a tile's sums stay in registers."""

    vectors = 1

    def __init__(self, builder: Any, work: Any, size: int) -> None:
        self.builder, self.work, self._fma = builder, work, _fma(builder)
        self._used, self._size = 0, size
        self._names: dict[str, _Place] = {}

    def matrix(self, pointer: Any, rows: int, columns: int) -> _Place:
        return _Place(pointer, rows, columns, columns * _WIDTH, _WIDTH)

    def _scratch(self, name: str, rows: int, columns: int) -> _Place:
        if name not in self._names:
            pointer = self.builder.gep(self.work, [_int(self._used)])
            self._names[name] = self.matrix(pointer, rows, columns)
            self._used += rows * columns * _WIDTH
            if self._used > self._size:
                raise MemoryError(f"scratch memory: {self._size} doubles do not suffice")
        return self._names[name]

    def scaled(self, name: str, pointer: Any, rows: int, columns: int, factor: Any) -> _Place:
        builder, target = self.builder, self._scratch(name, rows, columns)
        with _loop(builder, _int(rows * columns), []) as (entry, _):
            constant = _splat(builder, builder.load(builder.gep(pointer, [entry])))
            value = builder.fmul(constant, factor[0])
            _store(builder, value, target.pointer, builder.mul(entry, _int(_WIDTH)))
        return target

    def zeros(self, name: str, rows: int, columns: int) -> _Place:
        builder, target = self.builder, self._scratch(name, rows, columns)
        with _loop(builder, _int(rows * columns), []) as (entry, _):
            _store(builder, _zero(), target.pointer, builder.mul(entry, _int(_WIDTH)))
        return target

    def product(self, name: str, A: _Place, B: _Place, start: _Place | None = None) -> _Place:
        out = self._scratch(name, A.rows, B.columns)
        self._multiply(out, A, B, start)
        return out

    def accumulate(self, T: _Place, A: _Place, B: _Place) -> _Place:
        self._multiply(T, A, B, T)
        return T

    def add(self, T: _Place, A: _Place) -> _Place:
        builder = self.builder
        with _loop(builder, _int(T.rows * T.columns), []) as (entry, _):
            at = builder.mul(entry, _int(_WIDTH))
            total = builder.fadd(_load(builder, T.pointer, at), _load(builder, A.pointer, at))
            _store(builder, total, T.pointer, at)
        return T

    def put(self, T: _Place, A: _Place) -> _Place:
        builder = self.builder
        with _loop(builder, _int(T.rows * T.columns), []) as (entry, _):
            at = builder.mul(entry, _int(_WIDTH))
            _store(builder, _load(builder, A.pointer, at), T.pointer, at)
        return T

    def squares(self, matrices: Sequence[_Place]) -> list[Any]:
        builder, total = self.builder, _zero()
        for M in matrices:
            with _loop(builder, _int(M.rows * M.columns), [total]) as (entry, carried):
                value = _load(builder, M.pointer, builder.mul(entry, _int(_WIDTH)))
                carried[0] = builder.call(self._fma, [value, value, carried[0]])
            total = carried[0]
        return [total]

    def _at(self, M: _Place, i: Any, j: Any) -> Any:
        builder = self.builder
        offset = builder.add(
            builder.mul(i, _int(M.row_stride)), builder.mul(j, _int(M.column_stride))
        )
        return _load(builder, M.pointer, offset)

    def _multiply(self, out: _Place, A: _Place, B: _Place, start: _Place | None) -> None:
        height, width = _tile(A.rows, B.columns)
        for i, rows in self._cut(A.rows, height):
            for j, columns in self._cut(B.columns, width):
                self._one_tile(out, A, B, start, i, j, rows, columns)

    def _cut(self, length: int, tile: int) -> Iterator[tuple[Any, int]]:
        """First a loop over the full tiles, then the rest: yields where a tile starts, its size."""
        full = length // tile
        if full == 1:
            yield _int(0), tile
        elif full > 1:
            with _loop(self.builder, _int(full), []) as (counter, _):
                yield self.builder.mul(counter, _int(tile)), tile
        if length % tile:
            yield _int(full * tile), length % tile

    def _one_tile(
        self,
        out: _Place,
        A: _Place,
        B: _Place,
        start: _Place | None,
        i: Any,
        j: Any,
        rows: int,
        columns: int,
    ) -> None:
        builder = self.builder
        I = [builder.add(i, _int(a)) for a in range(rows)]  # noqa: E741
        J = [builder.add(j, _int(b)) for b in range(columns)]
        sums = [_zero() if start is None else self._at(start, a, b) for a in I for b in J]
        with _loop(builder, _int(B.rows), sums) as (k, carried):
            right = [self._at(B, k, b) for b in J]
            for a in range(rows):
                left = self._at(A, I[a], k)
                for b in range(columns):
                    place = a * columns + b
                    carried[place] = builder.call(self._fma, [left, right[b], carried[place]])
        for place, value in enumerate(carried):
            a, b = divmod(place, columns)
            offset = builder.add(
                builder.mul(I[a], _int(out.row_stride)), builder.mul(J[b], _int(out.column_stride))
            )
            _store(builder, value, out.pointer, offset)


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
        if h * w + w + 1 < _REGISTERS
    ]
    return min(fits, key=lambda tile: cost(*tile))


# -- the two functions a pack needs ----------------------------------------------------------------


def _start(module: Any, name: str, arguments: Sequence[Any]) -> tuple[Any, Any, Any]:
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")  # called from several places, compiled once
    return function, ir.IRBuilder(function.append_basic_block("entry")), function.args


def _weights(emit: Any, builder: Any, spec: Plan, theta: Any) -> list[Any]:
    """W_1, …, W_N of the pack at ``theta``, as values or as places."""
    weights, entry = [], 0
    for before, after in pairwise(spec.widths):
        if spec.unrolled:
            offsets = range(entry * spec.lanes, (entry + before * after) * spec.lanes, _WIDTH)
            values = [_load(builder, theta, _int(o)) for o in offsets]
            weights.append(emit.matrix(after, before, values))
        else:
            pointer = builder.gep(theta, [_int(entry * spec.lanes)])
            weights.append(emit.matrix(pointer, after, before))
        entry += before * after
    return weights


def _constants(
    emit: Any, spec: Plan, Sigma: Any, S: Any, factor: list[Any], minus: list[Any]
) -> tuple[Any, Any]:
    """cΣ and −cS, the factor c of each lane folded in once for many steps."""
    d_0, d_N = spec.widths[0], spec.widths[-1]
    return (
        emit.scaled("Sigma", Sigma, d_0, d_0, factor),
        emit.scaled("S", S, d_N, d_0, minus),
    )


def _advance_function(module: Any, spec: Plan) -> Any:
    """Void advance(theta, factor, Sigma, S, work, steps): steps ≥ 1 with factor = −2η."""
    pointer = _DOUBLE.as_pointer()
    function, builder, (theta, factor, Sigma, S, work, steps) = _start(
        module, "advance", [pointer] * 5 + [_INT]
    )
    emit: Any = (
        _Registers(builder, spec.vectors) if spec.unrolled else _Memory(builder, work, spec.work)
    )
    scale = [_load(builder, factor, _int(v * _WIDTH)) for v in range(spec.vectors)]
    minus = [builder.fneg(s) for s in scale]
    constants = _constants(emit, spec, Sigma, S, scale, minus)
    W = _weights(emit, builder, spec, theta)
    values = [value for M in W for value in M.flat()] if spec.unrolled else []
    with _loop(builder, steps, values) as (_, carried):
        if spec.unrolled:
            given = iter(list(carried))
            W = [
                emit.matrix(b, a, [next(given) for _ in range(a * b * spec.vectors)])
                for a, b in pairwise(spec.widths)
            ]
        T = list(W)
        spec.descend(emit, W, T, *constants)
        if spec.unrolled:
            carried[:] = [value for M in T for value in M.flat()]
    if spec.unrolled:
        for entry, value in enumerate(carried):
            _store(builder, value, theta, _int(entry * _WIDTH))
    builder.ret_void()
    return function


def _look_function(module: Any, spec: Plan) -> Any:
    """Void look(theta, Sigma, S, X, Y, work, escape, small, out, flags).

    Writes ‖θ‖², ‖∇L‖², ‖πX̃ − Ỹ‖² of each lane to out (3, lanes), and to flags (2,) two sets of
    lanes as bits: those not within ‖θ‖² ≤ escape, those with ‖∇L‖² ≤ small.
    """
    pointer = _DOUBLE.as_pointer()
    function, builder, arguments = _start(
        module, "look", [pointer] * 7 + [_DOUBLE, pointer, _INT.as_pointer()]
    )
    theta, Sigma, S, X, Y, work, escape, small, out, flags = arguments
    emit: Any = (
        _Registers(builder, spec.vectors) if spec.unrolled else _Memory(builder, work, spec.work)
    )
    two, minus_two, one, minus = (
        [ir.Constant(_VECTOR, [c] * _WIDTH)] * spec.vectors for c in (2.0, -2.0, 1.0, -1.0)
    )
    W = _weights(emit, builder, spec, theta)
    T = [emit.zeros(f"gradient{j}", b, a) for j, (a, b) in enumerate(pairwise(spec.widths))]
    pi = spec.descend(emit, list(W), T, *_constants(emit, spec, Sigma, S, two, minus_two))
    d_0, d_N, k = spec.widths[0], spec.widths[-1], spec.columns
    reduced_X = emit.scaled("X", X, d_0, k, one)
    minus_Y = emit.scaled("Y", Y, d_N, k, minus)
    R = emit.product("R", pi, reduced_X, start=minus_Y)
    rows = [emit.squares(W), emit.squares(T), emit.squares([R])]
    masks: list[Any] = [_int(0), _int(0)]
    for v in range(spec.vectors):
        for row in range(3):
            _store(builder, rows[row][v], out, _int(row * spec.lanes + v * _WIDTH))
        bound = _load(builder, escape, _int(v * _WIDTH))
        outside = builder.fcmp_unordered(">", rows[0][v], bound)  # true for NaN
        flat = builder.fcmp_ordered("<=", rows[1][v], _splat(builder, small))
        for which, lanes in enumerate((outside, flat)):
            bits = builder.zext(builder.bitcast(lanes, ir.IntType(_WIDTH)), _INT)
            masks[which] = builder.or_(masks[which], builder.shl(bits, _int(v * _WIDTH)))
    for which in range(2):
        builder.store(masks[which], builder.gep(flags, [_int(which)]))
    builder.ret_void()
    return function


# -- the same for Numba ----------------------------------------------------------------------------


def _key(spec: Plan) -> str:
    """A plan as a string, the one kind of constant that Numba hands on to an intrinsic."""
    numbers = (spec.columns, int(spec.unrolled), int(spec.outputs), spec.vectors)
    return "|".join("-".join(map(str, part)) for part in (spec.widths, numbers))


def _spec(key: Any) -> Plan:
    if not isinstance(key, types.StringLiteral):
        raise RequireLiteralValue("the key of a network must be a constant")
    widths, numbers = (tuple(map(int, p.split("-"))) for p in key.literal_value.split("|"))
    columns, unrolled, outputs, vectors = numbers
    return Plan(widths, columns, bool(unrolled), bool(outputs), vectors)


def _data(context: Any, builder: Any, kind: Any, value: Any, offset: Any = None) -> Any:
    pointer = context.make_array(kind)(context, builder, value).data
    return pointer if offset is None else builder.gep(pointer, [offset])


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _advance(
    typing: Any,
    key: Any,
    theta: Any,
    at: Any,
    factor: Any,
    factor_at: Any,
    Sigma: Any,
    S: Any,
    work: Any,
    steps: Any,
) -> Any:
    """Take ``steps`` ≥ 1 steps with the pack that begins at theta[at]."""
    spec = _spec(key)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        function = builder.module.globals.get("advance")
        if function is None:
            function = _advance_function(builder.module, spec)
        kinds = signature.args
        builder.call(
            function,
            [
                _data(context, builder, kinds[1], values[1], values[2]),
                _data(context, builder, kinds[3], values[3], values[4]),
                *(_data(context, builder, kinds[n], values[n]) for n in (5, 6, 7)),
                values[8],
            ],
        )
        return context.get_dummy_value()

    integer = types.int64
    signature = types.void(key, theta, integer, factor, integer, Sigma, S, work, integer)
    return signature, emit


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _look(
    typing: Any,
    key: Any,
    theta: Any,
    at: Any,
    escape: Any,
    escape_at: Any,
    Sigma: Any,
    S: Any,
    X: Any,
    Y: Any,
    work: Any,
    small: Any,
    out: Any,
    flags: Any,
) -> Any:
    """Measure the pack that begins at theta[at]."""
    spec = _spec(key)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        function = builder.module.globals.get("look")
        if function is None:
            function = _look_function(builder.module, spec)
        kinds = signature.args
        builder.call(
            function,
            [
                _data(context, builder, kinds[1], values[1], values[2]),
                *(_data(context, builder, kinds[n], values[n]) for n in (5, 6, 7, 8, 9)),
                _data(context, builder, kinds[3], values[3], values[4]),
                values[10],
                *(_data(context, builder, kinds[n], values[n]) for n in (11, 12)),
            ],
        )
        return context.get_dummy_value()

    integer, double = types.int64, types.float64
    signature = types.void(
        key, theta, integer, escape, integer, Sigma, S, X, Y, work, double, out, flags
    )
    return signature, emit


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def _aligned(size: int) -> Any:
    """Zeros that begin at a cache line: a vector that crosses one takes two loads."""
    line = 64
    room = np.zeros(size + line // 8)
    skip = ((line - room.ctypes.data % line) % line) // 8
    return room[skip : skip + size]


@lru_cache
def sweep(widths: tuple[int, ...], columns: int) -> Callable[..., None]:
    """The compiled sweep over a block of initialisations, for networks of these widths.

    The returned function has the arguments

    start (m, D), eta (m,)
        Initial points and step sizes.
    Sigma (d_0, d_0), S (d_N, d_0), X (d_0, k), Y (d_N, k)
        Σ and S for the step, X̃ and Ỹ for the loss.
    steps, every
        Steps at most, and steps between two looks.
    window
        Steps that a small gradient must last.
    small
        The square of the gradient norm that counts as small.
    escape (m,)
        The square of the norm past which a point has escaped.
    theta (m, D), outcome (m,) int8, taken (m,) int64, settled (m,) int64, residual (m,), slope (m,)
        Results, written to: θ, outcome, steps taken, the step since when the gradient was small
        (−1: never to the end), ‖πX̃ − Ỹ‖² and ‖∇L‖².

    All arrays are C-contiguous; all but three are float64.
    """
    # A constant string and two ints: what a compiled closure keeps must be told apart by its value,
    # since Numba's cache on disk does so.
    spec = plan(widths, columns)
    key = _key(spec)
    D, L, WORK = spec.dimension, spec.lanes, spec.work

    @njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
    def run(
        start: Any,
        eta: Any,
        Sigma: Any,
        S: Any,
        X: Any,
        Y: Any,
        steps: int,
        every: int,
        window: int,
        small: float,
        escape: Any,
        theta: Any,
        outcome: Any,
        taken: Any,
        settled: Any,
        residual: Any,
        slope: Any,
    ) -> None:
        m = start.shape[0]
        packs = (m + L - 1) // L
        size = D * L
        state = _aligned(packs * size)
        factor = _aligned(packs * L)
        bound = _aligned(packs * L)
        who = np.full(packs * L, -1)  # the initialisation in this lane
        watched = np.zeros(packs, np.bool_)  # a lane of this pack has a small gradient
        before = _aligned(size)
        work = _aligned(WORK)
        out = _aligned(3 * L)
        flags = np.zeros(2, np.int64)
        escaped = np.empty(m, np.int64)
        escapes = 0

        for i in range(m):
            pack, lane = i // L, i % L
            for d in range(D):
                state[pack * size + d * L + lane] = start[i, d]
            factor[i] = -2.0 * eta[i]
            bound[i] = escape[i]
            who[i] = i
            settled[i] = -1

        t, chunk, active = 0, 0, m
        while True:
            left = 0
            for pack in range((active + L - 1) // L):
                at = pack * size
                if chunk > 0:
                    before[:] = state[at : at + size]
                    _advance(key, state, at, factor, pack * L, Sigma, S, work, chunk)
                _look(key, state, at, bound, pack * L, Sigma, S, X, Y, work, small, out, flags)
                last = t == steps
                if flags[0] == 0 and flags[1] == 0 and not watched[pack] and not last:
                    continue
                watched[pack] = False
                for lane in range(min(L, active - pack * L)):
                    i = who[pack * L + lane]
                    if (flags[0] >> lane) & 1:
                        # Where between two looks it escaped is found out at the end.
                        for d in range(D):
                            theta[i, d] = before[d * L + lane]
                        taken[i] = t - chunk
                        settled[i] = -1
                        outcome[i] = DIVERGED
                        escaped[escapes] = i
                        escapes += 1
                        who[pack * L + lane] = -1
                        left += 1
                        continue
                    if (flags[1] >> lane) & 1:
                        if settled[i] < 0:
                            settled[i] = t
                        watched[pack] = True
                    else:
                        settled[i] = -1
                    converged = settled[i] >= 0 and t - settled[i] >= window
                    if converged or last:
                        for d in range(D):
                            theta[i, d] = state[at + d * L + lane]
                        taken[i] = t
                        outcome[i] = CONVERGED if converged else BOUNDED
                        slope[i] = out[L + lane]
                        residual[i] = out[2 * L + lane]
                        who[pack * L + lane] = -1
                        left += 1
            # Close the gaps with lanes from the end.
            if left > 0:
                gap = 0
                while True:
                    while gap < active and who[gap] >= 0:
                        gap += 1
                    while active > gap and who[active - 1] < 0:
                        active -= 1
                    if gap >= active:
                        break
                    source = active - 1
                    to, lane = gap // L * size, gap % L
                    origin, origin_lane = source // L * size, source % L
                    for d in range(D):
                        state[to + d * L + lane] = state[origin + d * L + origin_lane]
                    factor[gap], bound[gap], who[gap] = factor[source], bound[source], who[source]
                    watched[gap // L] = watched[gap // L] or watched[source // L]
                    who[source] = -1
                    active -= 1
            if active == 0:
                break
            chunk = min(every, steps - t)
            t += chunk

        # The first step outside, for those that escaped: again from the last look, one by one.
        for first in range(0, escapes, L):
            many = min(L, escapes - first)
            for lane in range(many):
                i = escaped[first + lane]
                for d in range(D):
                    state[d * L + lane] = theta[i, d]
                factor[lane] = -2.0 * eta[i]
                bound[lane] = escape[i]
                who[lane] = i
            waiting = many
            while waiting > 0:  # at most ``every`` times: these are the same steps again
                _advance(key, state, 0, factor, 0, Sigma, S, work, 1)
                _look(key, state, 0, bound, 0, Sigma, S, X, Y, work, small, out, flags)
                for lane in range(many):
                    i = who[lane]
                    if i < 0:
                        continue
                    taken[i] += 1
                    if (flags[0] >> lane) & 1:
                        for d in range(D):
                            theta[i, d] = state[d * L + lane]
                        slope[i] = out[L + lane]
                        residual[i] = out[2 * L + lane]
                        who[lane] = -1
                        waiting -= 1

    return run  # type: ignore[no-any-return]
