r"""What all problems here share: L(θ) = ‖f_θ(X) − Y‖_F² (no ½, no 1/n) and its derivatives.

The function of a point θ = (W_1, …, W_N) is f_θ(x) = W_N σ(W_{N−1} σ(⋯ σ(W_1 x) ⋯)), with σ applied
to each coordinate. In a linear network σ(z) = z, and σ′ = 1 and σ″ = 0 are left out.

Derivatives
    Forward:   A_0 = X, Z_j = W_j A_{j−1}, A_j = σ(Z_j) for j < N.
    Backward:  B_N = 2(Z_N − Y) and B_j = (W_{j+1}ᵀ B_{j+1}) ⊙ σ′(Z_j).
    Gradient:  ∂L/∂W_j = B_j A_{j−1}ᵀ.
    The Hessian applied to V is the derivative of these three lines along V. There σ″ appears.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .activations import Activation
from .checks import FloatArray
from .eigen import DENSE_LIMIT, largest_eigenvalue_lanczos
from .parameters import Parameters, Weights
from .threads import one_thread

# Products of larger problems gain more by a second thread of BLAS than they lose on a busy machine.
_LARGE = 500_000

SharpnessMethod = Literal["auto", "dense", "lanczos"]


@dataclass(frozen=True)
class _State:
    """What every product with the Hessian at one θ needs."""

    weights: Weights  # W_1, …, W_N
    inputs: Weights  # A_0, …, A_{N−1};  A_j (..., d_j, k)
    backward: Weights  # B_1, …, B_N;  B_j (..., d_j, k)
    slopes: Weights  # σ′(Z_1), …, σ′(Z_{N−1}); none in a linear network
    bends: Weights  # (W_{j+1}ᵀ B_{j+1}) ⊙ σ″(Z_j), j = 1, …, N − 1; none in a linear network


@dataclass(frozen=True, eq=False, init=False)
class LeastSquares(Parameters, ABC):
    """A network's squared error on given data; a base class.

    All methods take θ as (..., D) array_like and work on the whole batch at once. The methods
    ``*_unchecked`` take float64 arrays as they are, also those with the inf and NaN of a diverging
    orbit; the others raise a ValueError. The data are kept in read-only float64 copies.
    """

    X: FloatArray  # (d_0, n), read-only
    Y: FloatArray  # (d_N, n), read-only
    widths: tuple[int, ...]

    def __init__(self, X: ArrayLike, Y: ArrayLike, widths: Sequence[int]) -> None:
        checked = checks.layer_widths(widths)
        inputs, targets = checks.data(X, Y, checked)
        for name, value in (("X", inputs), ("Y", targets), ("widths", checked)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[type["LeastSquares"], tuple[object, ...]]:
        """Pickle the arguments, since unpickled arrays would be writable."""
        return type(self), tuple(getattr(self, field.name) for field in fields(self))

    # -- the loss and its derivatives -------------------------------------------------------------

    def loss(self, theta: ArrayLike) -> FloatArray | np.float64:
        """L(θ), (...): one number for each point."""
        return self.loss_unchecked(self._point(theta))

    def gradient(self, theta: ArrayLike) -> FloatArray:
        """∇L(θ), (..., D)."""
        return self.gradient_unchecked(self._point(theta))

    def hvp(self, theta: ArrayLike, v: ArrayLike) -> FloatArray:
        """H(θ)v, (..., D), without forming the Hessian H = ∇²L; costs about three gradients.

        The batch axes of ``v`` (..., D) broadcast against those of θ.
        """
        point = self._point(theta)
        direction = checks.broadcast("v", checks.coordinates("v", v, self.dimension), point)
        return self._product(self._linearise(point), direction)

    def hessian(self, theta: ArrayLike) -> FloatArray:
        """H(θ) = ∇²L(θ), (..., D, D), exactly symmetric."""
        return self._hessian(self._point(theta))

    def sharpness(
        self, theta: ArrayLike, method: SharpnessMethod = "auto"
    ) -> FloatArray | np.float64:
        """λ_max(θ), the largest eigenvalue of the Hessian, (...).

        The method ``"dense"`` computes all eigenvalues of the D × D Hessian; ``"lanczos"`` only
        uses products with it, to a relative residual of 1e-7; ``"auto"`` takes the first up to
        D = 200.
        """
        point = self._point(theta)
        if method not in ("auto", "dense", "lanczos"):
            checks.refuse("method", "'auto', 'dense' or 'lanczos'", repr(method))
        small = self.dimension <= DENSE_LIMIT
        if method == "dense" or (method == "auto" and small):
            with one_thread():
                return np.asarray(np.linalg.eigvalsh(self._hessian(point))[..., -1])[()]
        with one_thread(self.dimension < _LARGE):
            values = map(self._sharpness_lanczos, point.reshape(-1, self.dimension))
            return np.array([*values]).reshape(point.shape[:-1])[()]

    def step(self, theta: ArrayLike, eta: ArrayLike) -> FloatArray:
        """G_η(θ) = θ − η∇L(θ), one step of gradient descent, (..., D).

        η is a positive number, or an array (...) with one for each point. Overflow gives inf or
        NaN without a warning.
        """
        point = self._point(theta)
        return self.step_unchecked(point, checks.step_size(eta, point.shape[:-1]))

    def loss_unchecked(self, theta: FloatArray) -> FloatArray | np.float64:
        """L(θ)."""
        _, Y, constant = self.reduced
        _, sums = self._forward(self._split(theta))
        return np.sum((sums[-1] - Y) ** 2, axis=(-2, -1)) + constant  # type: ignore[no-any-return]

    def gradient_unchecked(self, theta: FloatArray) -> FloatArray:
        """∇L(θ)."""
        return self._slope(self._linearise(theta))

    def loss_and_gradient_unchecked(self, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """L(θ) and ∇L(θ) by one pass through the layers; the bits of the two methods above."""
        state = self._linearise(theta)
        loss = np.sum((state.backward[-1] / 2) ** 2, axis=(-2, -1)) + self.reduced[2]
        return loss, self._slope(state)

    def step_unchecked(self, theta: FloatArray, eta: FloatArray) -> FloatArray:
        """G_η(θ)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return theta - eta[..., np.newaxis] * self.gradient_unchecked(theta)

    # -- what a kind of network brings ------------------------------------------------------------

    @property
    @abstractmethod
    def _sigma(self) -> Activation | None:
        """σ, or None if it is the identity."""

    @property
    @abstractmethod
    def reduced(self) -> tuple[FloatArray, FloatArray, float]:
        """(X̃, Ỹ, c), (d_0, k) and (d_N, k), with L(θ) = ‖f_θ(X̃) − Ỹ‖² + c."""

    @abstractmethod
    def _hessian(self, theta: FloatArray) -> FloatArray: ...

    # -- the passes through the layers ------------------------------------------------------------

    def _point(self, theta: ArrayLike) -> FloatArray:
        return checks.coordinates("theta", theta, self.dimension)

    def _forward(self, weights: Weights) -> tuple[Weights, Weights]:
        """A_0, …, A_{N−1} and Z_1, …, Z_N."""
        sigma, inputs, sums = self._sigma, [self.reduced[0]], []
        for W in weights[:-1]:
            sums.append(W @ inputs[-1])
            inputs.append(sums[-1] if sigma is None else sigma.value(sums[-1]))
        return inputs, [*sums, weights[-1] @ inputs[-1]]

    def _linearise(self, theta: FloatArray) -> _State:
        weights, sigma = self._split(theta), self._sigma
        inputs, sums = self._forward(weights)
        B = [2 * (sums[-1] - self.reduced[1])]
        slopes, bends = [], []
        for W, Z, A in reversed(list(zip(weights[1:], sums[:-1], inputs[1:], strict=True))):
            pulled = W.mT @ B[-1]
            if sigma is not None:
                slopes.append(sigma.first(Z, A))
                bends.append(pulled * sigma.second(Z, A))
                pulled = pulled * slopes[-1]
            B.append(pulled)
        return _State(weights, inputs, B[::-1], slopes[::-1], bends[::-1])

    def _slope(self, state: _State) -> FloatArray:
        return self._join([B @ A.mT for B, A in zip(state.backward, state.inputs, strict=True)])

    def _tangents(self, state: _State, V: Weights) -> tuple[Weights, Weights]:
        """(dA_1, …, dA_{N−1}) and (dZ_1, …, dZ_N) along V; dA_0 = 0."""
        dA, dZ = [], [V[0] @ state.inputs[0]]
        for j in range(1, self.depth):
            dA.append(state.slopes[j - 1] * dZ[-1] if state.slopes else dZ[-1])
            dZ.append(V[j] @ state.inputs[j] + state.weights[j] @ dA[-1])
        return dA, dZ

    def _product(self, state: _State, v: FloatArray) -> FloatArray:
        V = self._split(v)
        dA, dZ = self._tangents(state, V)
        dB = [2 * dZ[-1]]
        for j in range(self.depth - 1, 0, -1):
            moved = V[j].mT @ state.backward[j] + state.weights[j].mT @ dB[-1]
            if state.slopes:
                moved = moved * state.slopes[j - 1] + state.bends[j - 1] * dZ[j - 1]
            dB.append(moved)
        dB.reverse()
        # d(B_j A_{j−1}ᵀ) = dB_j A_{j−1}ᵀ + B_j dA_{j−1}ᵀ
        blocks = [change @ A.mT for change, A in zip(dB, state.inputs, strict=True)]
        for j in range(1, self.depth):
            blocks[j] += state.backward[j] @ dA[j - 1].mT
        return self._join(blocks)

    def _sharpness_lanczos(self, theta: FloatArray) -> np.float64:
        state = self._linearise(theta)  # once, not once a product
        return largest_eigenvalue_lanczos(lambda v: self._product(state, v), self.dimension)
