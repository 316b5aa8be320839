"""Lanczos' method: the largest eigenvalue of a symmetric matrix, and its square root."""

from collections.abc import Callable

import numpy as np

from .checks import FloatArray

# Up to here all eigenvalues of a dense Hessian take milliseconds, about as long as a Lanczos run.
DENSE_LIMIT = 200

# Relative size of the Lanczos residual. For a symmetric matrix some eigenvalue is at most this far
# from the returned number; as the error of a Ritz value is quadratic in its residual, it mostly has
# twelve correct digits, and a smaller tolerance would only cost products.
LANCZOS_TOLERANCE = 1e-7

# The start vector is Gaussian, always the same: a structured one (all ones, say) is orthogonal to
# the leading eigenvector at symmetric points such as two equal hidden units.
_START_SEED = 240213108

_MOST_PRODUCTS = 3000


class NoConvergenceError(ArithmeticError):
    """The Lanczos residual stays above its tolerance."""


def largest_eigenvalue_lanczos(
    matvec: Callable[[FloatArray], FloatArray], dimension: int
) -> np.float64:
    """The largest eigenvalue of a symmetric operator v ↦ Hv on R^D, by Lanczos.

    A `NoConvergenceError` is raised if the residual does not fall below ``LANCZOS_TOLERANCE`` times
    its absolute value. The vectors are not kept orthogonal to all earlier ones, which would cost
    more than the products. They lose orthogonality only along Ritz vectors that have converged
    (Paige), and then the search ends; the residual β_m|s_m| stays right to rounding.
    """
    vector = np.random.default_rng(_START_SEED).standard_normal(dimension)
    vector /= np.linalg.norm(vector)
    before, look = np.zeros(dimension), 1
    alphas: list[float] = []
    betas = [0.0]
    for m in range(1, _MOST_PRODUCTS + 1):
        image = matvec(vector) - betas[-1] * before
        alphas.append(float(image @ vector))
        image -= alphas[-1] * vector
        betas.append(float(np.linalg.norm(image)))
        if m == look or betas[-1] == 0:
            look += 2 + m // 8
            T = np.diag(alphas) + np.diag(betas[1:-1], -1)  # eigh reads the lower triangle
            values, vectors = np.linalg.eigh(T)
            size = max(abs(values[-1]), np.finfo(float).eps * abs(values[0]))
            if betas[-1] * abs(vectors[-1, -1]) <= LANCZOS_TOLERANCE * size:
                return np.float64(values[-1])
        before, vector = vector, image / betas[-1]
    raise NoConvergenceError(f"Lanczos has not converged after {_MOST_PRODUCTS} products")


def square_root_times(A: FloatArray, w: FloatArray) -> FloatArray:
    """A^{1/2}w, nearly, from at most 300 products with A ⪰ 0 (d, d), by Lanczos.

    w ≠ 0 is (d,). On the Krylov space with the orthonormal basis V it is V T^{1/2} Vᵀw.
    """
    size = min(300, len(w))
    V, T = np.zeros((size, len(w))), np.zeros((size, size))
    vector = w
    for m in range(1, size + 1):
        V[m - 1] = vector / np.linalg.norm(vector)
        vector = A @ V[m - 1]
        T[m - 1, :m] = V[:m] @ vector
        for _ in range(2):  # rounding errors of the first time grow
            vector = vector - (V[:m] @ vector) @ V[:m]
        ended = m == size or np.linalg.norm(vector) <= 1e-13 * abs(T[m - 1, m - 1])
        if ended or m % 20 == 0:
            values, vectors = np.linalg.eigh(T[:m, :m])  # of the lower triangle
            root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors[0]
            if ended or abs(root[-1]) <= 1e-9 * np.linalg.norm(root):
                break
    return np.asarray(np.linalg.norm(w) * root @ V[:m])
