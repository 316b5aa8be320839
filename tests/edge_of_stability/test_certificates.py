"""Exact certificates of non-singularity and the code that checks them."""

import ast
import dataclasses
import inspect
import sys
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_of_stability import (
    DeepLinearProblem,
    SingularMapError,
    SymbolicProblem,
    certify_nonsingular,
    resonant_steps,
)
from edge_of_stability.certificates import nonsingular_check

HALF = Fraction(1, 2)


def diagonal(rows, columns, values):
    return [[values[i] if i == j < len(values) else 0 for j in range(columns)] for i in range(rows)]


def random_matrix(rng, rows, columns):
    return [
        [Fraction(int(rng.integers(-5, 6)), int(rng.integers(1, 5))) for _ in range(columns)]
        for _ in range(rows)
    ]


@st.composite
def rational_instances(draw, depth, max_width=3):
    widths = draw(st.lists(st.integers(1, max_width), min_size=depth + 1, max_size=depth + 1))
    samples = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X, Y = random_matrix(rng, widths[0], samples), random_matrix(rng, widths[-1], samples)
    eta = Fraction(draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    return X, Y, tuple(widths), eta


# S = diag(2, 3) has the resonances 1/4 and 1/6; 1/2 and 5 are none.
@pytest.mark.parametrize("eta", [Fraction(1, 4), Fraction(1, 6), HALF, Fraction(5)])
@pytest.mark.parametrize("h", [1, 2, 3, 4])
@pytest.mark.parametrize(("d_0", "d_2"), [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3)])
def test_depth_two_at_every_resonance(d_0, h, d_2, eta):
    X = diagonal(d_0, d_0, [1] * d_0)
    certificate = certify_nonsingular(X, diagonal(d_2, d_0, [2, 3]), (d_0, h, d_2), eta)
    assert certificate.determinant != 0
    assert certificate.verify()


@pytest.mark.parametrize("h", [1, 2, 3, 4])
def test_depth_two_with_inputs_of_deficient_rank(h):
    X = [[3, 0], [4, 0], [0, 0]]  # rank 1; S = (3, 4, 0) in its first row, s = 5
    certificate = certify_nonsingular(X, [[1, 0], [0, 1]], (3, h, 2), "1/10")
    assert certificate.reason != "depth 2: the origin, no resonance"
    assert certificate.verify()


def test_inputs_of_deficient_rank_where_independent_ones_are_not_the_first():
    # d_2 = 1 < h = 2 = rank X < d_0 = 3: the solution uses inputs 1 and 3; 1 and 2 are dependent.
    X = [[1, 0], [2, 0], [0, 1]]
    certificate = certify_nonsingular(X, [[0, 1]], (3, 2, 1), HALF)  # S = (0, 0, 1)
    assert certificate.reason.startswith("depth 2: a minimizer")
    assert certificate.witness[3:6] == (0, 0, 0)  # the second unit is off
    assert certificate.verify()


def test_which_construction_is_used():
    def reason(widths, eta):
        Y = diagonal(widths[2], widths[0], [1, 1])
        X = diagonal(widths[0], widths[0], [1] * widths[0])
        return certify_nonsingular(X, Y, widths, eta).reason

    assert reason((2, 2, 2), "1/3") == "depth 2: the origin, no resonance"
    assert reason((2, 2, 2), HALF).startswith("depth 2: W_1 = 0")
    assert reason((3, 2, 1), HALF).startswith("depth 2: a minimizer")
    assert reason((2, 4, 2), HALF).startswith("depth 2: a minimizer")


def test_the_first_t_can_fail():
    # Σ = I, S = (1, 0), η = 1/2: I − 4η²SᵀS − 2ηt²Σ = diag(−t², 1 − t²), so t = 1 does not do.
    certificate = certify_nonsingular([[1, 0], [0, 1]], [[1, 0]], (2, 1, 1), HALF)
    assert certificate.witness == (0, 0, 2)
    assert certificate.determinant == (-4) * (1 - 4)
    assert certificate.verify()


