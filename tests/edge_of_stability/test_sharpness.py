"""The largest Hessian eigenvalue, dense and matrix-free."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from random_problems import point, problems
from threadpoolctl import threadpool_info, threadpool_limits

from edge_of_stability import (
    DeepLinearProblem,
    Network,
    critical_step_size,
    flat_interpolant,
    flattest_minimizer,
)
from edge_of_stability.core import eigen
from edge_of_stability.core.eigen import LANCZOS_TOLERANCE, largest_eigenvalue_lanczos


@given(problems(max_width=4))
def test_lanczos_equals_dense(case):
    problem, rng = case
    theta = point(problem, rng, (2,))
    scale = np.abs(np.linalg.eigvalsh(problem.hessian(theta))).max()
    lanczos, dense = (problem.sharpness(theta, method) for method in ("lanczos", "dense"))
    np.testing.assert_allclose(lanczos, dense, rtol=0, atol=10 * LANCZOS_TOLERANCE * scale)


@pytest.mark.parametrize("kind", [DeepLinearProblem, partial(Network, activation="tanh")])
def test_large_problems_take_the_matrix_free_way(kind):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((15, 20))
    problem = kind(X, rng.standard_normal((10, 20)), widths=(15, 12, 10))
    assert problem.dimension == 300
    theta = point(problem, rng) / 5
    automatic = problem.sharpness(theta)
    assert automatic == problem.sharpness(theta, method="lanczos")  # and the same twice
    assert automatic == pytest.approx(problem.sharpness(theta, method="dense"), rel=1e-11)


def test_a_wide_net_whose_units_are_all_equal():
    # The leading eigenvector is (u, u) at the first point and (u, −u) at the second: the start
    # vector must not be orthogonal to either.
    problem = DeepLinearProblem([[1.0]], [[1.0]], (1, 150, 1))
    theta = np.full(300, 1 / np.sqrt(150))
    assert problem.sharpness(theta) == pytest.approx(4.0, rel=1e-7)  # on M: 2(x² + y²) = 4
    assert problem.sharpness(np.zeros(300)) == pytest.approx(2.0, rel=1e-7)  # H(0): ±2S


@pytest.mark.parametrize(
    "values",
    [[18.0], [0.0] * 5, [3.0, 0.0], [-3.0, -1.0, -0.5], [1.0] * 30, [5.0, *[1.0] * 40, -9.0]],
)
def test_diagonal_operators(values):
    found = largest_eigenvalue_lanczos(lambda v: np.array(values) * v, len(values))
    assert found == pytest.approx(max(values), rel=1e-7, abs=0)


def test_lanczos_gives_up(monkeypatch):
    monkeypatch.setattr(eigen, "_MOST_PRODUCTS", 5)
    with pytest.raises(eigen.NoConvergenceError, match="after 5 products"):
        largest_eigenvalue_lanczos(lambda v: np.arange(200.0) * v, 200)


def test_small_problems_use_one_thread_of_blas(monkeypatch):
    problem = DeepLinearProblem(np.eye(2), np.eye(2), (2, 2, 2))
    used = lambda: {x["num_threads"] for x in threadpool_info() if x["user_api"] == "blas"}  # noqa: E731
    inner, seen = np.linalg.eigh, []
    monkeypatch.setattr(np.linalg, "eigh", lambda *a: (seen.append(used()), inner(*a))[1])
    with threadpool_limits(2, user_api="blas"):
        problem.sharpness(np.arange(1.0, 9.0), "lanczos")
        flattest_minimizer(problem)
        critical_step_size(problem.X, problem.Y, 3)
        flat_interpolant(Network(problem.X, problem.Y, problem.widths, "tanh"), np.arange(1.0, 9.0))
        assert used() == {2}
    assert len(seen) > 3
    assert all(threads == {1} for threads in seen)
