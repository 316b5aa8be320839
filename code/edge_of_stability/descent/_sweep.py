"""The compiled loop of :func:`run_ensemble`: looks at packs, and lanes that have settled leave.

Arrays are plain and made by NumPy, and loops go over numbers: with tuples of arrays and slices
Numba takes several times as long.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from ..core.checks import FloatArray
from ._engine import FLOATS, GO_ON, Kernel, kernel
from ._products import DATA, ESCAPE, FACTOR, MINUS, NORM, ONE, PACK_END, RESIDUAL, SLOPE, UNIT
from .outcomes import Outcome

# Coordinates of points that take their steps together. A block may be larger, so that its worker
# has enough to do; but between two looks all of these are visited, and in the second-level cache
# they are at hand sooner.
CACHED_DOUBLES = 2**14

# Part of the compiled code. Its cache on disk depends on this file only, so never renumber them.
CONVERGED, BOUNDED, DIVERGED = (int(outcome) for outcome in Outcome)
NEVER = 2**62


Ints: TypeAlias = NDArray[np.int64]
Bits: TypeAlias = NDArray[np.bool_]

# The arrays of the functions below:
#   packs (packs · (D + 3) · L,)  θ, factor, unit, escape of each lane, as in :mod:`._products`;
#                                 lane number ``place`` is in pack ⌊place / L⌋
#   who (packs · L,)              the number of the starting point in each lane, −1 if none
#   watched (packs,)              whether a lane of this pack has a small gradient
#   work, before                  see :class:`._engine.Kernel`


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _enter(
    at: int,
    i: int,
    L: int,
    packs: FloatArray,
    points: FloatArray,
    entry: FloatArray,
    start: FloatArray,
    factor: FloatArray,
    unit: FloatArray,
    escape: float,
    norm: float,
) -> None:
    """Put an orbit into a lane, at a point given in the unit ``entry``."""
    D, square = start.shape[1], 0.0
    for d in range(D):
        packs[at + d * L] = points[i, d] / entry[i]
        square += start[i, d] * start[i, d]
    packs[at + (D + FACTOR) * L] = factor[i]
    packs[at + (D + UNIT) * L] = unit[i]
    packs[at + (D + ESCAPE) * L] = escape * max(square, norm)


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _leaves(
    slope_now: float,
    outside: bool,
    last: bool,
    i: int,
    t: int,
    window: int,
    small: float,
    outcome: NDArray[np.int8],
    taken: Ints,
    settled: Ints,
) -> bool:
    """Whether an orbit leaves after a look, and with which outcome."""
    if not slope_now <= small:
        settled[i] = -1
    elif settled[i] < 0:
        settled[i] = t
    converged = settled[i] >= 0 and t - settled[i] >= window
    if outside:
        taken[i] += t
    elif converged or last:
        taken[i], outcome[i] = t, CONVERGED if converged else BOUNDED
    return outside or converged or last


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _close_gaps(L: int, rows: int, active: int, packs: FloatArray, who: Ints, watched: Bits) -> int:
    """Fill the gaps with lanes from the end; how many are left."""
    gap = 0
    while True:
        while gap < active and who[gap] >= 0:
            gap += 1
        while active > gap and who[active - 1] < 0:
            active -= 1
        if gap >= active:
            return active
        active -= 1
        to, source = gap // L * rows * L + gap % L, active // L * rows * L + active % L
        for row in range(rows):
            packs[to + row * L] = packs[source + row * L]
        watched[gap // L] = watched[gap // L] or watched[active // L]
        who[gap], who[active] = who[active], -1


@njit(nogil=True)  # type: ignore[untyped-decorator]
def _judge(
    pack: int,
    active: int,
    L: int,
    t: int,
    chunk: int,
    last: bool,
    window: int,
    small: float,
    again: bool,
    work: FloatArray,
    packs: FloatArray,
    before: FloatArray,
    who: Ints,
    watched: Bits,
    theta: FloatArray,
    outcome: NDArray[np.int8],
    taken: Ints,
    settled: Ints,
    residual: FloatArray,
    slope: FloatArray,
) -> int:
    """Let the settled lanes of a pack leave after a look; their number."""
    D = theta.shape[1]
    left = 0
    watched[pack] = False
    for lane in range(min(L, active - pack * L)):
        i, at = who[pack * L + lane], pack * (D + PACK_END) * L + lane
        now = work[(D + SLOPE) * L + lane]
        outside = not work[(D + NORM) * L + lane] <= packs[at + (D + ESCAPE) * L]
        if outside and not again:
            # Where between two looks it went outside is found out at the end, from here and in the
            # same units: the same steps again.
            for d in range(D):
                theta[i, d] = before[d * L + lane]
            taken[i], settled[i], outcome[i] = t - chunk, -1, DIVERGED
        elif _leaves(now, outside, last, i, t, window, small, outcome, taken, settled):
            for d in range(D):  # in the units it was given in
                theta[i, d] = packs[at + d * L] * packs[at + (D + UNIT) * L]
            slope[i] = now
            residual[i] = work[(D + RESIDUAL) * L + lane]
        else:
            watched[pack] = watched[pack] or settled[i] >= 0
            continue
        who[pack * L + lane] = -1
        left += 1
    return left


_INT, _FLOAT, _INTS, _TABLE = types.int64, types.float64, types.int64[::1], types.float64[:, ::1]
_MEMORY = (FLOATS, FLOATS, FLOATS, _INTS, types.boolean[::1])
_ORBITS = (_INTS, _TABLE, FLOATS, _TABLE, FLOATS, FLOATS)
_RULES = (_INT, _INT, _INT, _FLOAT, _FLOAT, _FLOAT, types.boolean)
_RESULTS = (_TABLE, types.int8[::1], _INTS, _INTS, FLOATS, FLOATS)


@njit(  # type: ignore[untyped-decorator]
    types.void(types.FunctionType(GO_ON), _INT, *_MEMORY, *_ORBITS, *_RULES, *_RESULTS),
    nogil=True,
    cache=True,
)
def run_packs(
    go_on: Callable[..., int],
    L: int,
    work: FloatArray,
    packs: FloatArray,
    before: FloatArray,
    who: Ints,
    watched: Bits,
    numbers: Ints,
    points: FloatArray,
    entry: FloatArray,
    start: FloatArray,
    factor: FloatArray,
    unit: FloatArray,
    steps: int,
    every: int,
    window: int,
    small: float,
    escape: float,
    norm: float,
    again: bool,
    theta: FloatArray,
    outcome: NDArray[np.int8],
    taken: Ints,
    settled: Ints,
    residual: FloatArray,
    slope: FloatArray,
) -> None:
    """Run the orbits of some starting points until each has settled.

    Those that go outside are left before the steps in which they do, or, run ``again`` from there
    with a look after each step, at the first point outside.
    """
    rows, room = start.shape[1] + PACK_END, len(watched) * L
    for begin in range(0, len(numbers), room):
        active = min(room, len(numbers) - begin)
        watched[:] = False
        for place in range(active):
            i, at = numbers[begin + place], place // L * rows * L + place % L
            who[place] = i
            _enter(at, i, L, packs, points, entry, start, factor, unit, escape, norm)
        t, chunk = 0, 0
        while active > 0:
            left, pack, count, last = 0, 0, (active + L - 1) // L, t == steps
            while True:
                pack = go_on(work, packs, before, pack, count, chunk, small, last, watched)
                if pack == count:
                    break
                left += _judge(
                    *(pack, active, L, t, chunk, last, window, small, again),
                    *(work, packs, before, who, watched),
                    *(theta, outcome, taken, settled, residual, slope),
                )
                pack += 1
            if left > 0:
                active = _close_gaps(L, rows, active, packs, who, watched)
            chunk = min(every, steps - t)
            t += chunk


def _aligned(rows: int, L: int) -> FloatArray:
    """Zeros that begin at a cache line: a vector that crosses one takes two loads."""
    line = 64
    room = np.zeros(rows * L + line // 8)
    skip = -room.ctypes.data % line // 8
    return room[skip : skip + rows * L]


def _sweep(
    compiled: Kernel,
    start: FloatArray,
    factor: FloatArray,
    unit: FloatArray,
    data: FloatArray,
    steps: int,
    every: int,
    window: int,
    small: float,
    escape: float,
    norm: float,
    *results: Any,
) -> None:
    (go_on, L, D, size), m = compiled, len(start)
    theta, outcome, _, settled, *_ = results
    count = min(-(-m // L), max(1, CACHED_DOUBLES // (D * L)))
    work, packs, before = _aligned(size, L), _aligned(count * (D + PACK_END), L), _aligned(D, L)
    constants = work.reshape(size, L)[D:]
    constants[ONE], constants[MINUS] = 1, -1
    constants[DATA : DATA + len(data)] = data[:, np.newaxis]
    memory = work, packs, before, np.full(count * L, -1), np.zeros(count, np.bool_)
    orbits, limits = (start, factor, unit), (escape, norm)
    settled[:] = -1
    rules = (steps, every, window, small, *limits, False)
    run_packs(go_on, L, *memory, np.arange(m), start, unit, *orbits, *rules, *results)
    escaped = np.flatnonzero(outcome == DIVERGED)
    rules = (NEVER, 1, window, -1.0, *limits, True)
    run_packs(go_on, L, *memory, escaped, theta, np.ones(m), *orbits, *rules, *results)


def sweep(widths: tuple[int, ...], columns: int, rescaled: bool) -> Callable[..., None]:
    """The compiled sweep over a block of starting points, for networks of these widths.

    The returned function has the arguments

    start (m, D), factor (m,), unit (m,)
        Starting points, −ηα^{N−2} with the step size η, and the unit α of :mod:`._products`:
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
    return partial(_sweep, kernel(widths, columns, rescaled))