@pytest.mark.parametrize("h", [3, 4, 5])
def test_the_first_scaling_can_fail(h):
    # W⋆ = diag(2, 1), η = 1/4: a resonance (s = 2), and at (W⋆, I) the Hessian has the eigenvalue
    # 2(1 + 1²) = 1/η. With t = 2 the factors are 1 − (1/4 + 4·4)/2 and 1 − (1/4 + 4)/2.
    certificate = certify_nonsingular([[1, 0], [0, 1]], [[2, 0], [0, 1]], (2, h, 2), "1/4")
    assert certificate.reason.endswith("scaled by 2, 1/2")
    assert certificate.witness[:4] == (4, 0, 0, 2)
    assert certificate.determinant == (Fraction(57, 8) * Fraction(9, 8)) ** 2
    assert certificate.verify()


@settings(max_examples=25)
@given(rational_instances(depth=2))
def test_random_rational_data_at_depth_two(instance):
    assert certify_nonsingular(*instance).verify()


@settings(max_examples=25)
@given(rational_instances(depth=2), st.integers(1, 3), st.integers(1, 3))
def test_a_planted_resonance(instance, row, column):
    # One sample, X = a e_i and Y = b e_j: S = ab e_j e_iᵀ, so η = 1/(2|ab|) is a resonance.
    X, Y, (d_0, h, d_2), _ = instance
    a, b = X[0][0] or Fraction(2, 3), Y[0][0] or Fraction(5)
    inputs = [[a if i == row % d_0 else Fraction(0)] for i in range(d_0)]
    targets = [[b if j == column % d_2 else Fraction(0)] for j in range(d_2)]
    certificate = certify_nonsingular(inputs, targets, (d_0, h, d_2), 1 / (2 * abs(a * b)))
    assert "no resonance" not in certificate.reason
    assert certificate.verify()


@settings(max_examples=10)
@given(st.integers(3, 4).flatmap(lambda depth: rational_instances(depth, max_width=2)))
def test_depth_three_and_four_at_the_origin(instance):
    certificate = certify_nonsingular(*instance)
    assert certificate.determinant == 1
    assert not any(certificate.witness)
    assert certificate.verify()


def test_search_for_a_counterexample_at_depth_two():
    # Tries to refute the theorem: small integer data, at every rational resonance and at 1/(2k).
    # No use is made of the constructed witness: random integer points must find det DG ≠ 0 too.
    rng = np.random.default_rng(7)
    for d_0, h, d_2 in product((1, 2), (1, 2, 3), (1, 2)):
        for _ in range(4):
            X, Y = rng.integers(-2, 3, (d_0, d_0)), rng.integers(-2, 3, (d_2, d_0))
            problem = DeepLinearProblem(X, Y, (d_0, h, d_2))
            thetas = rng.integers(-3, 4, (40, problem.dimension)).astype(float)
            H = problem.hessian(thetas)  # integers, exact in float64
            for eta in (*resonant_steps(X, Y, 2), 1 / 2, 1 / 4, 1 / 6, 1 / 8):
                determinants = np.linalg.det(np.eye(problem.dimension) - eta * H)
                assert np.abs(determinants).max() > 1e-6


@pytest.mark.parametrize("widths", [(1, 1, 1), (2, 1, 1), (1, 2, 1), (2, 2, 1), (1, 1, 2)])
def test_the_symbolic_determinant_is_not_the_zero_polynomial(widths):
    X = diagonal(widths[0], widths[0], [1] * widths[0])
    Y = diagonal(widths[2], widths[0], [1])
    certificate = certify_nonsingular(X, Y, widths, HALF)
    polynomial = SymbolicProblem(X, Y, widths).jacobian_determinant(HALF)
    assert not polynomial.is_zero
    value = polynomial.as_expr().subs(
        dict(zip(polynomial.gens, map(sp.Rational, certificate.witness), strict=True))
    )
    assert value == sp.Rational(certificate.determinant)


# -- depth 1 --------------------------------------------------------------------------------------


def test_depth_one_is_singular_exactly_at_half_the_inverse_square():
    X, Y = [[2, 0], [0, 3]], [[1, 1], [0, 1]]  # σ² = 4 and 9
    for k in range(1, 40):
        eta = Fraction(k, 72)
        if eta in (Fraction(1, 8), Fraction(1, 18)):
            with pytest.raises(SingularMapError, match=r"is an eigenvalue of X X\^T"):
                certify_nonsingular(X, Y, (2, 2), eta)
        else:
            certificate = certify_nonsingular(X, Y, (2, 2), eta)
            assert certificate.determinant == ((1 - 8 * eta) * (1 - 18 * eta)) ** 2
            assert certificate.verify()


