r"""The gradient step of :func:`run_ensemble`, compiled for each kind of network.

One SIMD lane carries one orbit, and a *pack* of lanes takes its steps together. What a step
computes is listed in :mod:`._step`; :mod:`._lowering` writes products as instructions.

Same bits everywhere
    A compiler may vectorise the body of a loop over lanes and leave its last lanes to scalar code
    with other roundings. So nothing is left to it here: the step is written as LLVM instructions on
    vectors of lanes, each multiply-add is one explicit ``llvm.fma``, no instruction mixes lanes,
    and packs are always full (the lanes left over compute, and are not looked at). What a lane
    returns depends neither on its neighbours nor on its place, nor on the width of the vectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic

from . import _lowering, _step
from ._lowering import (
    VECTOR,
    WIDTH,
    Memory,
    Registers,
    integer,
    load,
    loop,
    splat,
    store,
)
from ._step import Plan, plan

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)

# Of these files Numba's cache on disk knows nothing: a digest is part of each network's key.
_FILES = [str(module.__file__) for module in (_lowering, _step)]
_SOURCES = hashlib.sha256(b"".join(Path(file).read_bytes() for file in _FILES)).hexdigest()[:16]

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
            offsets = range(entry * spec.lanes, (entry + before * after) * spec.lanes, WIDTH)
            values = [load(builder, theta, integer(o)) for o in offsets]
            weights.append(emit.matrix(after, before, values))
        else:
            pointer = builder.gep(theta, [integer(entry * spec.lanes)])
            weights.append(emit.matrix(pointer, after, before))
        entry += before * after
    return weights


def _product(emit: Any, factors: Sequence[Any]) -> Any:
    """π, of its last two factors or of a single layer."""
    return factors[0] if len(factors) == 1 else emit.product("pi", *factors)


def _error(
    emit: Any, spec: Plan, Sigma: Any, S: Any, factor: list[Any], minus: list[Any]
) -> Callable[[Any], Any]:
    """π ↦ c(πΣ − S), the factor c of each lane folded into the constants once for many steps."""
    d_0, d_N = spec.widths[0], spec.widths[-1]
    multiple_of_Sigma = emit.scaled("Sigma", Sigma, d_0, d_0, factor)
    multiple_of_S = emit.scaled("S", S, d_N, d_0, minus)
    return lambda pi: emit.product("E", pi, multiple_of_Sigma, start=multiple_of_S)


def _advance_function(module: Any, spec: Plan) -> Any:
    """Void advance(theta, factor, Sigma, S, work, steps): steps ≥ 1, factor = 2ηα^{N−2}."""
    pointer = _DOUBLE.as_pointer()
    function, builder, (theta, factor, Sigma, S, work, steps) = _start(
        module, "advance", [pointer] * 5 + [_INT]
    )
    emit: Any = (
        Registers(builder, spec.vectors) if spec.unrolled else Memory(builder, work, spec.work)
    )
    scale = [load(builder, factor, integer(v * WIDTH)) for v in range(spec.vectors)]
    minus = [builder.fneg(s) for s in scale]
    if spec.rescaled:
        start = emit.scaled("S", S, spec.widths[-1], 1, minus)
        minus_one = [ir.Constant(VECTOR, [-1.0] * WIDTH)] * spec.vectors

        def error(*factors: Any) -> Any:
            return emit.multiple("E", emit.product("-E", *factors, start=start), minus_one)

    else:
        of = _error(emit, spec, Sigma, S, minus, scale)

        def error(*factors: Any) -> Any:
            return of(_product(emit, factors))

    W = _weights(emit, builder, spec, theta)
    values = [value for M in W for value in M.flat()] if spec.unrolled else []
    with loop(builder, steps, values) as (_, carried):
        if spec.unrolled:
            given = iter(list(carried))
            W = [
                emit.matrix(b, a, [next(given) for _ in range(a * b * spec.vectors)])
                for a, b in pairwise(spec.widths)
            ]
        T = list(W)
        spec.descend(emit, W, T, error)
        if spec.unrolled:
            carried[:] = [value for M in T for value in M.flat()]
    if spec.unrolled:
        for entry, value in enumerate(carried):
            store(builder, value, theta, integer(entry * WIDTH))
    builder.ret_void()
    return function


def _look_function(module: Any, spec: Plan) -> Any:
    """Void look(theta, unit, Sigma, S, X, Y, work, escape, out, small, flags).

    Writes to flags (3,) two sets of lanes as bits: those not within ‖θ‖² ≤ escape, those with
    ‖∇L‖² ≤ small. If there are any, or flags[2] asks for it, writes ‖∇L‖² and ‖πX̃ − Ỹ‖² of each
    lane to out (2, lanes).
    """
    pointer = _DOUBLE.as_pointer()
    function, builder, arguments = _start(
        module, "look", [pointer] * 9 + [_DOUBLE, _INT.as_pointer()]
    )
    theta, unit, Sigma, S, X, Y, work, escape, out, small, flags = arguments
    emit: Any = (
        Registers(builder, spec.vectors) if spec.unrolled else Memory(builder, work, spec.work)
    )
    two, minus_two, one, minus = (
        [ir.Constant(VECTOR, [c] * WIDTH)] * spec.vectors for c in (2.0, -2.0, 1.0, -1.0)
    )
    W = _weights(emit, builder, spec, theta)
    if spec.rescaled:
        alpha = [load(builder, unit, integer(v * WIDTH)) for v in range(spec.vectors)]
        W = [emit.multiple(f"W{j}", V, alpha) for j, V in enumerate(W)]
    T = [emit.zeros(f"gradient{j}", b, a) for j, (a, b) in enumerate(pairwise(spec.widths))]
    of = _error(emit, spec, Sigma, S, two, minus_two)
    products = []  # the one value π

    def error(*factors: Any) -> Any:
        products.append(_product(emit, factors))
        return of(products[-1])

    spec.descend(emit, list(W), T, error)
    norms, slopes = emit.squares(W), emit.squares(T)
    masks: list[Any] = [integer(0), integer(0)]
    for v in range(spec.vectors):
        bound = load(builder, escape, integer(v * WIDTH))
        outside = builder.fcmp_unordered(">", norms[v], bound)  # true for NaN
        flat = builder.fcmp_ordered("<=", slopes[v], splat(builder, small))
        for which, lanes in enumerate((outside, flat)):
            bits = builder.zext(builder.bitcast(lanes, ir.IntType(WIDTH)), _INT)
            masks[which] = builder.or_(masks[which], builder.shl(bits, integer(v * WIDTH)))
    for which in range(2):
        builder.store(masks[which], builder.gep(flags, [integer(which)]))
    wanted = builder.load(builder.gep(flags, [integer(2)]))
    for mask in masks:
        wanted = builder.or_(wanted, mask)
    with builder.if_then(builder.icmp_signed("!=", wanted, integer(0)), likely=False):
        d_0, d_N, k = spec.widths[0], spec.widths[-1], spec.columns
        reduced_X = emit.scaled("X", X, d_0, k, one)
        minus_Y = emit.scaled("Y", Y, d_N, k, minus)
        R = emit.product("R", products[-1], reduced_X, start=minus_Y)
        for row, values in enumerate((slopes, emit.squares([R]))):
            for v, value in enumerate(values):
                store(builder, value, out, integer(row * spec.lanes + v * WIDTH))
    builder.ret_void()
    return function


# -- the same for Numba ----------------------------------------------------------------------------


def _key(spec: Plan) -> str:
    """A plan as a string, the one kind of constant that Numba hands on to an intrinsic."""
    numbers = tuple(int(number) for number in spec[1:])
    return "|".join(["-".join(map(str, part)) for part in (spec.widths, numbers)] + [_SOURCES])


def _spec(key: Any) -> Plan:
    if not isinstance(key, types.StringLiteral):
        raise RequireLiteralValue("the key of a network must be a constant")
    widths, numbers = (tuple(map(int, p.split("-"))) for p in key.literal_value.split("|")[:2])
    columns, unrolled, rescaled, outputs, vectors = numbers
    return Plan(widths, columns, bool(unrolled), bool(rescaled), bool(outputs), vectors)


class Layout(NamedTuple):
    """Where things are in the memory of a sweep, in doubles; see :class:`Kernel`."""

    Sigma: int
    S: int
    X: int
    Y: int
    before: int
    out: int
    work: int
    packs: int


def _layout(spec: Plan) -> Layout:
    d_0, d_N, k = spec.widths[0], spec.widths[-1], spec.columns
    S, X, Y, end = accumulate((d_0 * d_0, d_N * d_0, d_0 * k, d_N * k))
    before = _whole_lines(end)
    out = before + spec.dimension * spec.lanes
    work = out + 2 * spec.lanes
    return Layout(0, S, X, Y, before, out, work, _whole_lines(work + spec.work))


def _whole_lines(doubles: int) -> int:
    """Rounded up to cache lines: a vector that crosses one takes two loads."""
    return -(-doubles // 8) * 8


# Rows of a pack after θ.
FACTOR, UNIT, ESCAPE, MORE_ROWS = range(4)
_ROWS = {"factor": FACTOR, "unit": UNIT, "escape": ESCAPE}


def _call(name: str, spec: Plan, build: Callable[[Any, Plan], Any], parts: Sequence[str]) -> Any:
    """How an intrinsic calls a function of the pack at memory[at], with places of its parts."""
    layout = _layout(spec)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        function = builder.module.globals.get(name)
        if function is None:
            function = build(builder.module, spec)
        memory = context.make_array(signature.args[1])(context, builder, values[1]).data
        places = []
        for part in parts:
            if part == "theta":
                offset = values[2]
            elif part in _ROWS:
                row = (spec.dimension + _ROWS[part]) * spec.lanes
                offset = builder.add(values[2], integer(row))
            else:
                offset = integer(getattr(layout, part))
            places.append(builder.gep(memory, [offset]))
        if name == "look":
            flags = context.make_array(signature.args[4])(context, builder, values[4]).data
            builder.call(function, [*places, values[3], flags])
        else:  # a loop in Python would not be known to copy from one place to another
            before = builder.gep(memory, [integer(layout.before)])
            cgutils.raw_memcpy(builder, before, places[0], integer(spec.dimension * spec.lanes), 8)
            builder.call(function, [*places, values[3]])
        return context.get_dummy_value()

    return emit


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _advance(typing: Any, key: Any, memory: Any, at: Any, steps: Any) -> Any:
    """Take ``steps`` ≥ 1 steps with the pack at memory[at], after a copy to ``before``."""
    parts = ("theta", "factor", "Sigma", "S", "work")
    emit = _call("advance", _spec(key), _advance_function, parts)
    return types.void(key, memory, types.int64, types.int64), emit


@intrinsic(prefer_literal=True)  # type: ignore[untyped-decorator]
def _look(typing: Any, key: Any, memory: Any, at: Any, small: Any, flags: Any) -> Any:
    """Measure the pack at memory[at]."""
    parts = ("theta", "unit", "Sigma", "S", "X", "Y", "work", "escape", "out")
    emit = _call("look", _spec(key), _look_function, parts)
    return types.void(key, memory, types.int64, types.float64, flags), emit


# -- the compiled function -------------------------------------------------------------------------

FLOATS, COUNTS = types.float64[::1], types.int64[::1]
GO_ON = types.int64(
    *(FLOATS, types.int64, types.int64, types.int64),
    *(types.float64, types.boolean, types.boolean[::1], COUNTS),
)


class Kernel(NamedTuple):
    """What :mod:`._sweep` needs for one kind of network.

    ``go_on(memory, pack, packs, steps, small, last, watched, flags)`` takes steps with this pack
    and the following ones, if any, and looks at each; it returns the number of the first of which
    something is to be told, or of which it is asked for (``last``, ``watched``), else ``packs``.
    See :func:`_look_function` for the flags.

    The memory of a sweep begins with Σ, S, X̃ and Ỹ. At ``before`` there is θ of that pack as it was
    before the steps, at ``out`` ‖∇L‖² and ‖πX̃ − Ỹ‖² of its lanes; the rest is scratch. From
    ``begin`` on there are the packs, each of D + 3 rows of L lanes: θ, 2ηα^{N−2}, α, and the ‖θ‖²
    past which a point has escaped.
    """

    go_on: Callable[..., int]
    lanes: int  # L, a pack
    begin: int
    before: int
    out: int


@lru_cache
def kernel(widths: tuple[int, ...], columns: int, rescaled: bool) -> Kernel:
    """Compile the step for networks of these widths, or find it on disk."""
    spec = plan(widths, columns, rescaled)
    key, layout = _key(spec), _layout(spec)
    begin, pack_size = layout.packs, (spec.dimension + MORE_ROWS) * spec.lanes

    def go_on(
        memory: Any,
        first: int,
        packs: int,
        steps: int,
        small: float,
        last: bool,
        watched: Any,
        flags: Any,
    ) -> int:
        for pack in range(first, packs):
            at = begin + pack * pack_size
            if steps > 0:
                _advance(key, memory, at, steps)
            flags[2] = last or watched[pack]
            _look(key, memory, at, small, flags)
            if flags[0] or flags[1] or flags[2]:
                return pack
        return packs

    # A name, and so a file in Numba's cache on disk, for each network. From a shared file two
    # processes that compile at once may be handed each other's code. What the closure keeps must be
    # told apart by its value: a string and ints.
    go_on.__qualname__ = f"go_on_{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    compiled = njit(GO_ON, nogil=True, cache=True)(go_on)
    return Kernel(compiled, spec.lanes, begin, layout.before, layout.out)
