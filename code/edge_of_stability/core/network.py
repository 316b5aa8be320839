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

from . import _checks
from ._checks import FloatArray
from .layers import Layers, Weights
from .nonlinear_activations import ACTIVATIONS, Activation
from .sharpness import DENSE_LIMIT, largest_eigenvalue_dense, largest_eigenvalue_lanczos

ActivationName = Literal["tanh", "softplus", "relu"]


@dataclass(frozen=True, eq=False)
class Network(Layers):
    """The problem of fitting f_θ(X) to Y with a network of given widths and activation.

    Parameters
    ----------
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1. With N = 1 there is no hidden layer and no activation.
    activation : {"tanh", "softplus", "relu"}
    X : (d_0, n) array_like
        Inputs, one column a sample. A read-only float64 copy is kept.
    Y : (d_N, n) array_like
        Targets.

    Raises
    ------
    ValueError
        If the activation is unknown, an entry is NaN or infinite, or the shapes do not fit.

    Examples
    --------
    >>> network = Network((1, 1, 1), "relu", [[1.0]], [[1.0]])  # L = (w_2 max(0, w_1) - 1)^2
    >>> float(network.loss([2.0, 3.0]))
    25.0
    >>> network.gradient([2.0, 3.0])
    array([30., 20.])
    """

    widths: tuple[int, ...]
    activation: str
    X: FloatArray  # (d_0, n)
    Y: FloatArray  # (d_N, n)

    def __init__(
        self, widths: Sequence[int], activation: ActivationName, X: ArrayLike, Y: ArrayLike
    ) -> None:
        checked_widths = _checks.layer_widths(widths)
        if activation not in ACTIVATIONS:
            _checks.refuse("activation", f"one of {sorted(ACTIVATIONS)}", repr(activation))
        inputs, targets = _checks.data_matrix("X", X), _checks.data_matrix("Y", Y)
        _checks.data_shapes(
            checked_widths,
            (inputs.shape[0], inputs.shape[1]),
            (targets.shape[0], targets.shape[1]),
        )
        object.__setattr__(self, "widths", checked_widths)
        object.__setattr__(self, "activation", str(activation))
        object.__setattr__(self, "X", inputs)
        object.__setattr__(self, "Y", targets)

    def __reduce__(self) -> tuple[type[Network], tuple[object, ...]]:
        """Pickle the arguments, since unpickled arrays would be writable."""
        return type(self), (self.widths, self.activation, self.X, self.Y)

    @property
    def _sigma(self) -> Activation:
        return ACTIVATIONS[self.activation]

    # -- the loss and its derivatives -------------------------------------------------------------

    def predict(self, theta: ArrayLike) -> FloatArray:
        """f_θ(X), (..., d_N, n) for θ (..., D)."""
        point = _checks.coordinates("theta", theta, self.dimension)
        return self._linearise(point).residual + self.Y

    def loss(self, theta: ArrayLike) -> FloatArray | np.float64:
        """L(θ) = ‖f_θ(X) − Y‖_F², one number for each θ of (..., D)."""
        return self._loss(_checks.coordinates("theta", theta, self.dimension))

    def gradient(self, theta: ArrayLike) -> FloatArray:
        """∇L(θ), (..., D), with blocks ∂L/∂W_j = 2 B_j A_{j-1}ᵀ."""
        return self._gradient(_checks.coordinates("theta", theta, self.dimension))

    def hvp(self, theta: ArrayLike, v: ArrayLike) -> FloatArray:
        """H(θ)v without forming H; batch axes of θ and v, (..., D), broadcast."""
        point = _checks.coordinates("theta", theta, self.dimension)
        direction = _checks.broadcast("v", _checks.coordinates("v", v, self.dimension), point)
        return self._hvp(self._linearise(point), direction)

    def hessian(self, theta: ArrayLike) -> FloatArray:
        """H(θ), (..., D, D), by D products with unit vectors; symmetric exactly."""
        return self._hessian(_checks.coordinates("theta", theta, self.dimension))

    def jacobian(self, theta: ArrayLike) -> FloatArray:
        """Derivative of the d_N·n numbers f_θ(X), (..., d_N n, D).

        Where L(θ) = 0 the Hessian is 2 JᵀJ, so the sharpness is the largest eigenvalue of 2 JJᵀ.
        """
        point = _checks.coordinates("theta", theta, self.dimension)
        state = self._linearise(point[..., np.newaxis, :])
        tangents, _ = self._tangents(state, self._split(np.eye(self.dimension)))
        columns = tangents[-1]  # (..., D, d_N, n)
        return np.swapaxes(columns.reshape(*columns.shape[:-2], -1), -1, -2)

    def sharpness(self, theta: ArrayLike) -> FloatArray | np.float64:
        """λ_max(θ), the largest eigenvalue of the Hessian; dense up to D = 200, else by Lanczos."""
        point = _checks.coordinates("theta", theta, self.dimension)
        if self.dimension <= DENSE_LIMIT:
            return largest_eigenvalue_dense(self._hessian(point))[()]
        values = [self._sharpness_lanczos(one) for one in point.reshape(-1, self.dimension)]
        return np.array(values).reshape(point.shape[:-1])[()]

    def step(self, theta: ArrayLike, eta: ArrayLike) -> FloatArray:
        """G_η(θ) = θ − η∇L(θ); an array η gives each point of the batch its own step size."""
        point = _checks.coordinates("theta", theta, self.dimension)
        return self._step(point, _checks.step_size(eta, point.shape[:-1]))

    # -- the same on checked arrays; a diverging orbit passes through here with inf and NaN --------

    def _loss(self, theta: FloatArray) -> FloatArray | np.float64:
        R = self._linearise(theta).residual
        return np.sum(R**2, axis=(-2, -1))  # type: ignore[no-any-return]

    def _gradient(self, theta: FloatArray) -> FloatArray:
        state = self._linearise(theta)
        B = self._backward(state)
        return self._join([2 * b @ _t(a) for b, a in zip(B, state.inputs, strict=True)])

    def _step(self, theta: FloatArray, eta: FloatArray) -> FloatArray:
        with np.errstate(over="ignore", invalid="ignore"):
            return theta - eta[..., np.newaxis] * self._gradient(theta)

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
            B.append((_t(W) @ B[-1]) * slope)
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

    def _hvp(self, state: _State, v: FloatArray) -> FloatArray:
        V = self._split(v)
        B = self._backward(state)
        dZ, dA = self._tangents(state, V)
        dB: Weights = [dZ[-1]]
        for j in range(self.depth - 2, -1, -1):  # the hidden layer j + 1
            W, slope = state.weights[j + 1], state.slopes[j]
            curve = self._sigma.second(state.sums[j], state.inputs[j + 1])
            moved = _t(V[j + 1]) @ B[j + 1] + _t(W) @ dB[-1]
            dB.append(moved * slope + (_t(W) @ B[j + 1]) * curve * dZ[j])
        dB.reverse()
        layers = zip(B, dB, state.inputs, dA, strict=True)
        return self._join([2 * (db @ _t(a) + b @ _t(da)) for b, db, a, da in layers])

    def _hessian(self, theta: FloatArray) -> FloatArray:
        state = self._linearise(theta[..., np.newaxis, :])
        H = self._hvp(state, np.eye(self.dimension))
        return np.asarray((H + _t(H)) / 2)

    def _sharpness_lanczos(self, theta: FloatArray) -> np.float64:
        state = self._linearise(theta)
        return largest_eigenvalue_lanczos(lambda v: self._hvp(state, v), self.dimension)


@dataclass(frozen=True)
class _State:
    """What every derivative at one θ needs."""

    weights: Weights  # W_1, …, W_N
    inputs: Weights  # A_0, …, A_{N−1};  A_j (..., d_j, n)
    sums: Weights  # Z_1, …, Z_{N−1}
    slopes: Weights  # σ′(Z_1), …, σ′(Z_{N−1})
    residual: FloatArray  # R = Z_N − Y, (..., d_N, n)


def _t(matrix: FloatArray) -> FloatArray:
    """Transpose the last two axes."""
    return np.swapaxes(matrix, -1, -2)
