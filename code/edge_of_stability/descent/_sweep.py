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

# Coordinates of points that take their steps together. A block may be larger, so that its worker
# has enough to do; but between two looks all of these are visited, and in the second-level cache
# they are at hand sooner.
CACHED_DOUBLES = 2**14

# Part of the compiled code. Its cache on disk depends on this file only, so never renumber them.
CONVERGED, BOUNDED, DIVERGED = (int(outcome) for outcome in Outcome)


class Lanes(NamedTuple):
    """The orbits under way; L of them are a pack. Lane number ``place`` is in pack ⌊place / L⌋."""

    packs: Any  # (packs, D + 3, L): θ, factor, unit, escape of each lane, as in :mod:`._products`
    before: Any  # (D, L), θ of the last pack as it was before the steps
    work: Any  # (entries, L), see :class:`._engine.Kernel`
    who: Any  # the number of the initial point in each lane, −1 if none
    watched: Any  # a lane of this pack has a small gradient


class Orbits(NamedTuple):
    """What is given: for each initial point, and for all."""

    start: Any
    factor: Any
    unit: Any
    escape: Any
    size: Any


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


# To take an array out of a tuple costs Numba two atomic updates of its count of references. For a
# small network that takes longer than to move an orbit: take them out once for many orbits.


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _enter(lanes: Any, orbits: Any, numbers: Any, points: Any, unit: Any) -> None:
    """Put orbits into the lanes from the first on, at points given in these units."""
    (packs, before, _, who, _), (start, factor, own, escape, size) = lanes, orbits
    D, L = before.shape
    for place, i in enumerate(numbers):
        pack, lane, norm = place // L, place % L, 0.0
        for d in range(D):
            packs[pack, d, lane] = points[i, d] / unit[i]
            norm += start[i, d] * start[i, d]
        packs[pack, D + FACTOR, lane] = factor[i]
        packs[pack, D + UNIT, lane] = own[i]
        packs[pack, D + ESCAPE, lane] = escape * max(norm, size)
        who[place] = i


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _leave(packs: Any, work: Any, theta: Any, residual: Any, slope: Any, *where: int) -> None:
    """Write the point of a lane, in the units it was given in, and what the look has measured."""
    (pack, lane, i), D = where, theta.shape[1]
    for d in range(D):
        theta[i, d] = packs[pack, d, lane] * packs[pack, D + UNIT, lane]
    slope[i] = work[D + SLOPE, lane]
    residual[i] = work[D + RESIDUAL, lane]


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
    packs, before, work, who, watched = lanes
    theta, outcome, taken, settled, residual, slope = results
    D, L = before.shape
    left = 0
    watched[pack] = False
    for lane in range(min(L, active - pack * L)):
        i = who[pack * L + lane]
        if not work[D + NORM, lane] <= packs[pack, D + ESCAPE, lane]:
            # Where between two looks it escaped is found out at the end, from here and in the same
            # units: the same steps again.
            theta[i] = before[:, lane]
            taken[i] = t - chunk
            settled[i] = -1
            outcome[i] = DIVERGED
            who[pack * L + lane] = -1
            left += 1
            continue
        if work[D + SLOPE, lane] <= small:
            if settled[i] < 0:
                settled[i] = t
            watched[pack] = True
        else:
            settled[i] = -1
        converged = settled[i] >= 0 and t - settled[i] >= window
        if converged or last:
            taken[i] = t
            outcome[i] = CONVERGED if converged else BOUNDED
            _leave(packs, work, theta, residual, slope, pack, lane, i)
            who[pack * L + lane] = -1
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
    packs, before, work, who, watched = lanes
    theta, outcome, taken, _, residual, slope = results
    D, L = before.shape
    escaped, same = np.flatnonzero(outcome == DIVERGED), np.ones(len(theta))
    for first in range(0, len(escaped), L):
        waiting = many = min(L, len(escaped) - first)
        _enter(lanes, orbits, escaped[first : first + many], theta, same)
        while waiting > 0:  # at most as often as steps between looks: these are the same again
            go_on(*memory, 0, 1, 1, 0.0, True, watched)
            for lane in range(many):
                if who[lane] >= 0:
                    taken[who[lane]] += 1
                    if not work[D + NORM, lane] <= packs[0, D + ESCAPE, lane]:
                        _leave(packs, work, theta, residual, slope, 0, lane, who[lane])
                        who[lane] = -1
                        waiting -= 1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _together(
    go_on: Any,
    memory: tuple[Any, Any, Any],
    lanes: Any,
    results: Any,
    orbits: Any,
    points: tuple[int, int],
    rules: tuple[int, int, int, float],
) -> None:
    """Run the orbits of some initial points until each has settled, but for what escaped."""
    steps, every, window, small = rules
    L, (begin, end) = lanes.before.shape[1], points
    lanes.watched[:] = False
    _enter(lanes, orbits, np.arange(begin, end), orbits.start, orbits.unit)
    t, chunk, active = 0, 0, end - begin
    while active > 0:
        left, pack, count = 0, 0, (active + L - 1) // L
        last = t == steps
        while True:
            pack = go_on(*memory, pack, count, chunk, small, last, lanes.watched)
            if pack == count:
                break
            left += _judge(lanes, results, pack, active, t, chunk, last, window, small)
            pack += 1
        if left > 0:
            active = _close_gaps(lanes, active)
        chunk = min(every, steps - t)
        t += chunk


