"""How the processes of a build end: all of them, together, and soon."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


def end(processes: Iterable[psutil.Process]) -> None:
    """Kill processes and all that they started; Ctrl-C does not reach the sessions of kernels.

    A process is stopped before its children are listed: it could start another one meanwhile.
    """
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            children = process.children()
            process.kill()
            end(children)


def begin_worker(compiled: Path) -> None:
    """Prepare a process of the pool: it leaves Ctrl-C to the build, and ends with it.

    All kernels share one cache of compiled code, so that no notebook compiles what another one has
    compiled. Numba may hand out code for other types after two processes have written one file of
    it at once; the compiled functions of the book have one list of types and one file each.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["NUMBA_CACHE_DIR"] = str(compiled)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    end(psutil.Process().children())
    os._exit(1)
