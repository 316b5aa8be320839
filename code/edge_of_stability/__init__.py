"""Gradient descent with large steps on deep linear networks, after arXiv:2402.13108."""

from .certificates import (
    NonsingularityCertificate,
    SingularMapError,
    certify_nonsingular,
    resonant_steps,
)
from .descent import Trajectory, gradient_descent
from .problem import DeepLinearProblem
from .symbolic import SymbolicProblem

__all__ = [
    "DeepLinearProblem",
    "NonsingularityCertificate",
    "SingularMapError",
    "SymbolicProblem",
    "Trajectory",
    "certify_nonsingular",
    "gradient_descent",
    "resonant_steps",
]
