"""Bad input raises an error with the argument, what is needed and what was given."""

import numpy as np
import pytest
import sympy as sp

from edge_of_stability import (
    DeepLinearProblem,
    Gaussian,
    Network,
    NoWitnessError,
    Rules,
    SymbolicProblem,
    certify_nonsingular,
    certify_nonsingular_network,
    certify_stability,
    classify_minimizer,
    critical_step_size,
    flattest_minimizer,
    gradient_descent,
    minimizer_spectrum,
    resonant_steps,
    run_ensemble,
    run_network,
    stable_set_is_bounded,
    two_cycle,
)
from edge_of_stability.datasets import standardised

NAN, INF = float("nan"), float("inf")
PROBLEM = DeepLinearProblem(np.eye(2), np.eye(2), (2, 1, 2))
NETWORK = Network(np.eye(2), np.eye(2), (2, 1, 2), "tanh")
SYMBOLIC = SymbolicProblem([[1]], [[1]], (1, 1))
SCALAR = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))
ZERO = DeepLinearProblem(np.eye(2), np.zeros((2, 2)), (2, 2, 2))
SINGULAR = DeepLinearProblem(np.ones((2, 3)), np.ones((1, 3)), (2, 2, 1))
THETA, TWO, ONE, ROW, I2 = np.ones(4), np.ones((2, 4)), [[1]], [[1.0, 2.0]], np.eye(2)
NET = (ONE, ONE, (1, 1, 1))  # of certificates
UNIT = [[1, 0], [0, 1]]
FLAT = [[1.0, 2.0], [2.0, 4.0]]  # of rank one


def refuses(message, call, *arguments, error=ValueError, **options):
    with pytest.raises(error, match=message):
        call(*arguments, **options)


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
        (ONE, ROW, (1, 1), r"Y: need 1 columns as X has, got shape \(1, 2\)"),
        *(
            (ONE, ONE, widths, r"widths: need at least two positive integers.*, got")
            for widths in ((1,), (1, 0, 1), (1, 2.0, 1), (1, True, 1), 1)
        ),
    ],
)
def test_problem(X, Y, widths, message):
    refuses(message, DeepLinearProblem, X, Y, widths)


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
    for name in ("split", "end_to_end", "loss", "gradient", "hessian", "sharpness"):
        refuses(message, getattr(PROBLEM, name), theta)
    refuses(message, NETWORK.predict, theta)
    refuses(message, NETWORK.jacobian, theta)
    refuses(message, PROBLEM.hvp, theta, THETA)
    refuses(message, PROBLEM.step, theta, 0.1)


