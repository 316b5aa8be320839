"""Gradient and Hessian by what defines them, of linear and of other networks."""

import numpy as np
import pytest
from hypothesis import given
from random_problems import SMOOTH, networks, point, problems, taylor_slope

from edge_of_stability import DeepLinearProblem

# Relative agreement of two float64 computations of the same number through a few small products.
ROUNDING = 1e-11


@given(problems() | networks(SMOOTH))
def test_first_order_taylor_error_has_slope_two(case):
    assert taylor_slope(*case, 1, np.logspace(-4, -3, 5)) == pytest.approx(2, abs=0.1)


@given(problems(min_depth=2) | networks(SMOOTH, min_depth=2))
def test_second_order_taylor_error_has_slope_three(case):
    assert taylor_slope(*case, 2, np.logspace(-2.8, -1.8, 5)) == pytest.approx(3, abs=0.25)


@given(problems(max_depth=1))
def test_depth_one_is_quadratic(case):
    problem, rng = case
    theta, v = point(problem, rng), point(problem, rng)
    expansion = problem.loss(theta) + problem.gradient(theta) @ v + v @ problem.hvp(theta, v) / 2
    assert problem.loss(theta + v) == pytest.approx(expansion, rel=ROUNDING)
    two_sigma = 2 * np.kron(np.eye(problem.widths[-1]), problem.Sigma)
    np.testing.assert_allclose(problem.hessian(theta), two_sigma, rtol=0, atol=ROUNDING * 100)


@given(problems() | networks())
def test_loss_is_the_sum_of_squared_errors_of_the_layers(case):
    # A linear problem reduces n > d_0 samples to d_0; the definition must not notice.
    problem, rng = case
    functions = {
        "tanh": np.tanh,
        "softplus": lambda z: np.logaddexp(0, z),
        "relu": lambda z: z * (z > 0),
    }
    function = functions.get(getattr(problem, "activation", None), lambda z: z)
    theta, state = point(problem, rng), problem.X
    *hidden, last = problem.split(theta)
    for W in hidden:
        state = function(W @ state)
    assert problem.loss(theta) == pytest.approx(np.sum((last @ state - problem.Y) ** 2), rel=1e-11)


@given(problems(max_depth=8, max_width=4) | networks())
def test_hessian_is_symmetric_and_acts_as_the_product(case):
    problem, rng = case
    theta, v = point(problem, rng, (3,)), point(problem, rng, (3,))
    H = problem.hessian(theta)
    assert np.array_equal(H, np.swapaxes(H, -1, -2))
    scale = np.abs(H).max() * np.abs(v).max() * problem.dimension
    np.testing.assert_allclose(
        np.einsum("bij,bj->bi", H, v), problem.hvp(theta, v), rtol=0, atol=ROUNDING * scale
    )


@given(problems(min_depth=2, max_depth=2))
def test_second_differential_at_depth_two(case):
    # d²L[V,V] = 2‖(W_2V_1 + V_2W_1)X‖² + 4⟨(W_2W_1X − Y)Xᵀ, V_2V_1⟩
    problem, rng = case
    theta, v = point(problem, rng), point(problem, rng)
    W_1, W_2 = problem.split(theta)
    V_1, V_2 = problem.split(v)
    E = (W_2 @ W_1 @ problem.X - problem.Y) @ problem.X.T
    gauss_newton = 2 * np.sum(((W_2 @ V_1 + V_2 @ W_1) @ problem.X) ** 2)
    residual = 4 * np.sum(E * (V_2 @ V_1))
    assert v @ problem.hessian(theta) @ v == pytest.approx(
        gauss_newton + residual, rel=ROUNDING, abs=ROUNDING * (gauss_newton + abs(residual))
    )


@given(problems(min_depth=2))
def test_neighbouring_layers_share_a_moment(case):
    # W_{j+1}ᵀ ∂L/∂W_{j+1} = ∂L/∂W_j W_jᵀ
    problem, rng = case
    theta = point(problem, rng)
    W, gradient = problem.split(theta), problem.split(problem.gradient(theta))
    for j in range(problem.depth - 1):
        left, right = W[j + 1].T @ gradient[j + 1], gradient[j] @ W[j].T
        np.testing.assert_allclose(left, right, rtol=0, atol=ROUNDING * (1 + np.abs(left).max()))


@given(problems() | networks())
def test_batch_is_a_loop(case):
    problem, rng = case
    thetas = point(problem, rng, (2, 3))
    thetas.flags.writeable = False  # no function changes its argument
    outputs = problem.end_to_end if isinstance(problem, DeepLinearProblem) else problem.predict
    calls = [outputs, problem.loss, problem.gradient, problem.hessian, problem.sharpness]
    calls += [lambda theta: problem.step(theta, 0.1), lambda theta: problem.split(theta)[0]]
    calls += [lambda theta: problem.hvp(theta, theta[..., ::-1])]
    for call in calls:
        batch = call(thetas)
        for index in np.ndindex(2, 3):
            one = call(thetas[index])
            np.testing.assert_allclose(batch[index], one, 0, ROUNDING * (1 + np.abs(one).max()))


@given(problems(max_depth=3))
def test_minimizers_have_no_gradient_and_a_gauss_newton_hessian(case):
    # Data made so that θ is a minimizer: there H = 2JᵀJ is positive semidefinite.
    problem, rng = case
    theta = point(problem, rng)
    fitted = DeepLinearProblem(problem.X, problem.end_to_end(theta) @ problem.X, problem.widths)
    eigenvalues = np.linalg.eigvalsh(fitted.hessian(theta))
    assert np.abs(fitted.gradient(theta)).max() <= ROUNDING * (1 + eigenvalues[-1]) * 10
    assert eigenvalues[0] >= -ROUNDING * (1 + eigenvalues[-1])
