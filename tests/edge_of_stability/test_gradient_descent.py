"""Orbits of the gradient-descent map."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from random_problems import point, problems

from edge_of_stability import DeepLinearProblem, gradient_descent

NET = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))


@given(problems())
def test_an_orbit_iterates_the_step(case):
    problem, rng = case
    theta = point(problem, rng, (3,)) / 2
    path = gradient_descent(problem, theta, 0.01, 5)
    assert path.thetas.shape == (6, 3, problem.dimension)
    np.testing.assert_array_equal(path.thetas[0], theta)
    steps = path.thetas[:-1] - 0.01 * problem.gradient(path.thetas[:-1])
    np.testing.assert_allclose(path.thetas[1:], steps, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(path.losses, problem.loss(path.thetas))


@given(problems(min_depth=2))
def test_the_imbalance_changes_at_second_order_only(case):
    # W_{j+1}ᵀW_{j+1} − W_jW_jᵀ moves by η²(∇_{j+1}ᵀ∇_{j+1} − ∇_j∇_jᵀ) a step.
    problem, rng = case
    theta, eta = point(problem, rng), 0.01
    W, gradient = problem.split(theta), problem.split(problem.gradient(theta))
    V = problem.split(problem.step(theta, eta))
    for j in range(problem.depth - 1):
        before = W[j + 1].T @ W[j + 1] - W[j] @ W[j].T
        after = V[j + 1].T @ V[j + 1] - V[j] @ V[j].T
        moved = gradient[j + 1].T @ gradient[j + 1] - gradient[j] @ gradient[j].T
        scale = 1 + sum(np.abs(g).max() ** 2 for g in gradient)
        np.testing.assert_allclose(after, before + eta**2 * moved, rtol=0, atol=1e-11 * scale)


def test_a_diverging_orbit_is_silent_and_leaves_the_others_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = gradient_descent(NET, [[10.0, 10.0], [1.2, 0.9]], 0.4, 200)
    assert not np.isfinite(path.losses[-1, 0])
    assert np.isfinite(path.losses[0, 0])
    assert path.losses[-1, 1] == pytest.approx(0.0, abs=1e-20)
    single = gradient_descent(NET, [1.2, 0.9], 0.4, 200)
    np.testing.assert_array_equal(path.thetas[:, 1], single.thetas)
