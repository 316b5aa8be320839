"""How the processes of a build end: all of them, together, and soon."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

INTERRUPTED = "\ninterrupted; finished runs are kept, the site is as it was"
_PATIENCE = 3.0  # seconds that an interrupted build has to tidy up; what is on disk is whole anyway


def end_on_interrupt() -> None:
    """Let Ctrl-C end this process within seconds, whatever it waits for.

    Shells start a background job with SIGINT ignored, and Python leaves it so: such a build could
    not be interrupted at all. And a ``KeyboardInterrupt`` may get lost, in a callback of the
    garbage collector or in a library that catches everything: then a second thread ends all.
    """

    def handle(*_: object) -> None:
        timer = threading.Timer(_PATIENCE, _end_now)
        timer.daemon = True
        timer.start()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)


def _end_now() -> None:
    end(psutil.Process().children())
    print(INTERRUPTED, file=sys.stderr, flush=True)
    os._exit(130)


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
