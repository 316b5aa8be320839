"""What test processes side by side share: what was seen on a page, and a turn to measure alone."""

from __future__ import annotations

import fcntl
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

from filelock import FileLock

Value = TypeVar("Value")


def once_for_all(kept: Path, make: Callable[[], Value]) -> Value:
    """What `make` returns, made by the first process that asks and kept for the others."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{kept}.lock"):
        if not kept.is_file():
            kept.write_bytes(pickle.dumps(make()))
    value: Value = pickle.loads(kept.read_bytes())
    return value


class Room:
    """Where tests run beside each other, unless one of them needs quiet.

    Parameters
    ----------
    folder
        The same for all processes.
    """

    def __init__(self, folder: Path) -> None:
        self._door = folder / "door"
        self._inside = folder / "inside"

    @contextmanager
    def entered(self) -> Iterator[Callable[[], None]]:
        """Be in the room; yields what empties it of all others until we leave."""
        with self._door.open("w") as door, self._inside.open("w") as inside:

            def enter(how: int) -> None:
                # Whoever waits for quiet keeps the door: otherwise the others would come and go
                # and never all be out.
                with _held(door):
                    fcntl.flock(inside, how)

            def alone() -> None:
                fcntl.flock(inside, fcntl.LOCK_UN)  # two who wait for each other would wait forever
                enter(fcntl.LOCK_EX)

            enter(fcntl.LOCK_SH)
            yield alone  # the files are closed on the way out, and that gives the locks back


@contextmanager
def _held(file: TextIO) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)
