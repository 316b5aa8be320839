"""Minimizers: the spectrum there, the flattest one, and a search for a flatter one."""

import numpy as np
import pytest
from hypothesis import given
from minimizer_walks import instance, instances, move, random_point_of_M, sharpness
from scipy.optimize import minimize

from edge_of_stability import DeepLinearProblem
from edge_of_stability.minima.critical_step import critical_step_size
from edge_of_stability.minima.minimizers import (
    flattest_minimizer,
    is_minimizer,
    minimizer_spectrum,
    reduced_hessian,
)

# -- spectrum --------------------------------------------------------------------------------------


@given(instances(max_depth=4, max_width=3))
def test_spectrum_is_that_of_the_dense_hessian(case):
    problem, rank, rng = case
    theta = problem.join(random_point_of_M(problem, rank, rng))
    assert is_minimizer(problem, theta)
    K = minimizer_spectrum(problem, theta)
    H = np.linalg.eigvalsh(problem.hessian(theta))
    size = max(len(K), len(H))
    padded = [np.sort(np.concatenate([np.zeros(size - len(v)), v])) for v in (K, H)]
    assert padded[0] == pytest.approx(padded[1], abs=1e-7 * H[-1])


@pytest.mark.parametrize("samples", [1, 2, 3, 5])
@pytest.mark.parametrize("widths", [(3, 2), (3, 2, 2), (2, 1, 3, 2)])
def test_off_the_minimizers_it_is_the_gauss_newton_part(samples, widths):
    # With targets that θ fits the Hessian is 2JᵀJ. With fewer samples than inputs Σ is singular.
    rng = np.random.default_rng(samples)
    X, Y = rng.standard_normal((widths[0], samples)), rng.standard_normal((widths[-1], samples))
    problem = DeepLinearProblem(X, Y, widths)
    theta = rng.standard_normal(problem.dimension)
    H = DeepLinearProblem(X, problem.end_to_end(theta) @ X, widths).hessian(theta)
    K = reduced_hessian(problem, theta)
    assert np.trace(K) == pytest.approx(np.trace(H), rel=1e-12)
    assert np.linalg.eigvalsh(K)[-1] == pytest.approx(np.linalg.eigvalsh(H)[-1], rel=1e-9)


# -- the flattest minimizer ------------------------------------------------------------------------


@given(instances(max_depth=6))
def test_flattest_minimizer_attains_the_critical_step_size(case):
    problem, _, _ = case
    theta = flattest_minimizer(problem)
    eta = critical_step_size(problem.X, problem.Y, problem.depth)
    minimum = np.sum((problem.solution @ problem.X - problem.Y) ** 2)
    assert problem.loss(theta) == pytest.approx(minimum, rel=1e-12, abs=1e-18)
    assert is_minimizer(problem, theta)
    assert minimizer_spectrum(problem, theta)[-1] == pytest.approx(2 / eta.value, rel=1e-9)


def test_no_solution_but_zero():
    assert is_minimizer(DeepLinearProblem(np.eye(2), np.zeros((2, 2)), (2, 2, 2)), np.zeros(8))
    single = DeepLinearProblem(np.eye(2), np.zeros((2, 2)), (2, 2))
    assert flattest_minimizer(single) == pytest.approx(np.zeros(4))


# -- trying to beat the formula --------------------------------------------------------------------


def search(problem, start, steps, rng):
    """Lower the sharpness within M by random steps of adaptive length."""
    best, lowest, size = start, sharpness(problem, start), 0.3
    for _ in range(steps):
        trial = move(best, size, rng)
        value = sharpness(problem, trial)
        if value < lowest:
            best, lowest, size = trial, value, min(size * 1.5, 1.0)
        else:
            size = max(size * 0.93, 1e-5)
    return best, lowest


@pytest.mark.parametrize("seed", range(8))
def test_random_search_finds_no_flatter_minimizer(seed):
    rng = np.random.default_rng(seed)
    N = int(rng.integers(2, 5))
    d_0, d_N = rng.integers(1, 4, 2)
    rank = int(rng.integers(1, min(d_0, d_N) + 1))
    widths = (int(d_0), *(rank + int(k) for k in rng.integers(0, 3, N - 1)), int(d_N))
    problem = instance(widths, rank, rng, spread=0.5)
    bound = 2 / critical_step_size(problem.X, problem.Y, N).value
    starts = [
        random_point_of_M(problem, rank, rng),
        problem.split(flattest_minimizer(problem)),
        move(problem.split(flattest_minimizer(problem)), 0.1, rng),
    ]
    for start in starts:
        end, lowest = search(problem, start, 300, rng)
        # Rounding lets a long walk drift off M; only points on M count.
        assert is_minimizer(problem, problem.join(end))
        assert lowest >= bound * (1 - 1e-8)


def descend(problem, start):
    """Minimise the sharpness over all changes of basis of the hidden layers, by BFGS.

    λ_max is replaced by λ_max + (λ_max/k) log Σ exp(k(λ_i/λ_max − 1)), with growing k.
    """
    sizes = [W.shape[0] ** 2 for W in start[:-1]]

    def moved(p):
        weights = [W.copy() for W in start]
        for j, part in enumerate(np.split(p, np.cumsum(sizes)[:-1])):
            h = weights[j].shape[0]
            g = np.eye(h) + part.reshape(h, h)
            weights[j], weights[j + 1] = g @ weights[j], weights[j + 1] @ np.linalg.inv(g)
        return weights

    def smoothed(p, k):
        weights = moved(p)
        if not max(np.abs(W).max() for W in weights) < 1e6:
            return 1e30
        values = np.linalg.eigvalsh(reduced_hessian(problem, problem.join(weights)))
        top = values[-1]
        return top + top / k * np.log(np.exp(k * (values / top - 1)).sum())

    p = np.zeros(sum(sizes))
    for k in (10, 100, 1000, 1e4):
        p = minimize(smoothed, p, args=(k,), method="BFGS", options={"maxiter": 100}).x
    return moved(p)


@pytest.mark.parametrize(
    ("widths", "rank"),
    [((2, 2, 2), 2), ((3, 1, 2), 1), ((2, 2, 1, 3), 1), ((2, 2, 2, 2), 2), ((1, 2, 1, 1), 1)],
)
def test_descent_on_the_sharpness_ends_at_the_formula(widths, rank):
    rng = np.random.default_rng(7)
    problem = instance(widths, rank, rng, spread=0.5)
    bound = 2 / critical_step_size(problem.X, problem.Y, problem.depth).value
    end = descend(problem, random_point_of_M(problem, rank, rng))
    assert is_minimizer(problem, problem.join(end))
    excess = sharpness(problem, end) / bound - 1
    assert -1e-9 <= excess <= 1e-5


# -- hidden widths below the rank of the solution (exercise 6 of the chapter) ----------------------


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
