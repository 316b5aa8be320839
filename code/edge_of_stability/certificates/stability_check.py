"""An independent check of certificates of stability: see :mod:`.stability` for the two routes."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import fmpq, fmpq_mat

from .nonsingular_check import Matrix, dot, hessian, is_sound, residual


def verify(
    X: Matrix,
    Y: Matrix,
    widths: Sequence[int],
    eta: Fraction,
    theta: Sequence[Fraction],
    counts: tuple[int, int, int],
) -> bool:
    """Whether θ is a global minimizer and H(θ) has these numbers of eigenvalues.

    ``counts`` are those above, equal to and below 2/η. False also if a number is a float, η ≤ 0 or
    the sizes do not fit together.
    """
    if not is_sound(X, Y, widths, eta, theta):
        return False
    # The normal equations (π(θ)X − Y)Xᵀ = 0 say that L is at its minimum.
    if any(dot(row, inputs) for row in residual(X, Y, widths, theta) for inputs in X):
        return False
    H = hessian(X, Y, widths, theta)
    for i in range(len(theta)):
        H[i][i] -= 2 / Fraction(eta)
    shifted = fmpq_mat([[fmpq(entry.numerator, entry.denominator) for entry in row] for row in H])
    return root_signs(shifted.charpoly().coeffs()) == counts


def root_signs(coefficients: Sequence[Any]) -> tuple[int, int, int]:
    """Count positive, zero and negative roots of a real-rooted polynomial, lowest power first."""
    zeros = next(k for k, coefficient in enumerate(coefficients) if coefficient != 0)
    signs = [coefficient > 0 for coefficient in coefficients if coefficient != 0]
    positive = sum(a != b for a, b in pairwise(signs))
    return positive, zeros, len(coefficients) - 1 - zeros - positive
