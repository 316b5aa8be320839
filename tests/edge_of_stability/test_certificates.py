"""Exact certificates of non-singularity and the code that checks them."""

import dataclasses
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
I2 = [[1, 0], [0, 1]]


def diagonal(rows, columns, values):
    return [[values[i] if i == j < len(values) else 0 for j in range(columns)] for i in range(rows)]


def random_matrix(rng, rows, columns):
    return [
        [Fraction(int(rng.integers(-5, 6)), int(rng.integers(1, 5))) for _ in range(columns)]
        for _ in range(rows)
    ]


@st.composite
def rational_instances(draw, depths, max_width=3):
    depth = draw(st.sampled_from(depths))
    widths = draw(st.lists(st.integers(1, max_width), min_size=depth + 1, max_size=depth + 1))
    samples = draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X, Y = random_matrix(rng, widths[0], samples), random_matrix(rng, widths[-1], samples)
    eta = Fraction(draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    return X, Y, tuple(widths), eta


# S = diag(2, 3) has the resonances 1/4 and 1/6; 1/2 and 5 are none.
@pytest.mark.parametrize("eta", [Fraction(1, 4), Fraction(1, 6), HALF, Fraction(5)])
@pytest.mark.parametrize("h", [1, 2, 3])
@pytest.mark.parametrize(("d_0", "d_2"), [(1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3)])
def test_depth_two_at_every_resonance(d_0, h, d_2, eta):
    X = diagonal(d_0, d_0, [1] * d_0)
    certificate = certify_nonsingular(X, diagonal(d_2, d_0, [2, 3]), (d_0, h, d_2), eta)
    assert certificate.determinant != 0
    assert certificate.verify()


@pytest.mark.parametrize(
    ("X", "Y", "widths", "eta"),
    [
        (diagonal(3, 3, [1] * 3), [[1, 0, 0]], (3, 2, 1), HALF),
        # rank 1; S = (3, 4, 0) in its first row, s = 5
        *(([[3, 0], [4, 0], [0, 0]], I2, (3, h, 2), "1/10") for h in (1, 2, 3)),
        # rank X = 2 < d_0 = 3, S = (0, 0, 1): the solution uses inputs 1 and 3, as 1 and 2 are
        # dependent.
        ([[1, 0], [2, 0], [0, 1]], [[0, 1]], (3, 2, 1), HALF),
        # Σ = I, S = (1, 0): I − 4η²SᵀS − 2ηt²Σ = diag(−t², 1 − t²), so t = 1 does not do.
        (I2, [[1, 0]], (2, 1, 1), HALF),
        # W⋆ = diag(2, 1): a resonance (s = 2), and at (W⋆, I) the Hessian has the eigenvalue
        # 2(1 + 1²) = 1/η, so t = 1 fails.
        (I2, [[2, 0], [0, 1]], (2, 5, 2), "1/4"),
    ],
)
def test_resonances_of_degenerate_data(X, Y, widths, eta):
    certificate = certify_nonsingular(X, Y, widths, eta)
    assert any(certificate.witness)
    assert certificate.verify()


@settings(max_examples=40)
@given(rational_instances(depths=(1, 2, 2)))
def test_random_rational_data(instance):
    X, _, widths, eta = instance
    Sigma = sp.Matrix(X) * sp.Matrix(X).T
    determinant = (sp.eye(widths[0]) - 2 * sp.Rational(eta) * Sigma).det()
    if len(widths) == 2 and determinant == 0:
        with pytest.raises(SingularMapError):
            certify_nonsingular(*instance)
    else:
        assert certify_nonsingular(*instance).verify()


@settings(max_examples=25)
@given(rational_instances(depths=(2,)), st.integers(1, 3), st.integers(1, 3))
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
@given(rational_instances(depths=(3, 4), max_width=2))
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


def test_depth_one_is_singular_exactly_at_half_the_inverse_square():
    X, Y = [[2, 0], [0, 3]], [[1, 1], [0, 1]]  # σ² = 4 and 9
    for k in range(1, 40):
        eta = Fraction(k, 72)
        if eta in (Fraction(1, 8), Fraction(1, 18)):
            named = rf"eta = {eta}: {1 / (2 * eta)} is an eigenvalue of X X\^T"
            with pytest.raises(SingularMapError, match=named):
                certify_nonsingular(X, Y, (2, 2), eta)
        else:
            certificate = certify_nonsingular(X, Y, (2, 2), eta)
            assert certificate.determinant == ((1 - 8 * eta) * (1 - 18 * eta)) ** 2
            assert certificate.verify()


# -- the check ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"determinant": Fraction(1)},
        {"determinant": Fraction(0)},
        {"determinant": -1.0},  # floats prove nothing
        {"witness": (Fraction(0),) * 4},  # the origin: singular at this resonance
        {"witness": (Fraction(0),) * 4, "determinant": Fraction(0)},
        {"witness": (Fraction(1),) * 3},
        {"eta": Fraction(1, 3)},
        {"eta": 0.5},
        {"X": ((Fraction(2),),)},
        {"X": ((Fraction(1), Fraction(1)),)},
        {"Y": ((Fraction(2),),)},
        {"widths": (1, 4)},
        {"widths": (1,), "witness": (), "determinant": Fraction(1)},  # no layers
        # 1 is the determinant at the origin for every step, but steps are positive
        {"widths": (1, 1, 1, 1), "witness": (Fraction(0),) * 3, "determinant": 1, "eta": -HALF},
    ],
    ids=repr,
)
def test_a_tampered_certificate_is_rejected(changes):
    certificate = certify_nonsingular([[1]], [[1]], (1, 2, 1), HALF)
    assert (certificate.determinant, certificate.verify()) == (-1, True)
    assert not dataclasses.replace(certificate, **changes).verify()


