"""Random starting points, drawn where they are needed."""

from dataclasses import dataclass

import numpy as np

from ..core import checks
from ..core.checks import FloatArray

# Starting points that share one random stream. Streams belong to these cells and not to blocks, so
# that the points are the same for any block size.
CELL = 1024


@dataclass(frozen=True)
class Gaussian:
    """Starting points with independent Gaussian entries of mean 0 and standard deviation ``scale``.

    They are drawn in the worker that runs them. Point number i comes from stream ⌊i / 1024⌋ of
    ``SeedSequence(seed).spawn``, so the first points of a longer sample are the same.
    """

    count: int
    scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        checks.count("count", self.count, least=1)
        checks.count("seed", self.seed)
        if not (np.isfinite(self.scale) and self.scale > 0):
            checks.refuse("scale", "a positive finite number", repr(self.scale))

    def points(self, dimension: int, begin: int = 0, end: int | None = None) -> FloatArray:
        """Starting points number begin … end − 1 (default: all), (end − begin, D)."""
        end = self.count if end is None else end
        points = np.empty((end - begin, dimension))
        for cell in range(begin // CELL, -(-end // CELL)):
            # SeedSequence(seed).spawn(cell + 1)[-1], without the ones before it
            stream = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(cell,)))
            sample = self.scale * stream.standard_normal((CELL, dimension))
            first, last = max(begin, cell * CELL), min(end, (cell + 1) * CELL)
            points[first - begin : last - begin] = sample[first - cell * CELL : last - cell * CELL]
        return points
