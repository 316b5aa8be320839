"""The compiled loop of :func:`run_ensemble`: looks at packs, and lanes that have settled leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types

from ._engine import FLOATS, GO_ON, kernel
from ._products import DATA, ESCAPE, FACTOR, MINUS, NORM, ONE, PACK_END, RESIDUAL, SLOPE, UNIT
from .outcomes import Outcome

# Part of the compiled code. Its cache on disk depends on this file only, so never renumber them.
CONVERGED, BOUNDED, DIVERGED = (int(outcome) for outcome in Outcome)


class Lanes(NamedTuple):
    """The orbits under way; L of them are a pack. Lane number ``place`` is in pack ⌊place / L⌋."""

    packs: Any  # (packs, D + 3, L): θ, factor, unit, escape of each lane, as in :mod:`._products`
    before: Any  # (D, L), θ of the last pack as it was before the steps
    work: Any  # (entries, L), see :class:`._engine.Kernel`
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
def _aligned(rows: int, L: int) -> Any:
    """Zeros that begin at a cache line: a vector that crosses one takes two loads."""
    line = 64
    room = np.zeros(rows * L + line // 8)
    skip = ((line - room.ctypes.data % line) % line) // 8
    return room[skip : skip + rows * L]


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _enter(lanes: Any, place: int, i: int, point: Any, orbits: tuple[Any, Any, Any]) -> None:
    """Put an orbit into a lane."""
    D, L = lanes.before.shape
    column = lanes.packs[place // L, :, place % L]
    column[:D] = point
    column[D + FACTOR], column[D + UNIT], column[D + ESCAPE] = (
        orbits[0][i],
        orbits[1][i],
        orbits[2][i],
    )
    lanes.who[place] = i


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _leave(lanes: Any, results: Any, place: int) -> None:
    """Write the point of a lane, in the units it was given in, and what the look has measured."""
    D, L = lanes.before.shape
    i, lane = lanes.who[place], place % L
    column = lanes.packs[place // L, :, lane]
    for d in range(D):
        results.theta[i, d] = column[d] * column[D + UNIT]
    results.slope[i] = lanes.work[D + SLOPE, lane]
    results.residual[i] = lanes.work[D + RESIDUAL, lane]
    lanes.who[place] = -1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _outside(lanes: Any, pack: int, lane: int) -> bool:
    """Whether a lane is not within ‖θ‖² ≤ escape, or not finite."""
    D = len(lanes.before)
    return not lanes.work[D + NORM, lane] <= lanes.packs[pack, D + ESCAPE, lane]


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
    small: float,
) -> int:
    """Let the settled lanes of a pack leave after a look; their number."""
    D, L = lanes.before.shape
    left = 0
    lanes.watched[pack] = False
    for lane in range(min(L, active - pack * L)):
        place = pack * L + lane
        i = lanes.who[place]
        if _outside(lanes, pack, lane):
            # Where between two looks it escaped is found out at the end, from here and in the same
            # units: the same steps again.
            results.theta[i] = lanes.before[:, lane]
            results.taken[i] = t - chunk
            results.settled[i] = -1
            results.outcome[i] = DIVERGED
            lanes.who[place] = -1
            left += 1
            continue
        if lanes.work[D + SLOPE, lane] <= small:
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
    gap, L = 0, lanes.before.shape[1]
    while True:
        while gap < active and lanes.who[gap] >= 0:
            gap += 1
        while active > gap and lanes.who[active - 1] < 0:
            active -= 1
        if gap >= active:
            return active
        source = active - 1
        lanes.packs[gap // L, :, gap % L] = lanes.packs[source // L, :, source % L]
        lanes.watched[gap // L] = lanes.watched[gap // L] or lanes.watched[source // L]
        lanes.who[gap], lanes.who[source] = lanes.who[source], -1
        active -= 1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _first_outside(
    go_on: Any, memory: tuple[Any, Any, Any], lanes: Any, results: Any, orbits: Any
) -> None:
    """The first step outside, for those that escaped: again from the last look, one by one."""
    L = lanes.before.shape[1]
    escaped = np.flatnonzero(results.outcome == DIVERGED)
    for first in range(0, len(escaped), L):
        waiting = many = min(L, len(escaped) - first)
        for lane in range(many):
            i = escaped[first + lane]
            _enter(lanes, lane, i, results.theta[i], orbits)
        while waiting > 0:  # at most as often as steps between looks: these are the same again
            go_on(*memory, 0, 1, 1, 0.0, True, lanes.watched)
            for lane in range(many):
                if lanes.who[lane] >= 0:
                    results.taken[lanes.who[lane]] += 1
                    if _outside(lanes, 0, lane):
                        _leave(lanes, results, lane)
                        waiting -= 1


_INTS, _TABLE = types.int64[::1], types.float64[:, ::1]
_LIMITS = (types.int64, types.int64, types.int64, types.float64)
_RESULTS = (_TABLE, types.int8[::1], _INTS, _INTS, FLOATS, FLOATS)


@njit(  # type: ignore[untyped-decorator]
    types.void(
        *(types.FunctionType(GO_ON), *[types.int64] * 3),
        *(_TABLE, FLOATS, FLOATS, FLOATS, FLOATS, *_LIMITS, *_RESULTS),
    ),
    nogil=True,
    cache=True,
)
def _run(
    go_on: Any,
    L: int,
    D: int,
    size: int,
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
    m = len(start)
    count = (m + L - 1) // L
    work, packs, before = _aligned(size, L), _aligned(count * (D + PACK_END), L), _aligned(D, L)
    lanes = Lanes(
        packs.reshape(count, D + PACK_END, L),
        before.reshape(D, L),
        work.reshape(size, L),
        np.full(count * L, -1),
        np.zeros(count, np.bool_),
    )
    lanes.work[D + ONE], lanes.work[D + MINUS] = 1, -1
    for entry in range(len(data)):
        lanes.work[D + DATA + entry] = data[entry]
    results = Results(theta, outcome, taken, settled, residual, slope)
    orbits = (factor, unit, escape)
    settled[:] = -1
    for i in range(m):
        _enter(lanes, i, i, start[i] / unit[i], orbits)
    t, chunk, active = 0, 0, m
    while active > 0:
        left, pack, count = 0, 0, (active + L - 1) // L
        last = t == steps
        while True:
            pack = go_on(work, packs, before, pack, count, chunk, small, last, lanes.watched)
            if pack == count:
                break
            left += _judge(lanes, results, pack, active, t, chunk, last, window, small)
            pack += 1
        if left > 0:
            active = _close_gaps(lanes, active)
        chunk = min(every, steps - t)
        t += chunk
    _first_outside(go_on, (work, packs, before), lanes, results, orbits)


def sweep(widths: tuple[int, ...], columns: int, rescaled: bool) -> Callable[..., None]:
    """The compiled sweep over a block of initial points, for networks of these widths.

    The returned function has the arguments

    start (m, D), factor (m,), unit (m,), escape (m,)
        Initial points, −ηα^{N−2} with the step size η, the unit α of :mod:`._products`: anything
        positive if ``rescaled``, else 1; and the square of the norm past which a point has escaped.
    data (d_0² + d_N d_0 + d_0 k + d_N k,)
        2Σ and −2S for the step, X̃ and −Ỹ for the loss, one after the other, each row by row.
    steps, every, window, small
        Steps at most, steps between two looks, steps that a small gradient must last, and the
        square of the gradient norm that counts as small.
    theta (m, D), outcome (m,) int8, taken (m,) int64, settled (m,) int64, residual (m,), slope (m,)
        Results, written to: θ, outcome, steps taken, the step since when the gradient was small
        (−1: never to the end), ‖πX̃ − Ỹ‖² and ‖∇L‖².

    All arrays are C-contiguous and writable; all but three are float64.
    """
    return partial(_run, *kernel(widths, columns, rescaled))