# A message, and what raises it: a function with its arguments.
REFUSED = [
    *(
        (r"eta: need a positive finite step size, got", gradient_descent, PROBLEM, TWO, eta, 1)
        for eta in (0, -0.1, NAN, [0.1, -0.1], [0.1, INF])
    ),
    (r"eta: need one number or a shape .* to \(2,\), got", PROBLEM.step, TWO, [0.1] * 3),
    (r"initial: need shape", gradient_descent, PROBLEM, np.ones(3), 0.1, 2),
    *(
        (r"steps: need a non-negative", gradient_descent, PROBLEM, THETA, 0.1, steps)
        for steps in (-1, 2.0, True)
    ),
    (r"initial: need shape \(m, 2\)", run_ensemble, SCALAR, [1.0, 1.0], 0.1, 10),
    (r"initial: need", run_ensemble, SCALAR, np.empty((0, 2)), 0.1, 10),
    *((r"tolerance: need", Rules, tolerance) for tolerance in (0.0, NAN)),
    (r"tolerance: need a positive number, got -1", run_network, NETWORK, TWO, 0.1, 10, -1),
    (r"window: need", Rules, 1e-10, 0),
    *((r"escape: need", Rules, 1e-10, 64, escape) for escape in (1.0, INF)),
    (r"look_every: need", Rules, 1e-10, 64, 1e6, 0),
    (r"v: need shape \(\.\.\., 4\), got shape \(5,\)", PROBLEM.hvp, THETA, np.ones(5)),
    (r"v: need a shape that broadcasts with \(2, 4\)", PROBLEM.hvp, TWO, np.ones((3, 4))),
    *(
        (f"weights: need {need}", PROBLEM.join, [np.ones(shape) for shape in shapes])
        for shapes, need in (
            ([(2, 1), (1, 2)], r"matrices of shapes \[\(1, 2\), \(2, 1\)\]"),
            ([(3, 1, 2), (2, 2, 1)], r"batch axes that broadcast, got \[\(3, 1, 2\), \(2, 2"),
        )
    ),
    (r"method: need 'auto', 'dense' or 'lanczos', got 'qr'", PROBLEM.sharpness, THETA, "qr"),
    (r"activation: need one of .*, got 'sigmoid'", Network, ONE, ONE, (1, 1), "sigmoid"),
    *(
        (r"X: need finite exact entries", SymbolicProblem, [[entry]], ONE, (1, 1))
        for entry in (0.5, sp.nan, sp.zoo)
    ),
    (r"X: need a matrix of exact entries, got int", SymbolicProblem, 3, ONE, (1, 1)),
    (r"Y: need a non-empty matrix", SymbolicProblem, ONE, [], (1, 1)),
    (r"theta: need 1 entries, got 2 entries", SYMBOLIC.substitute, SYMBOLIC.loss, [1, 2]),
    *(
        (r"eta: need a positive exact number or a symbol, got", SYMBOLIC.jacobian, eta)
        for eta in (0.5, 0, "nan", None)
    ),
    *((r"need", Gaussian, *law) for law in ((0,), (5, -1.0), (5, INF), (5, 1.0, -1))),
    (r"rows: need rows that are not constant, got row 1", standardised, [[1.0, 2.0], [3.0, 3.0]]),
    # minimizers
    (r"hidden widths at least rank W⋆ = 2", flattest_minimizer, PROBLEM),
    (r"W⋆ ≠ 0", flattest_minimizer, ZERO),
    (r"X: need rank", flattest_minimizer, SINGULAR),
    (r"theta: need a global minimizer", minimizer_spectrum, SCALAR, [1.0, 1.0 + 1e-6]),
    (r"theta: need one point", minimizer_spectrum, SCALAR, [[1.0, 1.0]]),
    (r"theta: need a global minimizer", classify_minimizer, SCALAR, [0.0, 0.0], 0.1),
    (r"eta: need", classify_minimizer, SCALAR, [1.0, 1.0], [0.1, 0.2]),
    (r"rank: need", stable_set_is_bounded, (3, 1, 3), 2),
    *((r"rank: need", stable_set_is_bounded, (2, 2), rank) for rank in (3, -1, 1.0)),
    (r"problem: need depth", two_cycle, DeepLinearProblem(ONE, ONE, (1, 1)), 0.1),
    (r"problem: need depth.*W⋆ ≠ 0", two_cycle, ZERO, 0.1),
    (r"problem: need hidden widths", two_cycle, PROBLEM, 0.1),
    (r"y: need a positive number", two_cycle, SCALAR, 0.0),
    # the critical step size
    (r"X: need rank d_0 = 2.*A1", critical_step_size, FLAT, [[1.0, 0.0]], 1),
    (r"X: need rank d_0 = 2.*A1", critical_step_size, [[1.0], [2.0]], ONE, 2),
    (r"Y: need .*W⋆ ≠ 0", critical_step_size, I2, np.zeros((1, 2)), 2),
    (r"Y: need .*W⋆ ≠ 0", critical_step_size, [[1.0, 3.0]], [[0.75, -0.25]], 3),
    (r"X and Y: need sizes", critical_step_size, [[1e200]], [[1e200]], 1),
    (r"X and Y: need sizes", critical_step_size, [[1e-200]], [[1e-200]], 2),
    # η_C is 2⁻¹⁰²², the smallest normal number, and its lower bound none; and η_C = 2¹⁰²⁴.
    (r"X and Y: need sizes", critical_step_size, [[2.0**511]], ONE, 1),
    (r"X and Y: need sizes", critical_step_size, [[2.0**-512]], ONE, 1),
    # certificates
    (r"depth: need a positive integer, got 0", resonant_steps, ONE, ONE, 0),
    *(
        (r"eta: need a rational number: int, Fraction.*, got ", certify_nonsingular, *NET, eta)
        for eta in (0.5, sp.Float(0.5), sp.sqrt(2), "one half", "1/0")
    ),
    (r"eta: need a positive rational number, got '-1/2'", certify_nonsingular, *NET, "-1/2"),
    (r"X: need a rational number.*got 1\.0", certify_nonsingular, [[1.0]], *NET[1:], 1),
    (r"X: need a matrix of rational numbers, got list", certify_nonsingular, [1], *NET[1:], 1),
    (r"X: need a non-empty matrix", certify_nonsingular, [], *NET[1:], 1),
    (r"X: need .* rows of one length", certify_nonsingular, [[1, 2], [3]], ROW, (2, 1, 1), 1),
    (r"theta: need a global minimizer", certify_stability, *NET, [0, 0], "1/4"),  # a saddle
    # One of two normal equations holds, and the other does not.
    (r"theta: need a global minimizer", certify_stability, ONE, [[1], [1]], (1, 2), [1, 0], 1),
    (r"theta: need a global minimizer", certify_stability, UNIT, [[1, 1]], (2, 1), [1, 0], 1),
    *(
        (r"theta: need 2 rationals", certify_stability, *NET, theta, "1/4")
        for theta in ([1], [[[1, 0]], [[1]]], 3)
    ),
    (r"activation: need .tanh. or .soft.*analytic", certify_nonsingular_network, *NET, "relu", 1),
    (r"X: need a rational number", certify_nonsingular_network, [[INF]], *NET[1:], "tanh", 1),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[1].__name__}: {case[0]}")
def test_other_arguments(case):
    refuses(*case)


def test_options_of_ensembles():
    refuses(r"block: need", run_ensemble, SCALAR, [[1.0, 1.0]], 0.1, 10, block=0)
    refuses(r"rules: need", run_ensemble, SCALAR, [[1.0, 1.0]], 0.1, 10, rules=1e-9)


def test_no_witness_where_the_map_is_singular():
    # One layer is singular at 1/(2η) = 4, an eigenvalue of XXᵀ.
    arguments = ([[1, 0], [0, 2]], [[1, 1]], (2, 1), "tanh", "1/8")
    message = "could not be distinguished"
    refuses(message, certify_nonsingular_network, *arguments, error=NoWitnessError)
