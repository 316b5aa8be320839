"""What workers of ``pytest -n`` need, and what no test may leave behind."""

import os
from collections.abc import Iterator
from multiprocessing.resource_tracker import _resource_tracker
from pathlib import Path

import psutil
import pytest

# Set before any test imports NumPy or Numba.

if os.environ.get("PYTEST_XDIST_WORKER"):
    # The workers use all processors already.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # One cache of compiled code for all of them: each network has a file of its own in it.
    compiled = Path(__file__).resolve().parents[1] / "_build" / "numba"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled))


@pytest.fixture(autouse=True)
def every_process_ends() -> Iterator[None]:
    """End with a test what it started, failed or not: no other test is to meet it."""
    this = psutil.Process()
    before = set(this.children())
    yield
    for child in set(this.children()) - before:
        if child.pid != _resource_tracker._pid:  # that one is multiprocessing's own
            for process in (*child.children(recursive=True), child):
                process.kill()
            child.wait()
