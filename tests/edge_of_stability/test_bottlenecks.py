"""Exercise 6 of the chapter on minima: hidden widths below the rank of the solution."""

import numpy as np
import pytest

from edge_of_stability import DeepLinearProblem, critical_step_size


def bottleneck(rng, depth):
    """A network whose hidden widths k are below r⋆, with W⋆ = U core, cut to rank k."""
    d_0, d_N = (int(d) for d in rng.integers(2, 5, 2))
    k = int(rng.integers(1, min(d_0, d_N)))
    X, Y = rng.normal(size=(d_0, d_0 + 2)), rng.normal(size=(d_N, d_0 + 2))
    problem = DeepLinearProblem(X, Y, (d_0, *[k] * (depth - 1), d_N))
    values, vectors = np.linalg.eigh(X @ X.T)
    root = vectors * np.sqrt(values) @ vectors.T
    U, s, Vt = np.linalg.svd(Y @ X.T @ np.linalg.inv(root))
    return problem, U[:, :k], (s[:k, None] * Vt[:k]) @ np.linalg.inv(root)


@pytest.mark.parametrize("depth", [2, 3, 4])
def test_no_global_minimizer_of_a_bottleneck_is_flatter_than_the_bound(depth):
    rng = np.random.default_rng(depth)
    excess = []
    for _ in range(40):
        problem, U, core = bottleneck(rng, depth)
        bound = 2 / critical_step_size(problem.X, U @ core @ problem.X, depth).upper
        k = len(core)
        for x in np.geomspace(0.1, 10, 15):
            q = np.sqrt(x)
            g = [q ** (j + 1 - depth) * np.eye(k) for j in range(depth - 1)]
            g = [m @ (np.eye(k) + 0.2 * rng.normal(size=(k, k))) for m in g]
            inverse = [np.linalg.inv(m) for m in g]
            inner = [g[j] @ inverse[j - 1] for j in range(1, depth - 1)]
            theta = problem.join([g[0] @ core, *inner, U @ inverse[-1]])
            assert np.abs(problem.gradient(theta)).max() < 1e-8 * (1 + np.abs(theta).max()) ** 5
            excess.append(np.linalg.eigvalsh(problem.hessian(theta))[-1] / bound - 1)
    assert -1e-9 < min(excess) < 0.05
