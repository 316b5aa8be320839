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
    assert [W.shape for W in weights] == [(2, 3, *shape) for shape in problem.shapes]
    np.testing.assert_array_equal(problem.join(weights), theta)


def test_first_layer_first_row_by_row():
    problem = DeepLinearProblem(np.ones((2, 1)), np.ones((1, 1)), (2, 3, 1))
    W_1, W_2 = problem.split(np.arange(9.0))
    np.testing.assert_array_equal(W_1, [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(W_2, [[6, 7, 8]])
    both = problem.join([np.stack([W_1, 2 * W_1]), W_2])  # batches broadcast
    np.testing.assert_array_equal(both, [np.arange(9), [0, 2, 4, 6, 8, 10, 6, 7, 8]])


@given(problems())
def test_end_to_end_matrix_and_constants(case):
    problem, rng = case
    theta = point(problem, rng)
    pi = product(problem.split(theta), problem.widths[0])
    np.testing.assert_allclose(problem.end_to_end(theta), pi, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(problem.Sigma, problem.X @ problem.X.T, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(problem.S, problem.Y @ problem.X.T, rtol=1e-12, atol=1e-12)
    if problem.X.shape[1] < problem.widths[0]:
        with pytest.raises(ValueError, match=r"X: need rank d_0"):
            _ = problem.solution
    else:  # the normal equations
        size = np.linalg.norm(problem.S) + np.linalg.norm(problem.solution @ problem.Sigma)
        np.testing.assert_allclose(
            problem.solution @ problem.Sigma, problem.S, rtol=0, atol=1e-10 * size
        )


@pytest.mark.parametrize(
    "duplicate", [lambda p: p, copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))]
)
@pytest.mark.parametrize("more", [(), ("softplus",)])
def test_a_problem_cannot_be_changed_and_a_copy_is_the_same(duplicate, more):
    X = np.array([[1.0, 2.0]])
    problem = (Network if more else DeepLinearProblem)(X, [[3.0, 5.0]], (1, 2, 1), *more)
    again = duplicate(problem)
    X[0, 0] = 7.0
    assert again.loss(np.ones(4)) == problem.loss(np.ones(4))
    assert again.X[0, 0] == 1.0
    constants = () if more else (again.Sigma, again.S, again.solution)
    for array in (again.X, again.Y, *constants):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 2.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        again.widths = (1, 1, 1)
