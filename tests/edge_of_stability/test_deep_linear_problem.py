"""Coordinates, constants and the frozen state of a problem."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given
from random_problems import point, problems, product

from edge_of_stability import DeepLinearProblem, Network


@given(problems())
def test_split_and_join_are_inverse(case):
    problem, rng = case
    theta = point(problem, rng, (2, 3))
    weights = problem.split(theta)
    assert [W.shape for W in weights] == [
        (2, 3, after, before)
        for before, after in zip(problem.widths, problem.widths[1:], strict=False)
    ]
    np.testing.assert_array_equal(problem.join(weights), theta)


def test_first_layer_first_row_by_row():
    problem = DeepLinearProblem(np.ones((2, 1)), np.ones((1, 1)), (2, 3, 1))
    W_1, W_2 = problem.split(np.arange(9.0))
    np.testing.assert_array_equal(W_1, [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(W_2, [[6, 7, 8]])
    both = problem.join([np.stack([W_1, 2 * W_1]), W_2])  # batches broadcast
    np.testing.assert_array_equal(both, [np.arange(9), [0, 2, 4, 6, 8, 10, 6, 7, 8]])


@given(problems())
def test_loss_is_the_sum_of_squared_errors_of_the_product(case):
    # The implementation reduces n > d_0 samples to d_0; the definition must not notice.
    problem, rng = case
    theta = point(problem, rng)
    pi = product(problem.split(theta), problem.widths[0])
    np.testing.assert_allclose(problem.end_to_end(theta), pi, rtol=1e-12, atol=1e-12)
    error = pi @ problem.X - problem.Y
    assert problem.loss(theta) == pytest.approx(np.sum(error**2), rel=1e-11)


def test_constants():
    problem = DeepLinearProblem([[1, 2], [0, 1]], [[3, 4]], (2, 5, 1))
    assert (problem.depth, problem.dimension) == (2, 15)
    np.testing.assert_array_equal(problem.Sigma, [[5, 2], [2, 1]])
    np.testing.assert_array_equal(problem.S, [[11, 4]])
    np.testing.assert_allclose(problem.solution, [[3, -2]], rtol=1e-12)  # (3, −2)X = (3, 4)


@given(problems())
def test_solution_solves_the_normal_equations(case):
    problem, _ = case
    if problem.X.shape[1] < problem.widths[0]:
        with pytest.raises(ValueError, match=r"X: need rank d_0"):
            _ = problem.solution
    else:
        size = np.linalg.norm(problem.S) + np.linalg.norm(problem.solution @ problem.Sigma)
        np.testing.assert_allclose(
            problem.solution @ problem.Sigma, problem.S, rtol=0, atol=1e-10 * size
        )


def test_a_problem_cannot_be_changed():
    X, Y = np.eye(2), np.eye(2)
    problem = DeepLinearProblem(X, Y, (2, 2))
    X[0, 0] = 7.0
    assert problem.X[0, 0] == 1.0
    for array in (problem.X, problem.Y, problem.Sigma, problem.S, problem.solution):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 2.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.widths = (2, 3, 2)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
@pytest.mark.parametrize("more", [(), ("softplus",)])
def test_a_copy_is_the_same_problem_and_as_frozen(duplicate, more):
    problem = (Network if more else DeepLinearProblem)([[1.0, 2.0]], [[3.0, 5.0]], (1, 2, 1), *more)
    again = duplicate(problem)
    assert again.loss(np.ones(4)) == problem.loss(np.ones(4))
    assert not again.X.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.widths = (1, 1, 1)


def test_evaluation_does_not_change_its_argument():
    problem = DeepLinearProblem([[1.0]], [[2.0]], (1, 2, 1))
    theta = np.array([1.0, 2.0, 3.0, 4.0])
    problem.gradient(theta), problem.hessian(theta), problem.step(theta, 0.1)
    np.testing.assert_array_equal(theta, [1.0, 2.0, 3.0, 4.0])
