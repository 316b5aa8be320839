"""Gradient descent with large steps on deep linear networks, after arXiv:2402.13108."""

from .descent import Trajectory, gradient_descent
from .problem import DeepLinearProblem

__all__ = [
    "DeepLinearProblem",
    "Trajectory",
    "gradient_descent",
]
