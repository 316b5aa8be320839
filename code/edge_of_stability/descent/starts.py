"""Laws of initial points, drawn where they are needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..core import checks
from ..core.checks import FloatArray

# Initial points that share one random stream. Streams belong to these cells and not to blocks, so
# that the points are the same for any block size.
CELL = 1024


class Sampler(ABC):
    """A law of initial points, drawn where they are needed: in the worker that runs them.

    Start number i is drawn from stream ⌊i / 1024⌋ of ``SeedSequence(seed).spawn``. So the starts
    depend on the seed and on nothing else, and the first starts of a longer sample are the same.
    """

    count: int
    seed: int

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Draw initial points of shape (starts, D)."""

    def points(self, dimension: int, begin: int = 0, end: int | None = None) -> FloatArray:
        """Initial points number begin … end − 1 (default: all), (end − begin, D)."""
        end = self.count if end is None else end
        points = np.empty((end - begin, dimension))
        for cell in range(begin // CELL, -(-end // CELL)):
            # SeedSequence(seed).spawn(cell + 1)[-1], without the ones before it
            stream = np.random.SeedSequence(self.seed, spawn_key=(cell,))
            sample = self.draw(np.random.default_rng(stream), (CELL, dimension))
            first, last = max(begin, cell * CELL), min(end, (cell + 1) * CELL)
            points[first - begin : last - begin] = sample[first - cell * CELL : last - cell * CELL]
        return points


@dataclass(frozen=True)
class Gaussian(Sampler):
    """Independent Gaussian entries with mean zero.

    Parameters
    ----------
    count : int
        Number of starts.
    scale : float
        Standard deviation, positive.
    seed : int

    Raises
    ------
    ValueError
        If ``count`` or ``scale`` is not positive, or ``seed`` is negative.
    """

    count: int
    scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks.positive_count("count", self.count)
        checks.count("seed", self.seed)
        if not (np.isfinite(self.scale) and self.scale > 0):
            checks.refuse("scale", "a positive finite number", repr(self.scale))

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Draw initial points of shape (starts, D)."""
        return self.scale * rng.standard_normal(shape)


@dataclass(frozen=True)
class UniformBox(Sampler):
    """Uniform points of the box low ≤ θ_i ≤ high.

    Parameters
    ----------
    count : int
        Number of starts.
    low, high : float or sequence of D floats
        low < high.
    seed : int

    Raises
    ------
    ValueError
        If ``count`` is not positive, ``seed`` is negative, or not low < high.
    """

    count: int
    low: float | Sequence[float] = -1.0
    high: float | Sequence[float] = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks.positive_count("count", self.count)
        checks.count("seed", self.seed)
        low, high = checks.to_floats("low", self.low), checks.to_floats("high", self.high)
        if low.ndim > 1 or high.ndim > 1:
            checks.refuse("low, high", "a number or D numbers", f"{low.ndim, high.ndim} axes")
        if low.ndim and high.ndim and low.shape != high.shape:
            checks.refuse("high", f"{low.size} numbers as low has", high.size)
        if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
            checks.refuse("low, high", "finite low < high", f"{self.low!r}, {self.high!r}")
        for name, value in (("low", low), ("high", high)):  # plain numbers: they go into digests
            plain = float(value) if value.ndim == 0 else tuple(map(float, value))
            object.__setattr__(self, name, plain)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Draw initial points of shape (starts, D)."""
        for name, value in (("low", self.low), ("high", self.high)):
            if np.ndim(value) and np.size(value) != shape[1]:
                checks.refuse(name, f"a number or D = {shape[1]} numbers", f"{np.size(value)}")
        return rng.uniform(self.low, self.high, shape)