@settings(max_examples=8)
@given(rational_instances(depths=(1, 2, 3), max_width=2))
def test_polarisation_gives_the_symbolic_hessian(instance):
    X, Y, widths, _ = instance
    exact = SymbolicProblem(X, Y, widths)
    theta = [Fraction(k % 5 - 2, 1 + k % 3) for k in range(len(exact.symbols))]
    polarised = nonsingular_check.hessian(X, Y, widths, theta)
    symbolic = exact.substitute(exact.hessian, theta)
    assert sp.Matrix(len(theta), len(theta), lambda i, j: polarised[i][j]) == symbolic


@given(st.integers(1, 5), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_elimination_gives_the_determinant(size, seed, density):
    rng = np.random.default_rng(seed)
    matrix = random_matrix(rng, size, size)
    matrix = [[entry * int(rng.random() < density) for entry in row] for row in matrix]
    assert (nonsingular_check.eliminate(matrix) or 0) == sp.Matrix(matrix).det()


def test_all_kinds_of_rationals_mean_the_same():
    certificate = certify_nonsingular([[1]], [[1]], (1, 1, 1), Fraction(3, 7))
    assert certificate == certify_nonsingular([["1"]], np.array([[1]]), (1, 1, 1), "3/7")
    one = sp.Matrix([[1]])
    assert certificate == certify_nonsingular(one, one, (1, 1, 1), sp.Rational(3, 7))


# -- resonant steps -------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", [(2, 2), (2, 1, 2), (2, 3, 2), (2, 3, 3, 2)])
def test_the_determinant_at_the_origin_vanishes_there_and_only_there(widths):
    rng = np.random.default_rng(11)
    X, Y = rng.standard_normal((2, 3)), rng.standard_normal((2, 3))
    problem = DeepLinearProblem(X, Y, widths)
    H = problem.hessian(np.zeros(problem.dimension))
    steps = resonant_steps(X, Y, problem.depth)
    assert len(steps) == 2 * (problem.depth < 3)
    for eta in steps:
        assert np.abs(1 - eta * np.linalg.eigvalsh(H)).min() < 1e-12
        assert np.abs(1 - 1.01 * eta * np.linalg.eigvalsh(H)).min() > 1e-3
