"""Time several ways of doing the same: they take turns, and the best of each counts.

So other work on the machine hits them alike, and spares most of what is counted.
"""

import importlib
import math
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 10  # turns that each way takes
TURN = 0.1  # seconds of a turn, about


def optional(name: str) -> Any:
    """A module, or None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


def in_turns(
    calls: dict[Any, Callable[[], object]], clock: Callable[[], float] = time.perf_counter
) -> dict[Any, float]:
    """Seconds of each call, the best of its turns.

    A quick call is repeated within a turn, whose mean counts: the clock of a process may lag behind
    the threads that a call has started. One that takes seconds has fewer turns.
    """
    times, repeats, turns = {}, {}, {}
    for name, call in calls.items():
        call()  # compiles
        begin = clock(), time.perf_counter()
        call()
        times[name], took = clock() - begin[0], time.perf_counter() - begin[1]
        repeats[name] = max(1, int(TURN / took))
        turns[name] = min(ROUNDS, int(ROUNDS * 2 * TURN / took))
        if turns[name]:  # the clock is too coarse for one quick call
            times[name] = math.inf
    for turn in range(ROUNDS):
        for name, call in calls.items():
            if turn < turns[name]:
                start = clock()
                for _ in range(repeats[name]):
                    call()
                times[name] = min(times[name], (clock() - start) / repeats[name])
    return times


def best(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of a call that has no competitor."""
    return in_turns({"": call}, clock)[""]
