r"""Non-linear least squares: the loss of a network with activations, and its derivatives.

A point θ = (W_1, …, W_N) stands for the function

    f_θ(x) = W_N σ(W_{N−1} σ(⋯ σ(W_1 x) ⋯)),     L(θ) = Σ_i ‖f_θ(x_i) − y_i‖²

with σ applied to each coordinate. No ½ and no 1/n, as for :class:`DeepLinearProblem`, which is the
case σ(z) = z. There are no bias vectors; a row of ones in X gives the first layer one.

Derivatives
    Forward:   A_0 = X, Z_j = W_j A_{j−1}, A_j = σ(Z_j) for j < N, and R = Z_N − Y.
    Backward:  B_N = R and B_j = (W_{j+1}ᵀ B_{j+1}) ⊙ σ′(Z_j).
    Gradient:  ∂L/∂W_j = 2 B_j A_{j−1}ᵀ.
    The Hessian applied to V is the derivative of these three lines along V. There σ″ appears.

For ReLU, L is a polynomial on each of finitely many pieces; on the borders between them σ′(0) is
taken to be 0, and gradient and Hessian are those of a neighbouring piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .activations import ACTIVATIONS, Activation
from .checks import FloatArray
from .least_squares import LeastSquares
from .parameters import Weights

ActivationName = Literal["tanh", "softplus", "relu"]


@dataclass(frozen=True)
class _State:
    """What every derivative at one θ needs."""

    weights: Weights  # W_1, …, W_N
    inputs: Weights  # A_0, …, A_{N−1};  A_j (..., d_j, n)
    sums: Weights  # Z_1, …, Z_{N−1}
    slopes: Weights  # σ′(Z_1), …, σ′(Z_{N−1})
    residual: FloatArray  # R = Z_N − Y, (..., d_N, n)


@dataclass(frozen=True, eq=False, init=False)
class Network(LeastSquares[_State]):
    """The problem of fitting f_θ(X) to Y with a network of given widths and activation.

    Parameters
    ----------
    X : (d_0, n) array_like
        Inputs, one column a sample. A read-only float64 copy is kept.
    Y : (d_N, n) array_like
        Targets.
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1. With N = 1 there is no hidden layer and no activation.
    activation : {"tanh", "softplus", "relu"}

    Raises
    ------
    ValueError
        If the activation is unknown, an entry is NaN or infinite, or the shapes do not fit.

    Examples
    --------
    >>> network = Network([[1.0]], [[1.0]], (1, 1, 1), "relu")  # L = (w_2 max(0, w_1) - 1)^2
    >>> float(network.loss([2.0, 3.0]))
    25.0
    >>> network.gradient([2.0, 3.0])
    array([30., 20.])
    """

    activation: str

    def __init__(
        self, X: ArrayLike, Y: ArrayLike, widths: Sequence[int], activation: ActivationName
    ) -> None:
        if activation not in ACTIVATIONS:
            checks.refuse("activation", f"one of {sorted(ACTIVATIONS)}", repr(activation))
        super().__init__(X, Y, widths)
        object.__setattr__(self, "activation", str(activation))

    @property
    def _sigma(self) -> Activation:
        return ACTIVATIONS[self.activation]

    def predict(self, theta: ArrayLike) -> FloatArray:
        """f_θ(X), (..., d_N, n) for θ (..., D)."""
        point = self._point(theta)
        return self._linearise(point).residual + self.Y

    def jacobian(self, theta: ArrayLike) -> FloatArray:
        """Derivative of the d_N·n numbers f_θ(X), (..., d_N n, D).

        Where L(θ) = 0 the Hessian is 2 JᵀJ, so the sharpness is the largest eigenvalue of 2 JJᵀ.
        """
        point = self._point(theta)
        state = self._linearise(point[..., np.newaxis, :])
        tangents, _ = self._tangents(state, self._split(np.eye(self.dimension)))
        columns = tangents[-1]  # (..., D, d_N, n)
        return np.swapaxes(columns.reshape(*columns.shape[:-2], -1), -1, -2)

    def loss_unchecked(self, theta: FloatArray) -> FloatArray | np.float64:
        """L(θ) = ‖f_θ(X) − Y‖_F²."""
        R = self._linearise(theta).residual
        return np.sum(R**2, axis=(-2, -1))  # type: ignore[no-any-return]

    def gradient_unchecked(self, theta: FloatArray) -> FloatArray:
        """∇L(θ), with blocks ∂L/∂W_j = 2 B_j A_{j-1}ᵀ."""
        state = self._linearise(theta)
        B = self._backward(state)
        return self._join([2 * b @ a.mT for b, a in zip(B, state.inputs, strict=True)])

    def _linearise(self, theta: FloatArray) -> _State:
        weights = self._split(theta)
        inputs: Weights = [self.X]
        slopes: Weights = []
        sums: Weights = []
        for W in weights[:-1]:
            Z = W @ inputs[-1]  # (..., d_j, n)
            A = self._sigma.value(Z)
            sums.append(Z)
            slopes.append(self._sigma.first(Z, A))
            inputs.append(A)
        return _State(weights, inputs, sums, slopes, weights[-1] @ inputs[-1] - self.Y)

    def _backward(self, state: _State) -> Weights:
        """B_1, …, B_N; B_j (..., d_j, n)."""
        B: Weights = [state.residual]
        for W, slope in zip(reversed(state.weights[1:]), reversed(state.slopes), strict=True):
            B.append((W.mT @ B[-1]) * slope)
        return B[::-1]

    def _tangents(self, state: _State, V: Weights) -> tuple[Weights, Weights]:
        """(dZ_1, …, dZ_N) and (dA_0, …, dA_{N−1}) along V."""
        dZ: Weights = []
        dA: Weights = [np.zeros_like(self.X)]
        for j, (W, v, A) in enumerate(zip(state.weights, V, state.inputs, strict=True)):
            dZ.append(v @ A + W @ dA[-1])
            if j < len(state.slopes):
                dA.append(state.slopes[j] * dZ[-1])
        return dZ, dA

    def _product(self, state: _State, v: FloatArray) -> FloatArray:
        V = self._split(v)
        B = self._backward(state)
        dZ, dA = self._tangents(state, V)
        dB: Weights = [dZ[-1]]
        for j in range(self.depth - 2, -1, -1):  # the hidden layer j + 1
            W, slope = state.weights[j + 1], state.slopes[j]
            curve = self._sigma.second(state.sums[j], state.inputs[j + 1])
            moved = V[j + 1].mT @ B[j + 1] + W.mT @ dB[-1]
            dB.append(moved * slope + (W.mT @ B[j + 1]) * curve * dZ[j])
        dB.reverse()
        layers = zip(B, dB, state.inputs, dA, strict=True)
        return self._join([2 * (db @ a.mT + b @ da.mT) for b, db, a, da in layers])

    def _hessian(self, theta: FloatArray) -> FloatArray:
        """By D products with unit vectors."""
        state = self._linearise(theta[..., np.newaxis, :])
        H = self._product(state, np.eye(self.dimension))
        return np.asarray((H + H.mT) / 2)