def test_the_singular_case_names_the_eigenvalue():
    with pytest.raises(ValueError, match=r"eta = 1/8: 4 is an eigenvalue of X X\^T"):
        certify_nonsingular([[2]], [[1]], (1, 1), "1/8")


@settings(max_examples=20)
@given(rational_instances(depth=1))
def test_random_rational_data_at_depth_one(instance):
    X, _, widths, eta = instance
    Sigma = sp.Matrix(X) * sp.Matrix(X).T
    singular = (sp.eye(widths[0]) - 2 * sp.Rational(eta) * Sigma).det() == 0
    if singular:
        with pytest.raises(SingularMapError):
            certify_nonsingular(*instance)
    else:
        assert certify_nonsingular(*instance).verify()


# -- tampering ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate():
    certificate = certify_nonsingular([[1]], [[1]], (1, 2, 1), HALF)
    assert certificate.verify()
    return certificate


@pytest.mark.parametrize(
    "changes",
    [
        {"determinant": Fraction(1)},
        {"determinant": Fraction(0)},
        {"witness": (Fraction(0),) * 4},  # the origin: singular at this resonance
        {"witness": (Fraction(0),) * 4, "determinant": Fraction(0)},
        {"witness": (Fraction(1),) * 4},
        {"witness": (Fraction(1),) * 3},
        {"eta": Fraction(1, 3)},
        {"eta": -HALF},
        {"X": ((Fraction(2),),)},
        {"X": ((Fraction(1), Fraction(1)),)},
        {"Y": ((Fraction(2),),)},
        {"widths": (1, 1, 1)},
        {"widths": (1, 4)},
        {"widths": (1,)},
    ],
    ids=repr,
)
def test_a_tampered_certificate_is_rejected(certificate, changes):
    assert not dataclasses.replace(certificate, **changes).verify()


def test_only_positive_step_sizes_are_certified():
    certificate = certify_nonsingular([[1]], [[1]], (1, 1, 1, 1), HALF)
    assert certificate.verify()
    assert not dataclasses.replace(certificate, eta=-HALF).verify()  # the determinant is 1 again


def test_a_network_without_layers_has_no_certificate():
    one = ((Fraction(1),),)
    assert not nonsingular_check.verify(one, one, (1,), HALF, (), Fraction(1))


def test_floats_prove_nothing(certificate):
    inexact = dataclasses.replace(certificate, determinant=float(certificate.determinant))
    assert not inexact.verify()


def test_the_verifier_imports_nothing_of_the_package():
    tree = ast.parse(inspect.getsource(nonsingular_check))
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            modules.add(node.module)
    assert {module.split(".")[0] for module in modules} <= set(sys.stdlib_module_names)


# -- the parts of the verifier --------------------------------------------------------------------


@settings(max_examples=8)
@given(st.integers(1, 3).flatmap(lambda depth: rational_instances(depth, max_width=2)))
def test_polarisation_gives_the_symbolic_hessian(instance):
    X, Y, widths, _ = instance
    exact = SymbolicProblem(X, Y, widths)
    theta = [Fraction(k % 5 - 2, 1 + k % 3) for k in range(len(exact.symbols))]
    polarised = nonsingular_check.hessian(X, Y, widths, theta)
    symbolic = exact.substitute(exact.hessian, theta)
    assert sp.Matrix(len(theta), len(theta), lambda i, j: polarised[i][j]) == symbolic


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_bareiss_is_the_determinant(size, seed):
    matrix = random_matrix(np.random.default_rng(seed), size, size)
    assert nonsingular_check.exact_determinant(matrix) == sp.Matrix(matrix).det()


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [([[0, 1], [1, 0]], -1), ([[0, 0], [0, 1]], 0), ([[0, 0, 1], [0, 2, 0], [3, 0, 0]], -6)],
)
def test_bareiss_with_pivoting(matrix, expected):
    assert nonsingular_check.exact_determinant(matrix) == expected


