r"""Deep linear least squares: the loss, its derivatives and its gradient-descent map.

A point θ = (W_1, …, W_N) of R^D has the end-to-end matrix π(θ) = W_N ⋯ W_1, for W_j (d_j, d_{j-1}),
and the loss L(θ) = ‖π(θ)X − Y‖_F² (no ½, no 1/n), as in arXiv:2402.13108.

Data
    L depends on (X, Y) only through Σ = XXᵀ, S = YXᵀ and a constant. If n > d_0, write X = X̃Qᵀ with
    X̃ (d_0, d_0) and QᵀQ = I; then L(θ) = ‖πX̃ − YQ‖² + ‖Y − YQQᵀ‖². So each pass below carries
    k = min(n, d_0) columns and no cost grows with n.

Hessian
    With the products P_ji = W_j ⋯ W_{i+1} for i ≤ j (P_ii = I), F_j = P_j0 X̃, Q_j = P_Nj and the
    residual R = F_N − Ỹ, half of the block of (W_i, W_j) with i ≤ j is

        ½ ∂²L/∂(W_i)_{pq} ∂(W_j)_{rs} = (Q_iᵀQ_j)_{pr} (F_{i−1}F_{j−1}ᵀ)_{qs}
                                      + (Q_jᵀR F_{i−1}ᵀ)_{rq} (P_{j−1,i})_{sp},

    the Gauss–Newton part and the part of the residual. The second term is absent for i = j, since π
    is linear in each W_j.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .checks import FloatArray
from .least_squares import LeastSquares


@dataclass(frozen=True, eq=False, init=False)
class DeepLinearProblem(LeastSquares):
    """The problem of fitting π(θ)X to Y with a linear network of given widths.

    X (d_0, n) and Y (d_N, n) are inputs and targets, one column for each sample; ``widths`` are
    (d_0, …, d_N).

    >>> problem = DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))  # L = (w_2 w_1 - 1)^2
    >>> float(problem.loss([2.0, 3.0]))
    25.0
    >>> problem.gradient([2.0, 3.0])
    array([30., 20.])
    """

    # -- the problem's constants ------------------------------------------------------------------

    @cached_property
    def Sigma(self) -> FloatArray:
        """Σ = XXᵀ, (d_0, d_0), read-only."""
        return _read_only(self.X @ self.X.T)

    @cached_property
    def S(self) -> FloatArray:
        """S = YXᵀ, (d_N, d_0), read-only."""
        return _read_only(self.Y @ self.X.T)

    @cached_property
    def solution(self) -> FloatArray:
        """W⋆ = SΣ⁻¹ (d_N, d_0), the least-squares matrix, read-only.

        A ValueError is raised if Σ is singular to working precision, so that W⋆ is not unique.
        """
        X, Y, _ = self.reduced
        rank = int(np.linalg.matrix_rank(X))
        if rank < self.widths[0]:
            checks.refuse("X", f"rank d_0 = {self.widths[0]} so that Σ = XXᵀ is invertible", rank)
        # Least squares on X itself: forming Σ first would square the condition number.
        return _read_only(np.asarray(np.linalg.lstsq(X.T, Y.T, rcond=None)[0].T, dtype=np.float64))

    @cached_property
    def reduced(self) -> tuple[FloatArray, FloatArray, float]:
        """(X̃, Ỹ, c) of the module's docstring, X̃ (d_0, k), Ỹ (d_N, k)."""
        if self.X.shape[1] <= self.widths[0]:
            return self.X, self.Y, 0.0
        Q, triangle = np.linalg.qr(self.X.T)  # (n, d_0), (d_0, d_0)
        Y = self.Y @ Q  # (d_N, d_0)
        return triangle.T, Y, float(np.sum((self.Y - Y @ Q.T) ** 2))

    def end_to_end(self, theta: ArrayLike) -> FloatArray:
        """π(θ) = W_N ⋯ W_1, (..., d_N, d_0) for θ (..., D)."""
        product, *rest = self.split(theta)  # (..., d_1, d_0)
        for W in rest:
            product = W @ product  # (..., d_j, d_0)
        return product

    @property
    def _sigma(self) -> None:
        return None

    def _hessian(self, theta: FloatArray) -> FloatArray:
        from ._hessians import hessians  # Numba takes half a second: only where it is needed

        points = theta.reshape(-1, self.dimension)
        H = hessians(points, self.widths, *self.reduced[:2])
        return H.reshape(*theta.shape, self.dimension)


def _read_only(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array
