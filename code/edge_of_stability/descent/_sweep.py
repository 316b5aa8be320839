"""The compiled loop of :func:`run_ensemble`: looks at packs, and lanes that have settled leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types

from ._kernels import COUNTS, ESCAPE, FACTOR, FLOATS, GO_ON, MORE_ROWS, UNIT, kernel
from .outcomes import Outcome

# Part of the compiled code, whose cache on disk looks at this file alone: never renumber them.
CONVERGED, BOUNDED, DIVERGED = (int(outcome) for outcome in Outcome)


class Lanes(NamedTuple):
    """The orbits under way; L of them are a pack. Lane number ``place`` is in pack ⌊place / L⌋."""

    memory: Any  # see :class:`._kernels.Kernel`
    L: int
    D: int
    begin: int  # of the packs in the memory
    before: int
    out: int
    who: Any  # the number of the initial point in each lane, −1 if none
    watched: Any  # a lane of this pack has a small gradient


class Results(NamedTuple):
    """What is written for each initial point."""

    theta: Any
    outcome: Any
    taken: Any
    settled: Any
    residual: Any
    slope: Any


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _aligned(size: int) -> Any:
    """Zeros that begin at a cache line: a vector that crosses one takes two loads."""
    line = 64
    room = np.zeros(size + line // 8)
    skip = ((line - room.ctypes.data % line) % line) // 8
    return room[skip : skip + size]


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _at(lanes: Any, place: int) -> int:
    """Where the first row of a lane is in memory; the next is L further."""
    L = lanes.L
    pack = (lanes.D + MORE_ROWS) * L
    return lanes.begin + place // L * pack + place % L  # type: ignore[no-any-return]


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _enter(lanes: Any, place: int, i: int, point: Any, orbits: tuple[Any, Any, Any]) -> None:
    """Put an orbit into a lane."""
    memory, at, L, D = lanes.memory, _at(lanes, place), lanes.L, lanes.D
    for d in range(D):
        memory[at + d * L] = point[d]
    memory[at + (D + FACTOR) * L] = orbits[0][i]
    memory[at + (D + UNIT) * L] = orbits[1][i]
    memory[at + (D + ESCAPE) * L] = orbits[2][i]
    lanes.who[place] = i


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _leave(lanes: Any, results: Any, place: int) -> None:
    """Write the point of a lane, in the units it was given in, and what the look has measured."""
    memory, at, L, D = lanes.memory, _at(lanes, place), lanes.L, lanes.D
    i = lanes.who[place]
    for d in range(D):
        results.theta[i, d] = memory[at + d * L] * memory[at + (D + UNIT) * L]
    results.slope[i] = memory[lanes.out + place % L]
    results.residual[i] = memory[lanes.out + L + place % L]
    lanes.who[place] = -1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _judge(
    lanes: Any,
    results: Any,
    pack: int,
    active: int,
    t: int,
    chunk: int,
    last: bool,
    window: int,
    flags: Any,
) -> int:
    """Let the settled lanes of a pack leave after a look; their number."""
    L, D, left = lanes.L, lanes.D, 0
    lanes.watched[pack] = False
    for lane in range(min(L, active - pack * L)):
        place = pack * L + lane
        i = lanes.who[place]
        if (flags[0] >> lane) & 1:
            # Where between two looks it escaped is found out at the end, from here and in the same
            # units: the same steps again.
            for d in range(D):
                results.theta[i, d] = lanes.memory[lanes.before + d * L + lane]
            results.taken[i] = t - chunk
            results.settled[i] = -1
            results.outcome[i] = DIVERGED
            lanes.who[place] = -1
            left += 1
            continue
        if (flags[1] >> lane) & 1:
            if results.settled[i] < 0:
                results.settled[i] = t
            lanes.watched[pack] = True
        else:
            results.settled[i] = -1
        converged = results.settled[i] >= 0 and t - results.settled[i] >= window
        if converged or last:
            results.taken[i] = t
            results.outcome[i] = CONVERGED if converged else BOUNDED
            _leave(lanes, results, place)
            left += 1
    return left


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _close_gaps(lanes: Any, active: int) -> int:
    """Fill the gaps with lanes from the end; how many are left."""
    gap, L = 0, lanes.L
    while True:
        while gap < active and lanes.who[gap] >= 0:
            gap += 1
        while active > gap and lanes.who[active - 1] < 0:
            active -= 1
        if gap >= active:
            return active
        source = active - 1
        to, origin = _at(lanes, gap), _at(lanes, source)
        for row in range(lanes.D + MORE_ROWS):
            lanes.memory[to + row * L] = lanes.memory[origin + row * L]
        lanes.watched[gap // L] = lanes.watched[gap // L] or lanes.watched[source // L]
        lanes.who[gap], lanes.who[source] = lanes.who[source], -1
        active -= 1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _first_outside(go_on: Any, lanes: Any, results: Any, orbits: Any, flags: Any) -> None:
    """The first step outside, for those that escaped: again from the last look, one by one."""
    L = lanes.L
    escaped = np.flatnonzero(results.outcome == DIVERGED)
    lanes.watched[0] = False
    for first in range(0, len(escaped), L):
        waiting = many = min(L, len(escaped) - first)
        for lane in range(many):
            i = escaped[first + lane]
            _enter(lanes, lane, i, results.theta[i], orbits)
        while waiting > 0:  # at most as often as steps between looks: these are the same again
            go_on(lanes.memory, 0, 1, 1, 0.0, False, lanes.watched, flags)
            for lane in range(many):
                if lanes.who[lane] >= 0:
                    results.taken[lanes.who[lane]] += 1
                    if (flags[0] >> lane) & 1:
                        _leave(lanes, results, lane)
                        waiting -= 1


_TABLE = types.float64[:, ::1]
_LIMITS = (types.int64, types.int64, types.int64, types.float64)
_RESULTS = (_TABLE, types.int8[::1], COUNTS, COUNTS, FLOATS, FLOATS)


@njit(  # type: ignore[untyped-decorator]
    types.void(
        *(types.FunctionType(GO_ON), *[types.int64] * 4),
        *(_TABLE, FLOATS, FLOATS, FLOATS, FLOATS, *_LIMITS, *_RESULTS),
    ),
    nogil=True,
    cache=True,
)
def _run(
    go_on: Any,
    L: int,
    begin: int,
    before: int,
    out: int,
    start: Any,
    factor: Any,
    unit: Any,
    escape: Any,
    data: Any,
    steps: int,
    every: int,
    window: int,
    small: float,
    theta: Any,
    outcome: Any,
    taken: Any,
    settled: Any,
    residual: Any,
    slope: Any,
) -> None:
    m, D = start.shape
    packs = (m + L - 1) // L
    memory = _aligned(begin + packs * (D + MORE_ROWS) * L)
    memory[: len(data)] = data
    who, watched = np.full(packs * L, -1), np.zeros(packs, np.bool_)
    lanes = Lanes(memory, L, D, begin, before, out, who, watched)
    results = Results(theta, outcome, taken, settled, residual, slope)
    orbits = (factor, unit, escape)
    flags = np.zeros(3, np.int64)
    settled[:] = -1
    for i in range(m):
        _enter(lanes, i, i, start[i] / unit[i], orbits)
    t, chunk, active = 0, 0, m
    while True:
        left, pack, packs = 0, 0, (active + L - 1) // L
        last = t == steps
        while True:
            pack = go_on(memory, pack, packs, chunk, small, last, watched, flags)
            if pack == packs:
                break
            left += _judge(lanes, results, pack, active, t, chunk, last, window, flags)
            pack += 1
        if left > 0:
            active = _close_gaps(lanes, active)
        if active == 0:
            break
        chunk = min(every, steps - t)
        t += chunk
    _first_outside(go_on, lanes, results, orbits, flags)


def sweep(widths: tuple[int, ...], columns: int, rescaled: bool) -> Callable[..., None]:
    """The compiled sweep over a block of initial points, for networks of these widths.

    The returned function has the arguments

    start (m, D), factor (m,), unit (m,), escape (m,)
        Initial points, 2ηα^{N−2} with the step size η, the unit α of :mod:`._step`: anything
        positive if ``rescaled``, else 1; and the square of the norm past which a point has escaped.
    data (d_0² + d_N d_0 + d_0 k + d_N k,)
        Σ and S for the step, X̃ and Ỹ for the loss, one after the other, each row by row.
    steps, every, window, small
        Steps at most, steps between two looks, steps that a small gradient must last, and the
        square of the gradient norm that counts as small.
    theta (m, D), outcome (m,) int8, taken (m,) int64, settled (m,) int64, residual (m,), slope (m,)
        Results, written to: θ, outcome, steps taken, the step since when the gradient was small
        (−1: never to the end), ‖πX̃ − Ỹ‖² and ‖∇L‖².

    All arrays are C-contiguous and writable; all but three are float64.
    """
    return partial(_run, *kernel(widths, columns, rescaled))
