"""Exercise 6 of the chapter on minima: hidden widths below the rank of the solution."""

import numpy as np
import pytest
from minimizer_walks import move

from edge_of_stability import DeepLinearProblem, critical_step_size, flattest_minimizer


def bottleneck(rng, depth):
    """A network with hidden widths k < r⋆, and one for the best approximation of rank k to Ŵ."""
    d_0, d_N = (int(d) for d in rng.integers(2, 5, 2))
    k = int(rng.integers(1, min(d_0, d_N)))
    X, Y = rng.normal(size=(d_0, d_0 + 2)), rng.normal(size=(d_N, d_0 + 2))
    widths = (d_0, *[k] * (depth - 1), d_N)
    U, s, Vt = np.linalg.svd(Y @ np.linalg.pinv(X) @ X, full_matrices=False)
    within_reach = (U[:, :k] * s[:k]) @ Vt[:k]
    return DeepLinearProblem(X, Y, widths), DeepLinearProblem(X, within_reach, widths)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_no_global_minimizer_of_a_bottleneck_is_flatter_than_the_bound(depth):
    rng = np.random.default_rng(depth)
    excess = []
    for _ in range(40):
        problem, fitted = bottleneck(rng, depth)
        bound = 2 / critical_step_size(fitted.X, fitted.Y, depth).upper
        weights = fitted.split(flattest_minimizer(fitted))
        for _ in range(15):
            theta = problem.join(weights)
            assert np.abs(problem.gradient(theta)).max() < 1e-8 * (1 + np.abs(theta).max()) ** 5
            excess.append(np.linalg.eigvalsh(problem.hessian(theta))[-1] / bound - 1)
            weights = move(weights, 0.3, rng)
    assert -1e-9 < min(excess) < 0.05
