"""The largest eigenvalue of a symmetric matrix, dense or matrix-free."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import eigh_tridiagonal  # type: ignore[import-untyped, unused-ignore]

from ._checks import FloatArray

# Up to here all eigenvalues of a dense Hessian take milliseconds, about as long as a Lanczos run.
DENSE_LIMIT = 200

# Residual of the Lanczos value relative to ‖H‖. For a symmetric matrix some eigenvalue is at most
# this far from it; as the error of a Ritz value is quadratic in its residual, it mostly has twelve
# correct digits, and a smaller tolerance would only cost products.
LANCZOS_TOLERANCE = 1e-7

# Clustered spectra of a million parameters took about 110 products; far beyond, something is wrong.
_MOST_PRODUCTS = 5000

# The start vector is Gaussian, since a structured one (all ones, say) is orthogonal to the leading
# eigenvector at symmetric points such as two equal hidden units; its seed makes it the same always.
_START_SEED = 240213108


def largest_eigenvalue_dense(matrix: FloatArray) -> FloatArray:
    """Largest eigenvalue of each symmetric matrix of a stack.

    Parameters
    ----------
    matrix : (..., D, D) array

    Returns
    -------
    (...) array
    """
    return np.asarray(np.linalg.eigvalsh(matrix)[..., -1])


def largest_eigenvalue_lanczos(
    matvec: Callable[[FloatArray], FloatArray], dimension: int
) -> np.float64:
    """Algebraically largest eigenvalue of a symmetric operator on R^D, by the Lanczos recursion.

    The vectors are not made orthogonal again. Rounding then duplicates converged Ritz values but
    neither moves the largest one nor spoils its residual bound (Paige), three vectors are all the
    memory, and the products are all the time. ``scipy.sparse.linalg.eigsh`` restarts, so it
    needs more products, and makes vectors orthogonal: about four times the time at D = 60 000.

    Parameters
    ----------
    matvec : callable
        v (D,) -> H v (D,).
    dimension : int
        D.

    Returns
    -------
    float
        With a residual of at most ``LANCZOS_TOLERANCE`` ‖H‖.

    Raises
    ------
    ArithmeticError
        If the residual stays above the tolerance, or H is not finite.
    """
    q = np.random.default_rng(_START_SEED).standard_normal(dimension)
    q /= np.linalg.norm(q)
    previous, beta = np.zeros(dimension), 0.0
    diagonal: list[float] = []  # α_1, …, α_k of the tridiagonal matrix T
    beside: list[float] = []  # β_1, …, β_{k-1}
    for _ in range(_MOST_PRODUCTS):
        z = matvec(q) - beta * previous
        diagonal.append(float(q @ z))
        z -= diagonal[-1] * q
        beta = float(np.linalg.norm(z))
        if not np.isfinite(beta):
            break
        last = len(diagonal) - 1
        value, vector = eigh_tridiagonal(diagonal, beside, select="i", select_range=(last, last))
        residual = beta * abs(vector[-1, 0])  # ‖Hx − λx‖ of the Ritz pair
        norm = max(map(abs, [*diagonal, *beside, value[0]]))  # ≤ ‖H‖, as T is a compression of H
        if residual <= LANCZOS_TOLERANCE * norm:
            return np.float64(value[0])
        beside.append(beta)
        previous, q = q, z / beta
    raise ArithmeticError(
        f"no largest eigenvalue to a relative residual of {LANCZOS_TOLERANCE} after "
        f"{len(diagonal)} products with the Hessian"
    )
