"""Bad input raises ValueError with the argument, what is needed and what was given."""

import numpy as np
import pytest

from edge_of_stability import (
    DeepLinearProblem,
    Network,
    SymbolicProblem,
    gradient_descent,
    resonant_steps,
)

NAN, INF = float("nan"), float("inf")
PROBLEM = DeepLinearProblem(np.eye(2), np.eye(2), (2, 1, 2))
THETA = np.ones(4)


@pytest.mark.parametrize(
    ("X", "Y", "widths", "message"),
    [
        ([[1.0, NAN]], [[1.0, 1.0]], (1, 1), r"X: need finite entries, got 1 entries NaN"),
        ([[1.0, 1.0]], [[INF, 1.0]], (1, 1), r"Y: need finite entries"),
        ([1.0, 2.0], [[1.0, 1.0]], (1, 1), r"X: need a non-empty matrix.*, got shape \(2,\)"),
        (np.ones((1, 0)), np.ones((1, 0)), (1, 1), r"X: need a non-empty matrix"),
        ([[1.0], [1.0, 2.0]], [[1.0]], (2, 1), r"X: need a rectangular array of real numbers"),
        ([["a"]], [[1.0]], (1, 1), r"X: need a rectangular array of real numbers, got list"),
        ([[1j]], [[1.0]], (1, 1), r"X: need real numbers, got complex numbers"),
        ([[1.0]], [[1.0]], (2, 1), r"X: need 2 rows since widths = \(2, 1\), got shape \(1, 1\)"),
        ([[1.0]], [[1.0]], (1, 3), r"Y: need 3 rows since widths = \(1, 3\), got shape \(1, 1\)"),
        ([[1.0]], [[1.0, 2.0]], (1, 1), r"Y: need 1 columns as X has, got shape \(1, 2\)"),
        ([[1.0]], [[1.0]], (1,), r"widths: need at least two positive integers.*, got \(1,\)"),
        ([[1.0]], [[1.0]], (1, 0, 1), r"widths: need .*, got \(1, 0, 1\)"),
        ([[1.0]], [[1.0]], (1, 2.0, 1), r"widths: need .*, got \(1, 2\.0, 1\)"),
        ([[1.0]], [[1.0]], (1, True, 1), r"widths: need"),
        ([[1.0]], [[1.0]], 1, r"widths: need .*, got 1"),
    ],
)
def test_problem(X, Y, widths, message):
    with pytest.raises(ValueError, match=message):
        DeepLinearProblem(X, Y, widths)


@pytest.mark.parametrize(
    "call",
    [
        PROBLEM.split,
        PROBLEM.end_to_end,
        PROBLEM.loss,
        PROBLEM.gradient,
        PROBLEM.hessian,
        PROBLEM.sharpness,
        lambda theta: PROBLEM.hvp(theta, THETA),
        lambda theta: PROBLEM.step(theta, 0.1),
        Network(np.eye(2), np.eye(2), (2, 1, 2), "tanh").jacobian,
    ],
)
@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (np.ones(3), r"theta: need shape \(\.\.\., 4\), got shape \(3,\)"),
        (np.ones((4, 3)), r"theta: need shape \(\.\.\., 4\), got shape \(4, 3\)"),
        (1.0, r"theta: need shape \(\.\.\., 4\), got shape \(\)"),
        ([1.0, 1.0, NAN, INF], r"theta: need finite entries, got 2 entries NaN or infinite"),
        ("abcd", r"theta: need a rectangular array of real numbers, got str"),
    ],
)
def test_theta(call, theta, message):
    with pytest.raises(ValueError, match=message):
        call(theta)


@pytest.mark.parametrize("call", [PROBLEM.step, lambda t, e: gradient_descent(PROBLEM, t, e, 1)])
@pytest.mark.parametrize("eta", [0, -0.1, NAN, INF, [0.1, -0.1], [0.1, INF]])
def test_step_size(call, eta):
    with pytest.raises(ValueError, match=r"eta: need a positive finite step size, got"):
        call(np.ones((2, 4)), eta)


def test_step_sizes_that_do_not_fit_the_batch():
    with pytest.raises(ValueError, match=r"eta: need one number or a shape .* to \(2,\), got"):
        PROBLEM.step(np.ones((2, 4)), [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match=r"eta: need one number or a shape .* to \(\), got"):
        PROBLEM.step(THETA, [0.1, 0.2])


def test_initial_points():
    for initial, message in ((np.ones(3), "need shape"), ([1.0, NAN, 1.0, 1.0], "need finite")):
        with pytest.raises(ValueError, match=f"initial: {message}"):
            gradient_descent(PROBLEM, initial, 0.1, 2)


@pytest.mark.parametrize("steps", [-1, 2.0, True, None])
def test_steps(steps):
    with pytest.raises(ValueError, match=r"steps: need a non-negative integer, got"):
        gradient_descent(PROBLEM, THETA, 0.1, steps)


def test_directions():
    with pytest.raises(ValueError, match=r"v: need shape \(\.\.\., 4\), got shape \(5,\)"):
        PROBLEM.hvp(THETA, np.ones(5))
    with pytest.raises(ValueError, match=r"v: need a shape that broadcasts with \(2, 4\)"):
        PROBLEM.hvp(np.ones((2, 4)), np.ones((3, 4)))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([np.ones((1, 2))], r"weights: need matrices of shapes \[\(1, 2\), \(2, 1\)\]"),
        ([np.ones((2, 1)), np.ones((1, 2))], r"weights: need matrices of shapes"),
        ([np.ones((1, 2)), np.full((2, 1), NAN)], r"weights: need finite entries"),
        (
            [np.ones((3, 1, 2)), np.ones((2, 2, 1))],
            r"weights: need batch axes that broadcast, got \[\(3, 1, 2\), \(2, 2, 1\)\]",
        ),
    ],
)
def test_join(weights, message):
    with pytest.raises(ValueError, match=message):
        PROBLEM.join(weights)


def test_method():
    with pytest.raises(ValueError, match=r"method: need 'auto', 'dense' or 'lanczos', got 'qr'"):
        PROBLEM.sharpness(THETA, method="qr")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.5]], [[1]], (1, 1)), r"X: need finite exact entries"),
        (([[1]], [["x", 1], [2, 3]], (1, 1)), r"Y: need 1 rows since widths"),
        ((3, [[1]], (1, 1)), r"X: need a matrix of exact entries, got int"),
        (([[1]], [], (1, 1)), r"Y: need a non-empty matrix"),
        (([[1]], [[1]], (0, 1)), r"widths: need"),
    ],
)
def test_symbolic_problem(arguments, message):
    with pytest.raises(ValueError, match=message):
        SymbolicProblem(*arguments)


@pytest.mark.parametrize("eta", [0.5, 0, -1, "nan", None])
def test_symbolic_step_size(eta):
    with pytest.raises(ValueError, match=r"eta: need a positive exact number or a symbol, got"):
        SymbolicProblem([[1]], [[1]], (1, 1)).jacobian(eta)


def test_symbolic_substitution():
    net = SymbolicProblem([[1]], [[1]], (1, 1))
    with pytest.raises(ValueError, match=r"theta: need 1 entries, got 2 entries"):
        net.substitute(net.loss, [1, 2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1.0]], [[1.0]], 0), r"depth: need a positive integer, got 0"),
        (([[1.0]], [[1.0, 2.0]], 2), r"Y: need 1 columns as X has"),
        (([[NAN]], [[1.0]], 2), r"X: need finite entries"),
    ],
)
def test_resonant_steps(arguments, message):
    with pytest.raises(ValueError, match=message):
        resonant_steps(*arguments)
