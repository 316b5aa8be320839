r"""Deep linear least squares: the loss, its derivatives and its gradient-descent map.

A point θ = (W_1, …, W_N) of R^D stands for the matrices W_j (d_j, d_{j-1}) with end-to-end matrix
π(θ) = W_N ⋯ W_1 and loss L(θ) = ‖π(θ)X − Y‖_F² (no ½, no 1/n), as in arXiv:2402.13108.

Representation
    θ is a vector: W_1 first, then W_2, …, W_N, each row by row. Leading axes are a batch, and every
    function works on all of it at once.

Data
    L depends on (X, Y) only through Σ = XXᵀ, S = YXᵀ and a constant. If n > d_0, write X = X̃Qᵀ with
    X̃ (d_0, d_0) and QᵀQ = I; then L(θ) = ‖πX̃ − YQ‖² + ‖Y − YQQᵀ‖². So each pass below carries
    k = min(n, d_0) columns and no cost grows with n.

Derivatives
    With the forward states F_j = W_j ⋯ W_1 X̃ (d_j, k), the residual R = F_N − Ỹ (d_N, k) and the
    backward states B_j = (W_N ⋯ W_{j+1})ᵀ R (d_j, k):  ∂L/∂W_j = 2 B_j F_{j-1}ᵀ.
    The Hessian applied to V is the derivative of this formula along V.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .checks import FloatArray
from .least_squares import LeastSquares
from .parameters import Weights


@dataclass(frozen=True)
class _Linearisation:
    """What every product with the Hessian at one θ needs."""

    weights: Weights  # W_1, …, W_N
    forward: Weights  # F_0 = X̃, F_1, …, F_N;  F_j (..., d_j, k)
    backward: Weights  # B_1, …, B_N = R;       B_j (..., d_j, k)


@dataclass(frozen=True, eq=False, init=False)
class DeepLinearProblem(LeastSquares[_Linearisation]):
    """The problem of fitting π(θ)X to Y with a linear network of given widths.

    Parameters
    ----------
    X : (d_0, n) array_like
        Inputs, one column a sample. A read-only float64 copy is kept.
    Y : (d_N, n) array_like
        Targets.
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1.

    Raises
    ------
    ValueError
        If an entry is NaN or infinite, or the shapes do not fit the widths.

    Examples
    --------
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
        """W⋆ = SΣ⁻¹ (d_N, d_0), the least-squares matrix; read-only.

        Raises
        ------
        ValueError
            If Σ is singular to working precision, since then W⋆ is not unique (assumption A1).
        """
        X, Y, _ = self.reduced
        rank = int(np.linalg.matrix_rank(X))
        if rank < self.widths[0]:
            checks.refuse("X", f"rank d_0 = {self.widths[0]} so that Σ = XXᵀ is invertible", rank)
        # Least squares on X itself: forming Σ first would square the condition number.
        return _read_only(np.asarray(np.linalg.lstsq(X.T, Y.T, rcond=None)[0].T, dtype=np.float64))

    @cached_property
    def reduced(self) -> tuple[FloatArray, FloatArray, float]:
        """(X̃, Ỹ, constant) of the module's docstring; X̃ (d_0, k), Ỹ (d_N, k)."""
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

    def loss_unchecked(self, theta: FloatArray) -> FloatArray | np.float64:
        """L(θ) = ‖π(θ)X − Y‖_F²."""
        X, Y, constant = self.reduced
        residual = _forward(self._split(theta), X)[-1] - Y  # (..., d_N, k)
        return np.sum(residual**2, axis=(-2, -1)) + constant  # type: ignore[no-any-return]

    def gradient_unchecked(self, theta: FloatArray) -> FloatArray:
        """∇L(θ), with blocks ∂L/∂W_j = 2 B_j F_{j-1}ᵀ."""
        point = self._linearise(theta)
        return self._join(
            [2 * B @ F.mT for B, F in zip(point.backward, point.forward[:-1], strict=True)]
        )

    def _linearise(self, theta: FloatArray) -> _Linearisation:
        X, Y, _ = self.reduced
        weights = self._split(theta)
        forward = _forward(weights, X)
        return _Linearisation(weights, forward, _backward(weights, forward[-1] - Y))

    def _product(self, state: _Linearisation, v: FloatArray) -> FloatArray:
        directions = self._split(v)
        dF = _forward_tangent(state, directions)
        dB = _backward_tangent(state, directions, dF[-1])
        # d(2 B_j F_{j-1}ᵀ) = 2 (dB_j F_{j-1}ᵀ + B_j dF_{j-1}ᵀ), and dF_0 = 0.
        blocks = [2 * dB[0] @ state.forward[0].mT]
        for j in range(1, self.depth):
            blocks.append(2 * (dB[j] @ state.forward[j].mT + state.backward[j] @ dF[j].mT))
        return self._join(blocks)

    def _hessian(self, theta: FloatArray) -> FloatArray:
        r"""From its blocks, exact.

        With Q_j = W_N ⋯ W_{j+1}, P = W_{j-1} ⋯ W_{i+1} and i < j, the block of (W_i, W_j) is

            ∂²L/∂(W_i)_{pq} ∂(W_j)_{rs} = 2 (Q_iᵀQ_j)_{pr} (F_{i-1}F_{j-1}ᵀ)_{qs}
                                          + 2 P_{sp} (B_j F_{i-1}ᵀ)_{rq},

        the Gauss–Newton part and the part of the residual. Blocks with i = j have the first part
        only, since π is linear in each W_j.
        """
        point = self._linearise(theta)
        Q = _tails(point.weights)  # Q[j] = W_N ⋯ W_{j+2}, (..., d_N, d_{j+1}), for layer j + 1
        batch, D = theta.shape[:-1], self.dimension
        offsets = [0, *np.cumsum([rows * columns for rows, columns in self.shapes]).tolist()]
        H = np.empty((*batch, D, D))
        for i in range(self.depth):
            between = np.eye(self.widths[i + 1])  # W_j ⋯ W_{i+2}, grows with j; (d_j, d_{i+1})
            for j in range(i, self.depth):
                outputs = Q[i].mT @ Q[j]  # (..., d_{i+1}, d_{j+1})
                inputs = point.forward[i] @ point.forward[j].mT  # (..., d_i, d_j)
                block = np.einsum("...pr,...qs->...pqrs", outputs, inputs)
                if j > i:
                    error = point.backward[j] @ point.forward[i].mT  # (..., d_{j+1}, d_i)
                    block = block + np.einsum("...sp,...rq->...pqrs", between, error)
                    between = point.weights[j] @ between
                else:
                    block = (block + np.einsum("...pqrs->...rspq", block)) / 2  # rounding
                rows, columns = offsets[i + 1] - offsets[i], offsets[j + 1] - offsets[j]
                flat = 2 * block.reshape(*block.shape[:-4], rows, columns)  # at depth 1 no batch
                H[..., offsets[i] : offsets[i + 1], offsets[j] : offsets[j + 1]] = flat
                H[..., offsets[j] : offsets[j + 1], offsets[i] : offsets[i + 1]] = flat.mT
        return H


