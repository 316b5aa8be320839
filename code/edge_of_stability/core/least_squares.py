"""What all problems here share: L(θ) = ‖f_θ(X) − Y‖_F² (no ½, no 1/n) and its derivatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from . import checks
from .checks import FloatArray
from .eigen import DENSE_LIMIT, largest_eigenvalue_dense, largest_eigenvalue_lanczos
from .parameters import Parameters

SharpnessMethod = Literal["auto", "dense", "lanczos"]
State = TypeVar("State")  # what every product with the Hessian at one θ needs


@dataclass(frozen=True, eq=False, init=False)
class LeastSquares(Parameters, ABC, Generic[State]):
    """A network's squared error on given data; a base class.

    All methods take θ as (..., D) array_like, work on the whole batch at once, and raise a
    ValueError if its last axis is not D or an entry is NaN or infinite. The methods ``*_unchecked``
    take float64 arrays as they are: a diverging orbit passes through them with inf and NaN.
    """

    X: FloatArray  # (d_0, n), read-only
    Y: FloatArray  # (d_N, n), read-only
    widths: tuple[int, ...]

    def __init__(self, X: ArrayLike, Y: ArrayLike, widths: Sequence[int]) -> None:
        checked = checks.layer_widths(widths)
        inputs, targets = checks.data_matrix("X", X), checks.data_matrix("Y", Y)
        checks.data_shapes(checked, inputs.shape, targets.shape)
        for name, value in (("X", inputs), ("Y", targets), ("widths", checked)):
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[type[LeastSquares[State]], tuple[object, ...]]:
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

        Parameters
        ----------
        theta : (..., D) array_like
        method : {"auto", "dense", "lanczos"}
            ``"dense"`` computes all eigenvalues of the D × D Hessian; ``"lanczos"`` only uses
            Hessian–vector products, to a relative residual of 1e-7; ``"auto"`` takes the first up
            to D = 200.
        """
        point = self._point(theta)
        if method not in ("auto", "dense", "lanczos"):
            checks.refuse("method", "'auto', 'dense' or 'lanczos'", repr(method))
        small = self.dimension <= DENSE_LIMIT
        if method == "dense" or (method == "auto" and small) or self.dimension == 1:
            return largest_eigenvalue_dense(self._hessian(point))[()]
        flat = point.reshape(-1, self.dimension)
        values = np.array([self._sharpness_lanczos(one) for one in flat])
        return values.reshape(point.shape[:-1])[()]

    def step(self, theta: ArrayLike, eta: ArrayLike) -> FloatArray:
        """G_η(θ) = θ − η∇L(θ), one step of gradient descent, (..., D).

        ``eta`` is a positive number, or an array (...) that gives each point its own. Overflow
        gives inf or NaN without a warning.
        """
        point = self._point(theta)
        return self.step_unchecked(point, checks.step_size(eta, point.shape[:-1]))

    @abstractmethod
    def loss_unchecked(self, theta: FloatArray) -> FloatArray | np.float64:
        """L(θ)."""

    @abstractmethod
    def gradient_unchecked(self, theta: FloatArray) -> FloatArray:
        """∇L(θ)."""

    def step_unchecked(self, theta: FloatArray, eta: FloatArray) -> FloatArray:
        """G_η(θ)."""
        with np.errstate(over="ignore", invalid="ignore"):
            return theta - eta[..., np.newaxis] * self.gradient_unchecked(theta)

    # -- what a kind of network brings ------------------------------------------------------------

    @abstractmethod
    def _linearise(self, theta: FloatArray) -> State: ...

    @abstractmethod
    def _product(self, state: State, v: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _hessian(self, theta: FloatArray) -> FloatArray: ...

    def _point(self, theta: ArrayLike) -> FloatArray:
        return checks.coordinates("theta", theta, self.dimension)

    def _sharpness_lanczos(self, theta: FloatArray) -> np.float64:
        state = self._linearise(theta)  # once, not once a product
        return largest_eigenvalue_lanczos(lambda v: self._product(state, v), self.dimension)
