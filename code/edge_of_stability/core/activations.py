"""The activations of non-linear networks, with the two derivatives a Hessian needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .checks import FloatArray

Function = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Activation:
    """A function σ: R → R with σ′ and σ″ as functions of (z, σ(z))."""

    value: Function
    first: Callable[[FloatArray, FloatArray], FloatArray]
    second: Callable[[FloatArray, FloatArray], FloatArray]


def _softplus(z: FloatArray) -> FloatArray:
    """log(1 + e^z), without overflow and without loss of digits."""
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def _logistic_from_softplus(a: FloatArray) -> FloatArray:
    """1/(1 + e^{−z}) = 1 − e^{−a} for a = log(1 + e^z)."""
    return -np.expm1(-a)


def _softplus_second(z: FloatArray, a: FloatArray) -> FloatArray:
    p = _logistic_from_softplus(a)
    return p * (1.0 - p)


ACTIVATIONS = {
    "tanh": Activation(
        np.tanh,
        lambda z, a: 1.0 - a * a,
        lambda z, a: -2.0 * a * (1.0 - a * a),
    ),
    "softplus": Activation(
        _softplus,
        lambda z, a: _logistic_from_softplus(a),
        _softplus_second,
    ),
    # At the kink the derivative is taken to be 0; σ″ is that of the pieces.
    "relu": Activation(
        lambda z: np.maximum(z, 0.0),
        lambda z, a: (z > 0).astype(np.float64),
        lambda z, a: np.zeros_like(z),
    ),
}
