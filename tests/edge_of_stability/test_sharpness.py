"""The largest Hessian eigenvalue, dense and matrix-free."""

import numpy as np
import pytest
from hypothesis import given, settings
from random_problems import point, problems

from edge_of_stability import DeepLinearProblem
from edge_of_stability.core.eigen import LANCZOS_TOLERANCE, largest_eigenvalue_lanczos


@given(problems(max_width=4))
def test_lanczos_equals_dense(case):
    problem, rng = case
    theta = point(problem, rng, (2,))
    scale = np.abs(np.linalg.eigvalsh(problem.hessian(theta))).max()
    np.testing.assert_allclose(
        problem.sharpness(theta, method="lanczos"),
        problem.sharpness(theta, method="dense"),
        rtol=0,
        atol=10 * LANCZOS_TOLERANCE * scale,
    )


@settings(max_examples=5)
@given(problems(min_depth=2, max_depth=3, max_width=12))
def test_it_is_the_maximum_of_the_rayleigh_quotient(case):
    problem, rng = case
    theta, vs = point(problem, rng), point(problem, rng, (200,))
    quotients = np.sum(vs * problem.hvp(theta, vs), axis=-1) / np.sum(vs**2, axis=-1)
    assert problem.sharpness(theta) >= quotients.max()


def test_large_problems_take_the_matrix_free_way():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((15, 20))
    problem = DeepLinearProblem(X, rng.standard_normal((10, 20)), (15, 12, 10))
    assert problem.dimension == 300
    theta = point(problem, rng) / 5
    automatic = problem.sharpness(theta)
    assert automatic == problem.sharpness(theta, method="lanczos")  # and the same twice
    assert automatic == pytest.approx(problem.sharpness(theta, method="dense"), rel=1e-7)


def test_closed_form_at_the_origin_of_depth_two():
    # H(0) pairs W_1 with W_2 through −2S: eigenvalues ±2 s_i(S), h times each.
    problem = DeepLinearProblem(np.eye(2), [[3.0, 0.0], [0.0, 1.0]], (2, 2, 2))
    assert problem.sharpness(np.zeros(8)) == pytest.approx(6.0, rel=1e-12)
    assert problem.sharpness(np.zeros(8), method="lanczos") == pytest.approx(6.0, rel=1e-7)


def test_a_wide_net_whose_units_are_all_equal():
    # The leading eigenvector is (u, u) at the first point and (u, −u) at the second: the start
    # vector must not be orthogonal to either.
    problem = DeepLinearProblem([[1.0]], [[1.0]], (1, 150, 1))
    theta = np.full(300, 1 / np.sqrt(150))
    assert problem.sharpness(theta) == pytest.approx(4.0, rel=1e-7)  # on M: 2(x² + y²) = 4
    assert problem.sharpness(np.zeros(300)) == pytest.approx(2.0, rel=1e-7)  # H(0): ±2S


@pytest.mark.parametrize("method", ["auto", "dense", "lanczos"])
def test_the_zero_hessian(method):
    problem = DeepLinearProblem(np.eye(2), np.eye(2), (2, 3, 3, 2))
    assert problem.sharpness(np.zeros(problem.dimension), method=method) == 0.0


@pytest.mark.parametrize("method", ["auto", "dense", "lanczos"])
def test_one_parameter(method):
    problem = DeepLinearProblem([[3.0]], [[1.0]], (1, 1))
    assert problem.sharpness([0.5], method=method) == pytest.approx(18.0, rel=1e-12)
    assert problem.sharpness([[0.5], [1.0]], method=method).shape == (2,)


def test_an_operator_that_sends_most_to_zero():
    def first_of_three(v):
        return np.array([3 * v[0], 0.0, 0.0])

    assert largest_eigenvalue_lanczos(first_of_three, 3) == pytest.approx(3.0, rel=1e-7)
