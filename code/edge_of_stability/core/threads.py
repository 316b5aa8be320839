"""BLAS on one thread, where a second one costs more than it gains."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from typing import Any


@contextmanager
def one_thread(when: bool = True) -> Iterator[None]:
    """A context, or a decorator, within which BLAS uses one thread, if ``when``.

    Threads of BLAS wait for each other after every column of a factorisation. If another program
    keeps one of the cores busy, eigenvectors of a matrix of a hundred rows take a hundred times as
    long on two threads as on one.
    """
    controller = _controller("scipy.linalg" in sys.modules)
    with controller.limit(limits=1, user_api="blas") if when else nullcontext():
        yield


@cache
def _controller(scipy: bool) -> Any:
    """What controls all BLAS libraries loaded so far; SciPy brings its own."""
    from threadpoolctl import (  # type: ignore[import-untyped, unused-ignore]
        ThreadpoolController,
    )

    return ThreadpoolController()
