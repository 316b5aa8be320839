"""The step sizes at which the origin is no witness."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray


def resonant_steps(X: ArrayLike, Y: ArrayLike, depth: int) -> FloatArray:
    """Step sizes at which det DG_η vanishes at θ = 0.

    Depth 1: η = 1/(2σ_i²), σ_i the non-zero singular values of X; there the map is singular.
    Depth 2: η = 1/(2 s_i), s_i the non-zero singular values of S = YXᵀ; there the map is
    non-singular and only the origin is no witness. Depth ≥ 3: none.

    Parameters
    ----------
    X : (d_0, n) array_like
    Y : (d_N, n) array_like
    depth : int
        N ≥ 1.

    Returns
    -------
    (k,) array
        Ascending, with multiplicity, in float64.

    Raises
    ------
    ValueError
        If an entry is NaN or infinite, or X and Y have different numbers of columns.
    """
    inputs, targets = checks.data_matrix("X", X), checks.data_matrix("Y", Y)
    checks.samples(inputs, targets)
    if checks.positive_count("depth", depth) >= 3:
        return np.empty(0)
    matrix = inputs if depth == 1 else targets @ inputs.T
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    # The tolerance of numpy.linalg.matrix_rank: smaller values are rounding errors of zeros.
    cutoff = singular_values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    positive = singular_values[singular_values > cutoff]
    return np.asarray(1 / (2 * positive ** (2 if depth == 1 else 1)))
