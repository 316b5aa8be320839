"""The compiled steps of :func:`run_ensemble`, for each network; see :mod:`._text`."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from numba import njit, types

from . import _lanes, _products, _text
from ._lanes import WIDTH
from ._products import Program, multiply_adds

WRITTEN_OUT = 300  # multiply-adds of a step up to which a network stays in registers
IN_TILES = 300_000  # and up to which it is computed in tiles: past it BLAS is faster

# Of these files Numba's cache on disk knows nothing: a digest is part of each key.
_FILES = [__file__, *(str(module.__file__) for module in (_lanes, _products, _text))]
_SOURCES = hashlib.sha256(b"".join(Path(file).read_bytes() for file in _FILES)).hexdigest()[:16]


class Plan(NamedTuple):
    """How a network is computed."""

    widths: tuple[int, ...]
    columns: int  # of the reduced data X̃
    rescaled: bool  # steps are taken in units in which 2ησ = 1; needs d_0 = 1 and N ≥ 2
    way: str  # "registers", "tiles" or "BLAS"
    lanes: int  # L, of a pack of orbits that take their steps together

    @property
    def program(self) -> Program:
        return Program(self.widths, self.columns, self.rescaled)

    @property
    def text(self) -> str:
        if self.way == "BLAS":
            return _text.by_blas(self.program)
        write = _text.written_out if self.way == "registers" else _text.in_tiles
        return write(self.program, self.lanes)


@lru_cache
def plan(widths: tuple[int, ...], columns: int, rescaled: bool) -> Plan:
    """Choose how a network of these widths is computed on this machine."""
    cost = multiply_adds(widths, rescaled)
    if cost > IN_TILES:
        return Plan(widths, columns, rescaled, "BLAS", 1)
    if cost > WRITTEN_OUT:
        return Plan(widths, columns, rescaled, "tiles", WIDTH)
    # A step of a tiny network is one chain of multiply-adds that wait for each other: take the
    # steps of several vectors side by side.
    vectors = 4 if cost <= 12 else 2 if cost <= 40 else 1
    return Plan(widths, columns, rescaled, "registers", vectors * WIDTH)


FLOATS = types.float64[::1]
GO_ON = types.int64(
    *(FLOATS, FLOATS, FLOATS, types.int64, types.int64, types.int64),
    *(types.float64, types.boolean, types.boolean[::1]),
)


class Kernel(NamedTuple):
    """What :mod:`._sweep` needs for one kind of network.

    ``go_on(work, packs, before, first, count, steps, small, last, watched)`` takes steps with the
    packs from ``first`` on and looks at each. It returns the number of the first pack of which
    something is to be told (a lane has escaped, or its ‖∇L‖² ≤ small), or of which it is asked for
    (``last``, ``watched``), else ``count``. θ of that pack before the steps is in ``before``, what
    the look has measured in ``work``, both in the rows of :mod:`._products`.
    """

    go_on: Callable[..., int]
    L: int  # lanes of a pack
    D: int
    size: int  # of ``work``, in entries of L lanes


def _compiled(chosen: Plan) -> Callable[..., int]:
    """Compile the steps of a plan, or find them on disk."""
    go_on = _text.function(chosen.text)
    # A name, and so a file in Numba's cache on disk, for each text. From a shared file two
    # processes that compile at once may be handed each other's code.
    key = hashlib.sha256(f"{chosen} {_SOURCES}".encode()).hexdigest()[:16]
    go_on.__qualname__ = f"go_on_{key}"
    return njit(GO_ON, nogil=True, cache=True, no_cpython_wrapper=True)(go_on)  # type: ignore[no-any-return]


@lru_cache
def kernel(widths: tuple[int, ...], columns: int, rescaled: bool) -> Kernel:
    """The compiled steps for networks of these widths."""
    chosen = plan(widths, columns, rescaled)
    program = chosen.program
    return Kernel(_compiled(chosen), chosen.lanes, program.D, program.size)
