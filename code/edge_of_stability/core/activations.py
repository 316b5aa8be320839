"""The activations of non-linear networks, with the two derivatives a Hessian needs."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from .checks import FloatArray

Derivative = Callable[[FloatArray, FloatArray], FloatArray]


class Activation(NamedTuple):
    """A function σ: R → R with σ′ and σ″ as functions of (z, σ(z))."""

    value: Callable[[FloatArray], FloatArray]
    first: Derivative
    second: Derivative


ACTIVATIONS = {
    "tanh": Activation(
        np.tanh,
        lambda z, a: 1.0 - a * a,
        lambda z, a: -2.0 * a * (1.0 - a * a),
    ),
    # For a = log(1 + e^z) the derivatives are 1/(1 + e^{−z}) = 1 − e^{−a} and e^{−a}(1 − e^{−a}).
    "softplus": Activation(
        lambda z: np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))),  # e^z may overflow
        lambda z, a: -np.expm1(-a),
        lambda z, a: -np.expm1(-a) * (1.0 + np.expm1(-a)),
    ),
    # At the kink the derivative is taken to be 0; σ″ is that of the pieces.
    "relu": Activation(
        lambda z: np.maximum(z, 0.0),
        lambda z, a: (z > 0).astype(np.float64),
        lambda z, a: np.zeros_like(z),
    ),
}
