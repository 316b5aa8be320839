"""A point θ of R^D and the matrices W_1, …, W_N it consists of."""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .checks import FloatArray

Weights = list[FloatArray]


class Architecture:
    """A base class of what has ``widths`` = (d_0, …, d_N)."""

    widths: tuple[int, ...]

    @property
    def depth(self) -> int:
        """N, the number of layers."""
        return len(self.widths) - 1

    @cached_property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shapes (d_j, d_{j-1}) of W_1, …, W_N."""
        return tuple((after, before) for before, after in pairwise(self.widths))

    @cached_property
    def dimension(self) -> int:
        """D = Σ_j d_j d_{j-1}, the number of parameters."""
        return sum(rows * columns for rows, columns in self.shapes)


class Parameters(Architecture):
    """Coordinates θ (..., D) of W_1, …, W_N: W_1 first, then W_2, …, each row by row."""

    def split(self, theta: ArrayLike) -> Weights:
        """W_1, …, W_N, (..., d_j, d_{j-1}), of θ (..., D); they share memory with a float64 θ."""
        return self._split(checks.coordinates("theta", theta, self.dimension))

    def join(self, weights: Sequence[ArrayLike]) -> FloatArray:
        """W_1, …, W_N, (..., d_j, d_{j-1}), as one vector (..., D): the inverse of `split`.

        Batch axes broadcast against each other.
        """
        arrays = [checks.to_floats("weights", W) for W in weights]
        shapes = [W.shape for W in arrays]
        if [shape[-2:] for shape in shapes] != list(self.shapes):
            checks.refuse("weights", f"matrices of shapes {list(self.shapes)}", shapes)
        try:
            theta = self._join(arrays)
        except ValueError:
            checks.refuse("weights", "batch axes that broadcast", shapes)
        return checks.coordinates("weights", theta, self.dimension)

    @cached_property
    def _layers(self) -> list[tuple[slice, tuple[int, int]]]:
        """Where each layer is in θ, and its shape."""
        ends = accumulate((rows * columns for rows, columns in self.shapes), initial=0)
        return [(slice(*part), s) for part, s in zip(pairwise(ends), self.shapes, strict=True)]

    def _split(self, theta: FloatArray) -> Weights:
        batch = theta.shape[:-1]
        return [theta[..., part].reshape(*batch, *shape) for part, shape in self._layers]

    def _join(self, weights: Sequence[FloatArray]) -> FloatArray:
        batch = np.broadcast_shapes(*(W.shape[:-2] for W in weights))
        flat = [
            np.broadcast_to(W, (*batch, *W.shape[-2:])).reshape(*batch, W.shape[-2] * W.shape[-1])
            for W in weights
        ]
        return np.concatenate(flat, axis=-1)
