"""Steps in units in which Σ disappears (d_0 = 1): the same gradient descent, whatever the sizes."""

import numpy as np
import pytest

from edge_of_stability import DeepLinearProblem, Outcome, Rules, gradient_descent, run_ensemble
from edge_of_stability.descent._blocks import units

pytestmark = pytest.mark.xdist_group("the kernels of ensembles")
# N = 2, …, 5, bracketed either way; the last one is computed in memory.
WIDTHS = [(1, 1, 1), (1, 1, 1, 1), (1, 2, 3), (1, 3, 2, 2, 1), (1, 1, 1, 1, 1, 2), (1, 12, 10, 2)]


def drawn(widths, rng, spread):
    """A problem, starts and steps of any size, but near the edge in the problem's own units."""
    N = len(widths) - 1
    root_of_sigma, size = 10.0 ** rng.uniform(-spread, spread, 2)  # of Σ^{1/2} and of an entry of θ
    Y = rng.uniform(0.5, 2, (widths[-1], 1)) * size**N * root_of_sigma
    problem = DeepLinearProblem([[root_of_sigma]], Y, widths)
    starts = 0.3 * size * rng.standard_normal((23, problem.dimension))
    eta = rng.uniform(0.005, 0.05, 23) / root_of_sigma**2 / size ** (2 * N - 2)
    return problem, starts, eta, size


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
@pytest.mark.parametrize("spread", [0, 2, 6])
def test_the_same_as_plain_gradient_steps(widths, spread):
    rng = np.random.default_rng(spread)
    for _ in range(5):
        problem, starts, eta, size = drawn(widths, rng, spread)
        assert (units(problem, eta) != 1).all()
        for steps in (0, 1, 7, 40):
            result = run_ensemble(problem, starts, eta, steps, rules=Rules(tolerance=1e-300))
            expected = gradient_descent(problem, starts, eta, steps)
            np.testing.assert_allclose(
                result.theta, expected.thetas[-1], rtol=1e-12, atol=1e-12 * size
            )
            errors = np.sqrt([result.loss, expected.losses[-1]])  # ‖πX − Y‖
            scale = np.linalg.norm(problem.Y)
            np.testing.assert_allclose(*errors, rtol=1e-11, atol=1e-11 * scale)
            slopes = np.linalg.norm(problem.gradient(result.theta), axis=1)
            scale = np.linalg.norm(problem.S) * size ** (problem.depth - 1)
            np.testing.assert_allclose(result.gradient_norm, slopes, rtol=1e-11, atol=1e-11 * scale)


def test_zero_targets():
    problem = DeepLinearProblem([[2.0]], [[0.0], [0.0]], (1, 2, 2))
    starts = 0.2 * np.random.default_rng(0).standard_normal((10, problem.dimension))
    assert units(problem, 0.1) != 1
    result = run_ensemble(problem, starts, 0.1, 45, rules=Rules(tolerance=1e-300))
    expected = gradient_descent(problem, starts, 0.1, 45)
    np.testing.assert_allclose(result.theta, expected.thetas[-1], rtol=1e-12, atol=1e-13)


def test_plain_steps_where_the_unit_would_be_extreme():
    """Whatever the size of η, each lane is gradient descent, and its bits are its own."""
    problem = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))
    eta = np.array([1e-320, 1e-300, 1e-150, 1e-90, 0.3, 1e90, 1e150, 1e300])
    assert list(units(problem, eta) == 1) == [True, True, True, False, False, False, True, True]
    starts = np.tile([1.2, 0.9], (len(eta), 1))
    together = run_ensemble(problem, starts, eta, 200)
    for lane, step in enumerate(eta):
        alone = run_ensemble(problem, starts[lane : lane + 1], step, 200)
        np.testing.assert_array_equal(alone.theta[0], together.theta[lane])
    np.testing.assert_allclose(together.theta[:4], starts[:4], rtol=1e-14)
    expected = [Outcome.BOUNDED] * 4 + [Outcome.CONVERGED] + [Outcome.DIVERGED] * 3
    assert list(together.outcome) == expected


@pytest.mark.parametrize("size", [1e-60, 1e60])
def test_extreme_data(size):
    """Σ = size², in a plain step or not, with the step size that belongs to it."""
    problem = DeepLinearProblem([[size]], [[size]], (1, 1, 1))
    starts = np.random.default_rng(3).uniform(-1.5, 1.5, (50, 2))
    one = run_ensemble(problem, starts, 0.3 / size**2, 2000)
    reference = run_ensemble(DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1)), starts, 0.3, 2000)
    np.testing.assert_array_equal(one.outcome, reference.outcome)
    np.testing.assert_allclose(one.theta, reference.theta, rtol=1e-9)
