"""The largest eigenvalue of a symmetric matrix, dense or matrix-free."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .checks import FloatArray

# Up to here all eigenvalues of a dense Hessian take milliseconds, about as long as a Lanczos run.
DENSE_LIMIT = 200

# Relative size of the Lanczos residual. For a symmetric matrix some eigenvalue is at most this far
# from the returned number; as the error of a Ritz value is quadratic in its residual, it mostly has
# twelve correct digits, and a smaller tolerance would only cost products.
LANCZOS_TOLERANCE = 1e-7

# The start vector is Gaussian, since a structured one (all ones, say) is orthogonal to the leading
# eigenvector at symmetric points such as two equal hidden units; its seed makes it the same always.
_START_SEED = 240213108


def largest_eigenvalue_dense(matrix: FloatArray) -> FloatArray:
    """Largest eigenvalue of each symmetric matrix (..., D, D) of a stack, (...)."""
    return np.asarray(np.linalg.eigvalsh(matrix)[..., -1])


def largest_eigenvalue_lanczos(
    matvec: Callable[[FloatArray], FloatArray], dimension: int
) -> np.float64:
    """Algebraically largest eigenvalue of a symmetric operator v ↦ Hv on R^D, D ≥ 2, by Lanczos.

    Accurate to a residual of ``LANCZOS_TOLERANCE`` times its absolute value; raises
    ``scipy.sparse.linalg.ArpackNoConvergence`` if the residual stays above that.
    """
    from scipy.sparse.linalg import (  # type: ignore[import-untyped, unused-ignore]
        LinearOperator,
        eigsh,
    )  # here, since it takes as long to import as the whole package

    start = np.random.default_rng(_START_SEED).standard_normal(dimension)
    if not matvec(start).any():
        return np.float64(0.0)  # only H = 0 sends a generic vector to 0, and ARPACK rejects H = 0
    operator = LinearOperator((dimension, dimension), matvec=matvec, dtype=np.float64)
    top = eigsh(
        operator, k=1, which="LA", v0=start, tol=LANCZOS_TOLERANCE, return_eigenvectors=False
    )
    return np.float64(top[0])
