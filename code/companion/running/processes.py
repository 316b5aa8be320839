"""How the processes of a build end: all of them, together, and soon."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


def end(processes: Iterable[psutil.Process]) -> None:
    """Kill processes and all that they started; kernels sit in sessions that Ctrl-C does not reach.

    A process is stopped before its children are listed: it could start another one meanwhile.
    """
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            children = process.children()
            process.kill()
            end(children)


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Let Ctrl-C wait; processes that are started meanwhile do not hear it until they choose to."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def begin_worker(compiled: Path, sockets: Path) -> None:
    """Prepare a process of the pool.

    It leaves Ctrl-C to the build, and ends with it: a build that is killed cannot end its workers.
    All kernels share one cache of compiled code, so that no notebook compiles what another one has
    compiled. Numba may hand out code for other types after two processes have written one file of
    it at once; the compiled functions of the book have one list of types and one file each.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, args=(sockets,), daemon=True).start()
    os.environ["NUMBA_CACHE_DIR"] = str(compiled)


def _end_with_parent(sockets: Path) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    end(psutil.Process().children())
    shutil.rmtree(sockets, ignore_errors=True)
    os._exit(1)
