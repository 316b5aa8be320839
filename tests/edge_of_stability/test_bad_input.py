"""Bad input raises ValueError with the argument, what is needed and what was given."""

import numpy as np
import pytest
import sympy as sp

from edge_of_stability import (
    DeepLinearProblem,
    Network,
    SymbolicProblem,
    gradient_descent,
    resonant_steps,
)

NAN, INF = float("nan"), float("inf")
PROBLEM = DeepLinearProblem(np.eye(2), np.eye(2), (2, 1, 2))
NETWORK = Network(np.eye(2), np.eye(2), (2, 1, 2), "tanh")
SYMBOLIC = SymbolicProblem([[1]], [[1]], (1, 1))
THETA, TWO, ONE = np.ones(4), np.ones((2, 4)), [[1.0]]


def refuses(message, call, *arguments):
    with pytest.raises(ValueError, match=message):
        call(*arguments)


@pytest.mark.parametrize(
    ("X", "Y", "widths", "message"),
    [
        ([[1.0, NAN]], [[1.0, 1.0]], (1, 1), r"X: need finite entries, got 1 entries NaN"),
        ([[1.0, 1.0]], [[INF, 1.0]], (1, 1), r"Y: need finite entries"),
        ([1.0, 2.0], [[1.0, 1.0]], (1, 1), r"X: need a non-empty matrix.*, got shape \(2,\)"),
        (np.ones((1, 0)), np.ones((1, 0)), (1, 1), r"X: need a non-empty matrix"),
        ([[1.0], [1.0, 2.0]], ONE, (2, 1), r"X: need a rectangular array of real numbers"),
        ([["a"]], ONE, (1, 1), r"X: need a rectangular array of real numbers, got list"),
        ([[1j]], ONE, (1, 1), r"X: need real numbers, got complex numbers"),
        (ONE, ONE, (2, 1), r"X: need 2 rows since widths = \(2, 1\), got shape \(1, 1\)"),
        (ONE, ONE, (1, 3), r"Y: need 3 rows since widths = \(1, 3\), got shape \(1, 1\)"),
        (ONE, [[1.0, 2.0]], (1, 1), r"Y: need 1 columns as X has, got shape \(1, 2\)"),
        *(
            (ONE, ONE, widths, r"widths: need at least two positive integers.*, got")
            for widths in ((), (1,), (1, 0, 1), (1, 2.0, 1), (1, True, 1), 1)
        ),
    ],
)
def test_problem(X, Y, widths, message):
    refuses(message, DeepLinearProblem, X, Y, widths)
    refuses(message, Network, X, Y, widths, "tanh")


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (np.ones((4, 3)), r"theta: need shape \(\.\.\., 4\), got shape \(4, 3\)"),
        (1.0, r"theta: need shape \(\.\.\., 4\), got shape \(\)"),
        ([1.0, 1.0, NAN, INF], r"theta: need finite entries, got 2 entries NaN or infinite"),
        ("abcd", r"theta: need a rectangular array of real numbers, got str"),
    ],
)
def test_theta(theta, message):
    for call in (PROBLEM.split, PROBLEM.end_to_end, NETWORK.predict, NETWORK.jacobian):
        refuses(message, call, theta)
    for name in ("loss", "gradient", "hessian", "sharpness"):
        refuses(message, getattr(PROBLEM, name), theta)
    refuses(message, PROBLEM.hvp, theta, THETA)
    refuses(message, PROBLEM.step, theta, 0.1)


@pytest.mark.parametrize("eta", [0, -0.1, NAN, INF, [0.1, -0.1], [0.1, INF]])
def test_step_size(eta):
    message = r"eta: need a positive finite step size, got"
    refuses(message, PROBLEM.step, TWO, eta)
    refuses(message, gradient_descent, PROBLEM, TWO, eta, 1)


@pytest.mark.parametrize(
    ("call", "arguments", "message"),
    [
        (PROBLEM.step, (TWO, [0.1] * 3), r"eta: need one number or a shape .* to \(2,\), got"),
        (PROBLEM.step, (THETA, [0.1] * 2), r"eta: need one number or a shape .* to \(\), got"),
        (gradient_descent, (PROBLEM, np.ones(3), 0.1, 2), r"initial: need shape"),
        (gradient_descent, (PROBLEM, [1.0, NAN, 1.0, 1.0], 0.1, 2), r"initial: need finite"),
        *(
            (gradient_descent, (PROBLEM, THETA, 0.1, steps), r"steps: need a non-negative")
            for steps in (-1, 2.0, True, None)
        ),
        (PROBLEM.hvp, (THETA, np.ones(5)), r"v: need shape \(\.\.\., 4\), got shape \(5,\)"),
        (PROBLEM.hvp, (TWO, np.ones((3, 4))), r"v: need a shape that broadcasts with \(2, 4\)"),
        *(
            (PROBLEM.join, ([np.ones(shape) for shape in shapes],), f"weights: need {need}")
            for shapes, need in (
                ([(1, 2)], r"matrices of shapes \[\(1, 2\), \(2, 1\)\]"),
                ([(2, 1), (1, 2)], "matrices of shapes"),
                ([(3, 1, 2), (2, 2, 1)], r"batch axes that broadcast, got \[\(3, 1, 2\), \(2, 2"),
            )
        ),
        (PROBLEM.join, ([[[1, NAN]], np.ones((2, 1))],), r"weights: need finite entries"),
        (PROBLEM.sharpness, (THETA, "qr"), r"method: need 'auto', 'dense' or 'lanczos', got 'qr'"),
        (Network, (ONE, ONE, (1, 1), "sigmoid"), r"activation: need one of .*, got 'sigmoid'"),
        *(
            (SymbolicProblem, ([[entry]], [[1]], (1, 1)), r"X: need finite exact entries")
            for entry in (0.5, sp.nan, sp.oo, sp.zoo)
        ),
        (SymbolicProblem, ([[1]], [["x", 1], [2, 3]], (1, 1)), r"Y: need 1 rows since widths"),
        (SymbolicProblem, (3, [[1]], (1, 1)), r"X: need a matrix of exact entries, got int"),
        (SymbolicProblem, ([[1]], [], (1, 1)), r"Y: need a non-empty matrix"),
        (SYMBOLIC.substitute, (SYMBOLIC.loss, [1, 2]), r"theta: need 1 entries, got 2 entries"),
        *(
            (SYMBOLIC.jacobian, (eta,), r"eta: need a positive exact number or a symbol, got")
            for eta in (0.5, 0, "nan", None)
        ),
        (resonant_steps, (ONE, ONE, 0), r"depth: need a positive integer, got 0"),
        (resonant_steps, (ONE, [[1.0, 2.0]], 2), r"Y: need 1 columns as X has"),
    ],
)
def test_other_arguments(call, arguments, message):
    refuses(message, call, *arguments)
