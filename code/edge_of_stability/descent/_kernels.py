r"""The compiled gradient step of :func:`run_ensemble`; all Numba of the package is in this module.

One SIMD lane carries one initialisation, and a *pack* of lanes takes its steps together. What a
step computes is listed in :mod:`._step`; :mod:`._lowering` writes products as
instructions.

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
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
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
from .outcomes import Outcome

_DOUBLE, _INT = ir.DoubleType(), ir.IntType(64)

# Part of the compiled code, whose cache on disk looks at this file alone: never renumber them.
CONVERGED, BOUNDED, DIVERGED = (int(outcome) for outcome in Outcome)

# Of the other two files that cache knows nothing: a digest of them is part of each network's key.
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
    """Void look(theta, unit, Sigma, S, X, Y, work, escape, small, out, flags).

    Writes to flags (3,) two sets of lanes as bits: those not within ‖θ‖² ≤ escape, those with
    ‖∇L‖² ≤ small. If there are any, or flags[2] asks for it, writes ‖∇L‖² and ‖πX̃ − Ỹ‖² of each
    lane to out (2, lanes).
    """
    pointer = _DOUBLE.as_pointer()
    function, builder, arguments = _start(
        module, "look", [pointer] * 8 + [_DOUBLE, pointer, _INT.as_pointer()]
    )
    theta, unit, Sigma, S, X, Y, work, escape, small, out, flags = arguments
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
    unit: Any,
    escape: Any,
    lane_at: Any,
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
                _data(context, builder, kinds[3], values[3], values[5]),
                *(_data(context, builder, kinds[n], values[n]) for n in (6, 7, 8, 9, 10)),
                _data(context, builder, kinds[4], values[4], values[5]),
                values[11],
                *(_data(context, builder, kinds[n], values[n]) for n in (12, 13)),
            ],
        )
        return context.get_dummy_value()

    integer, double = types.int64, types.float64
    signature = types.void(
        key, theta, integer, unit, escape, integer, Sigma, S, X, Y, work, double, out, flags
    )
    return signature, emit


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _aligned(size: int) -> Any:
    """Zeros that begin at a cache line: a vector that crosses one takes two loads."""
    line = 64
    room = np.zeros(size + line // 8)
    skip = ((line - room.ctypes.data % line) % line) // 8
    return room[skip : skip + size]


@lru_cache
def sweep(widths: tuple[int, ...], columns: int, rescaled: bool = False) -> Callable[..., None]:
    """The compiled sweep over a block of initialisations, for networks of these widths.

    The returned function has the arguments

    start (m, D), factor (m,), unit (m,)
        Initial points, 2ηα^{N−2} with the step size η, and the unit α of :mod:`._step`:
        anything positive if ``rescaled``, else 1.
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

    All arrays are C-contiguous and writable; all but three are float64.
    """
    # A constant string and ints: what a compiled closure keeps must be told apart by its value,
    # since Numba's cache on disk does so.
    spec = plan(widths, columns, rescaled)
    key = _key(spec)
    D, L, WORK = spec.dimension, spec.lanes, spec.work

    def run(
        start: Any,
        factor: Any,
        unit: Any,
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
        scale = _aligned(packs * L)
        alpha = _aligned(packs * L)
        bound = _aligned(packs * L)
        who = np.full(packs * L, -1)  # the initialisation in this lane
        watched = np.zeros(packs, np.bool_)  # a lane of this pack has a small gradient
        before = _aligned(size)
        work = _aligned(WORK)
        out = _aligned(2 * L)
        flags = np.zeros(3, np.int64)
        escaped = np.empty(m, np.int64)
        escapes = 0

        for i in range(m):
            pack, lane = i // L, i % L
            for d in range(D):
                state[pack * size + d * L + lane] = start[i, d] / unit[i]
            scale[i], alpha[i], bound[i] = factor[i], unit[i], escape[i]
            who[i] = i
            settled[i] = -1

        t, chunk, active = 0, 0, m
        while True:
            left = 0
            for pack in range((active + L - 1) // L):
                at = pack * size
                if chunk > 0:
                    for d in range(size):
                        before[d] = state[at + d]
                    _advance(key, state, at, scale, pack * L, Sigma, S, work, chunk)
                last = t == steps
                flags[2] = last or watched[pack]
                _look(
                    key, state, at, alpha, bound, pack * L, Sigma, S, X, Y, work, small, out, flags
                )
                if flags[0] == 0 and flags[1] == 0 and not watched[pack] and not last:
                    continue
                watched[pack] = False
                for lane in range(min(L, active - pack * L)):
                    i = who[pack * L + lane]
                    if (flags[0] >> lane) & 1:
                        # Where between two looks it escaped is found out at the end, from here
                        # and in the same units: the same steps again.
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
                            theta[i, d] = state[at + d * L + lane] * unit[i]
                        taken[i] = t
                        outcome[i] = CONVERGED if converged else BOUNDED
                        slope[i] = out[lane]
                        residual[i] = out[L + lane]
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
                    scale[gap], alpha[gap] = scale[source], alpha[source]
                    bound[gap], who[gap] = bound[source], who[source]
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
                scale[lane], alpha[lane], bound[lane] = factor[i], unit[i], escape[i]
                who[lane] = i
            waiting = many
            flags[2] = 0
            while waiting > 0:  # at most ``every`` times: these are the same steps again
                _advance(key, state, 0, scale, 0, Sigma, S, work, 1)
                _look(key, state, 0, alpha, bound, 0, Sigma, S, X, Y, work, small, out, flags)
                for lane in range(many):
                    i = who[lane]
                    if i < 0:
                        continue
                    taken[i] += 1
                    if (flags[0] >> lane) & 1:
                        for d in range(D):
                            theta[i, d] = state[d * L + lane] * unit[i]
                        slope[i] = out[lane]
                        residual[i] = out[L + lane]
                        who[lane] = -1
                        waiting -= 1

    # A name, and so a file in Numba's cache on disk, for each network. From a shared file two
    # processes that compile at once may be handed each other's code.
    run.__qualname__ = f"run_{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    return njit(nogil=True, cache=True)(run)  # type: ignore[no-any-return]