_INTS, _TABLE = types.int64[::1], types.float64[:, ::1]
_LIMITS = (types.int64, types.int64, types.int64, *[types.float64] * 3)
_RESULTS = (_TABLE, types.int8[::1], _INTS, _INTS, FLOATS, FLOATS)


@njit(  # type: ignore[untyped-decorator]
    types.void(
        *(types.FunctionType(GO_ON), *[types.int64] * 3),
        *(_TABLE, FLOATS, FLOATS, FLOATS, *_LIMITS, *_RESULTS),
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
    data: Any,
    steps: int,
    every: int,
    window: int,
    small: float,
    escape: float,
    norm: float,
    theta: Any,
    outcome: Any,
    taken: Any,
    settled: Any,
    residual: Any,
    slope: Any,
) -> None:
    m = len(start)
    count = min((m + L - 1) // L, max(1, CACHED_DOUBLES // (D * L)))
    work, packs, before = _aligned(size, L), _aligned(count * (D + PACK_END), L), _aligned(D, L)
    memory = work, packs, before
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
    orbits = Orbits(start, factor, unit, escape, norm)
    settled[:] = -1
    for begin in range(0, m, count * L):
        points, rules = (begin, min(begin + count * L, m)), (steps, every, window, small)
        _together(go_on, memory, lanes, results, orbits, points, rules)
    _first_outside(go_on, memory, lanes, results, orbits)


def sweep(widths: tuple[int, ...], columns: int, rescaled: bool) -> Callable[..., None]:
    """The compiled sweep over a block of initial points, for networks of these widths.

    The returned function has the arguments

    start (m, D), factor (m,), unit (m,)
        Initial points, −ηα^{N−2} with the step size η, and the unit α of :mod:`._products`:
        anything positive if ``rescaled``, else 1.
    data (d_0² + d_N d_0 + d_0 k + d_N k,)
        2Σ and −2S for the step, X̃ and −Ỹ for the loss, one after the other, each row by row.
    steps, every, window, small, escape, norm
        Steps at most, steps between two looks, steps that a small gradient must last, the square of
        the gradient norm that counts as small; a point has escaped past ‖θ‖² =
        escape · max(‖θ_0‖², norm).
    theta (m, D), outcome (m,) int8, taken (m,) int64, settled (m,) int64, residual (m,), slope (m,)
        Results, written to: θ, outcome, steps taken, the step since when the gradient was small
        (−1: never to the end), ‖πX̃ − Ỹ‖² and ‖∇L‖².

    All arrays are C-contiguous and writable; all but three are float64.
    """
    return partial(_run, *kernel(widths, columns, rescaled))
