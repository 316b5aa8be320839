"""Symbolic and numerical formulas share nothing, so their agreement is evidence for both."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy as sp

from edge_of_stability import DeepLinearProblem, SymbolicProblem

CASES = [
    ((1, 1), [[2]], [[3]]),
    ((2, 1), [[1, 2], [0, 1]], [[1, -1]]),
    ((1, 1, 1), [[1]], [[1]]),
    ((1, 2, 1), [[1, 2]], [[1, 1]]),
    ((2, 1, 2), [[1, 0], [1, 2]], [[1, 1], [0, 3]]),
    ((2, 2, 1), [[1, 0, 1], [0, 2, 1]], [[1, 3, 0]]),
    ((1, 1, 1, 1), [[1]], [[2]]),
    ((2, 1, 1, 2), [[1, 0], [0, 1]], [[1, 2], [3, 4]]),
]
ETA = sp.Rational(1, 3)


@pytest.mark.parametrize(("widths", "X", "Y"), CASES)
def test_symbolic_equals_numerical(widths, X, Y):
    exact, numerical = SymbolicProblem(X, Y, widths), DeepLinearProblem(X, Y, widths)
    theta = np.random.default_rng(5).integers(-4, 5, numerical.dimension) / 4  # exact in float64
    values = [sp.Rational(Fraction(float(t))) for t in theta]

    def at_theta(expression):
        value = exact.substitute(expression, values)
        is_matrix = isinstance(value, sp.MatrixBase)
        return np.array(value.tolist(), dtype=float) if is_matrix else float(value)

    H = numerical.hessian(theta)
    for symbolic, found in (
        (exact.end_to_end, numerical.end_to_end(theta)),
        (exact.loss, numerical.loss(theta)),
        (exact.gradient, numerical.gradient(theta)[:, np.newaxis]),
        (exact.hessian, H),
        (exact.step_map(ETA), numerical.step(theta, 1 / 3)[:, np.newaxis]),
        (exact.jacobian_determinant(ETA), np.linalg.det(np.eye(len(theta)) - H / 3)),
    ):
        np.testing.assert_allclose(at_theta(symbolic), found, rtol=1e-10, atol=1e-10)


def test_symbolic_data():
    w = sp.Symbol("w")
    net = SymbolicProblem([[1]], [[w]], (1, 1, 1))
    x, y = net.symbols
    assert sp.expand(net.loss - (x * y - w) ** 2) == 0
    assert net.substitute(x + 2 * y, [y, x]) == y + 2 * x  # all at once
    eta = sp.Symbol("eta")
    at_origin = net.substitute(net.jacobian_determinant(eta), [0, 0])
    assert sp.expand(at_origin - (1 - 4 * eta**2 * w**2)) == 0
    assert net.substitute(at_origin, [0, 0], {w: 2, eta: sp.Rational(1, 4)}) == 0
    assert SymbolicProblem([[2, 0], [0, 1]], [[1, 1]], (2, 1)).jacobian_determinant("1/8").is_zero


def test_conservation_law_between_layers():
    exact = SymbolicProblem([[1, 0], [1, 2]], [[1, 1], [0, 3]], (2, 1, 2))
    W_1, W_2 = exact.weights
    D_1, D_2 = sp.Matrix(1, 2, exact.gradient[:2]), sp.Matrix(2, 1, exact.gradient[2:])
    assert sp.expand(W_2.T * D_2 - D_1 * W_1.T) == sp.zeros(1, 1)


def rotation(*numbers):
    """Cayley's rational orthogonal matrix of the skew-symmetric one with these entries."""
    d = {1: 2, 3: 3}[len(numbers)]
    skew = sp.zeros(d)
    for number, (i, j) in zip(numbers, combinations(range(d), 2), strict=True):
        skew[i, j], skew[j, i] = number, -number
    return (sp.eye(d) - skew) * (sp.eye(d) + skew).inv()


@pytest.mark.parametrize(
    ("numbers", "targets"),
    [
        ([(Fraction(1, 2),), (Fraction(-3, 7),)], (1, 1)),
        ([(1, Fraction(1, 3), 2), (Fraction(1, 5), 0, -1)], (1, 1, 1)),
        ([(Fraction(1, 2),), (Fraction(-1, 1000),)], (4, 4, 1)),  # a tie in a block
    ],
)
def test_orthogonal_pairs_are_two_cycles_at_a_tie(numbers, targets):
    d, root, size = len(targets), sp.sqrt(targets[0]), 2 if len(numbers[0]) == 1 else 3
    eta = sp.Rational(1, 2 * targets[0])
    exact = SymbolicProblem(sp.eye(d).tolist(), sp.diag(*targets).tolist(), (d, d, d))
    O_1, O_2 = (rotation(*map(sp.Rational, row)) for row in numbers)
    O_2[0, :] = -O_2[0, :]  # a reflection is orthogonal, too

    def point(first, second):
        return [*(sp.diag(root * block, sp.eye(d - size)) for block in (first, second))]

    def step(weights):
        theta = [entry for W in weights for entry in W]
        return exact.substitute(sp.Matrix(exact.step_map(eta)), theta)

    once = step(point(O_1, O_2))
    assert once == sp.Matrix([entry for W in point(O_2.T, O_1.T) for entry in W])
    assert step(point(O_2.T, O_1.T)) == sp.Matrix([e for W in point(O_1, O_2) for e in W])
    assert sp.eye(size) != O_2 * O_1  # so the period is two
    numerical = DeepLinearProblem(np.eye(d), np.diag(np.array(targets, float)), (d, d, d))
    flat = [np.array(W.tolist(), float) for W in point(O_1, O_1.T)]
    assert numerical.sharpness(numerical.join(flat)) == pytest.approx(float(2 / eta))