def _forward(weights: Weights, X: FloatArray) -> Weights:
    """F_0 = X̃ and F_j = W_j F_{j-1}."""
    states = [X]
    for W in weights:
        states.append(W @ states[-1])
    return states


def _backward(weights: Weights, residual: FloatArray) -> Weights:
    """B_N = R and B_{j-1} = W_jᵀ B_j, down to B_1."""
    states = [residual]
    for W in reversed(weights[1:]):
        states.append(W.mT @ states[-1])
    return states[::-1]


def _forward_tangent(point: _Linearisation, directions: Weights) -> Weights:
    """dF_0 = 0 and dF_j = V_j F_{j-1} + W_j dF_{j-1}."""
    tangents = [np.zeros_like(point.forward[0]), directions[0] @ point.forward[0]]
    for W, V, F in zip(point.weights[1:], directions[1:], point.forward[1:-1], strict=True):
        tangents.append(V @ F + W @ tangents[-1])
    return tangents


def _backward_tangent(point: _Linearisation, directions: Weights, last: FloatArray) -> Weights:
    """dB_N = dR = dF_N and dB_{j-1} = V_jᵀ B_j + W_jᵀ dB_j, down to dB_1."""
    tangents = [last]
    layers = zip(point.weights[1:], directions[1:], point.backward[1:], strict=True)
    for W, V, B in reversed(list(layers)):
        tangents.append(V.mT @ B + W.mT @ tangents[-1])
    return tangents[::-1]


def _tails(weights: Weights) -> Weights:
    """Q_1, …, Q_N with Q_N = I and Q_{j-1} = Q_j W_j."""
    products: Weights = [np.eye(weights[-1].shape[-2])]
    for W in reversed(weights[1:]):
        products.append(products[-1] @ W)
    return products[::-1]


def _read_only(array: FloatArray) -> FloatArray:
    array.flags.writeable = False
    return array
