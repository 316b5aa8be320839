"""Non-linear least squares: the loss of :mod:`.least_squares` for a network with activations.

There are no bias vectors; a row of ones in X gives the first layer one.

For ReLU, L is a polynomial on each of finitely many pieces; on the borders between them σ′(0) is
taken to be 0, and gradient and Hessian are those of a neighbouring piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .activations import ACTIVATIONS, Activation
from .checks import FloatArray
from .least_squares import LeastSquares

ActivationName = Literal["tanh", "softplus", "relu"]


@dataclass(frozen=True, eq=False, init=False)
class Network(LeastSquares):
    """The problem of fitting f_θ(X) to Y with a network of given widths and activation.

    X (d_0, n) and Y (d_N, n) are inputs and targets, one column for each sample; ``widths`` are
    (d_0, …, d_N), and for N = 1 there is no activation.

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

    @property
    def reduced(self) -> tuple[FloatArray, FloatArray, float]:
        """(X, Y, 0): with activations, samples cannot be combined."""
        return self.X, self.Y, 0.0

    def predict(self, theta: ArrayLike) -> FloatArray:
        """f_θ(X), (..., d_N, n) for θ (..., D)."""
        return self._forward(self._split(self._point(theta)))[1][-1]

    def jacobian(self, theta: ArrayLike) -> FloatArray:
        """Derivative of the d_N·n numbers f_θ(X), (..., d_N n, D).

        Where L(θ) = 0 the Hessian is 2 JᵀJ, so the sharpness is the largest eigenvalue of 2 JJᵀ.
        """
        state = self._linearise(self._point(theta)[..., np.newaxis, :])
        columns = self._tangents(state, self._split(self._units(theta)))[1][-1]  # (..., D, d_N, n)
        return columns.reshape(*columns.shape[:-2], -1).mT

    def _hessian(self, theta: FloatArray) -> FloatArray:
        """By D products with unit vectors."""
        H = self._product(self._linearise(theta[..., np.newaxis, :]), self._units(theta))
        return np.asarray((H + H.mT) / 2)

    def _units(self, theta: ArrayLike) -> FloatArray:
        """The unit vectors of R^D, (..., D, D), for each point."""
        return np.broadcast_to(np.eye(self.dimension), (*np.shape(theta), self.dimension))