# -- kinds of rational numbers --------------------------------------------------------------------


@pytest.mark.parametrize(
    "eta", [Fraction(3, 7), sp.Rational(3, 7), "3/7"], ids=lambda e: type(e).__name__
)
def test_all_kinds_of_rationals_mean_the_same(eta):
    certificate = certify_nonsingular([[1]], [[1]], (1, 1, 1), eta)
    assert certificate.eta == Fraction(3, 7)
    for one in (np.array([[1]]), sp.Matrix([[1]]), [["1"]], ((Fraction(1),),)):
        assert certify_nonsingular(one, one, (1, 1, 1), eta) == certificate


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[1]], [[1]], (1, 1, 1), 0.5), r"eta: need a rational number.*got 0\.5 of type float"),
        (([[1]], [[1]], (1, 1, 1), np.float64(0.5)), r"eta: need a rational number"),
        (([[1]], [[1]], (1, 1, 1), sp.Float(0.5)), r"eta: need a rational number"),
        (([[1]], [[1]], (1, 1, 1), sp.sqrt(2)), r"eta: need a rational number"),
        (([[1]], [[1]], (1, 1, 1), "one half"), r"eta: need a rational number"),
        (([[1]], [[1]], (1, 1, 1), "1/0"), r"eta: need a rational number"),
        (([[1]], [[1]], (1, 1, 1), True), r"eta: need a rational number"),
        (([[1]], [[1]], (1, 1, 1), 0), r"eta: need a positive rational number, got 0"),
        (([[1]], [[1]], (1, 1, 1), "-1/2"), r"eta: need a positive rational number, got '-1/2'"),
        (([[1.0]], [[1]], (1, 1, 1), 1), r"X: need a rational number.*got 1\.0"),
        ((np.eye(1), [[1]], (1, 1, 1), 1), r"X: need a rational number"),
        (([[1]], [[float("nan")]], (1, 1, 1), 1), r"Y: need a rational number"),
        ((3, [[1]], (1, 1, 1), 1), r"X: need a matrix of rational numbers, got int"),
        (([1], [[1]], (1, 1, 1), 1), r"X: need a matrix of rational numbers, got list"),
        (([], [[1]], (1, 1, 1), 1), r"X: need a non-empty matrix"),
        (([[1, 2], [3]], [[1, 1]], (2, 1, 1), 1), r"X: need .* rows of one length"),
        (([[1]], [[1]], (2, 1, 1), 1), r"X: need 2 rows since widths"),
        (([[1]], [[1]], (1, 1, 2), 1), r"Y: need 2 rows since widths"),
        (([[1, 2]], [[1]], (1, 1, 1), 1), r"Y: need 2 columns as X has"),
        (([[1]], [[1]], (1,), 1), r"widths: need at least two positive integers"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        certify_nonsingular(*arguments)


# -- resonant steps -------------------------------------------------------------------------------


def test_resonant_steps():
    X, Y = np.diag([1.0, 2.0]), np.array([[3.0, 0.0], [0.0, 0.5]])  # S = diag(3, 1)
    np.testing.assert_allclose(resonant_steps(X, Y, 1), [1 / 8, 1 / 2], rtol=1e-12)
    np.testing.assert_allclose(resonant_steps(X, Y, 2), [1 / 6, 1 / 2], rtol=1e-12)
    assert resonant_steps(X, Y, 3).size == 0
    assert resonant_steps(X, np.zeros((2, 2)), 2).size == 0


@pytest.mark.parametrize("widths", [(2, 2), (2, 1, 2), (2, 3, 2)])
def test_the_determinant_at_the_origin_vanishes_there_and_only_there(widths):
    rng = np.random.default_rng(11)
    X, Y = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    H = DeepLinearProblem(X, Y, widths).hessian(np.zeros(sum(np.multiply(widths[1:], widths[:-1]))))
    steps = resonant_steps(X, Y, len(widths) - 1)
    assert len(steps) == 2
    for eta in steps:
        gaps = np.abs(1 - eta * np.linalg.eigvalsh(H))
        assert gaps.min() < 1e-12
        assert np.abs(1 - 1.01 * eta * np.linalg.eigvalsh(H)).min() > 1e-3
