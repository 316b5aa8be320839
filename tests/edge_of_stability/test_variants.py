"""Methods used in practice: random attacks on the theorems on momentum, biases, other losses."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minimizer_walks import move
from random_problems import orthogonal, problems
from scipy.special import expit

from edge_of_stability import DeepLinearProblem, critical_step_size, flattest_minimizer
from edge_of_stability.minima.variants import logistic_data, with_biases

seeds = st.integers(0, 2**32 - 1)


def walked(problem, theta, rng, count):
    """Points of M, one step of a random walk after the other."""
    weights = problem.split(theta)
    for _ in range(count):
        weights = move(weights, 0.3, rng)
        yield problem.join(weights)


def heavy_ball(problem, theta, before, eta, beta, steps, nesterov=False):
    for _ in range(steps):
        base = theta + beta * (theta - before)
        following = base - eta * problem.gradient(base if nesterov else theta)
        lost = np.abs(following).max(axis=-1, keepdims=True) > 100
        before, theta = theta, np.where(lost, theta, following)
    return theta


@given(seeds)
def test_multipliers_of_momentum(seed):
    rng = np.random.default_rng(seed)
    beta, eta, d = rng.uniform(0.01, 0.99), rng.uniform(0.1, 2), int(rng.integers(1, 5))
    values = rng.uniform(-0.5, 5, d)
    Q = orthogonal(rng, d)
    A, identity = np.eye(d) - eta * (Q * values) @ Q.T, np.eye(d)
    for P, R, c in (
        (A + beta * identity, beta * identity, 1 + beta),
        ((1 + beta) * A, beta * A, (1 + beta) / (1 + 2 * beta)),
    ):
        DF = np.block([[P, -R], [identity, 0 * identity]])
        expected = beta**d if c > 1 else beta**d * np.linalg.det(A)
        assert np.isclose(np.linalg.det(DF), expected, atol=1e-9)
        unstable = values.min() < 0 or values.max() > 2 * c / eta
        assert (np.abs(np.linalg.eigvals(DF)).max() > 1) == unstable


def regular(problem, size):
    """Near the flattest minimizer a point of M where W_N ⋯ W_2 has the largest rank it can have."""
    weights = problem.split(flattest_minimizer(problem))
    U, values, _ = np.linalg.svd(problem.solution)
    rank = int(np.sum(values > 1e-9 * values[0]))
    for W in weights[1:-1]:
        W[rank:, rank:] += size * np.eye(*(np.array(W.shape) - rank))
    last = weights[-1]
    last[:, rank:] += size * U[:, rank:] @ np.eye(len(U) - rank, last.shape[1] - rank)
    return problem.join(weights), rank


# The last two do not satisfy A2: W⋆ has rank one.
@pytest.mark.parametrize("widths", [(1, 1, 1), (2, 3, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize(("beta", "nesterov"), [(0.5, False), (0.9, False), (0.5, True)])
def test_transition_with_momentum(widths, beta, nesterov):
    Y = np.diag([1.0, 0.0])[: widths[-1], : widths[0]]
    problem = DeepLinearProblem(np.eye(widths[0]), Y, widths)
    c = (1 + beta) / (1 + 2 * beta) if nesterov else 1 + beta
    eta = c * critical_step_size(problem.X, Y, problem.depth).value
    near, _ = regular(problem, 0.3)
    eta *= float(problem.sharpness(flattest_minimizer(problem)) / problem.sharpness(near))
    noise = 1e-3 * np.random.default_rng(0).standard_normal((2, 6, problem.dimension))
    noise[1, :3] = noise[0, :3]  # without velocity
    starts, before = np.concatenate([near + noise, near + noise], axis=1)
    factors = np.repeat([0.97, 1.03], 6)[:, np.newaxis]
    theta = heavy_ball(problem, starts, before, factors * eta, beta, 1500, nesterov)
    distances = np.linalg.norm(theta - near, axis=1)
    slopes = np.linalg.norm(problem.gradient(theta), axis=1)
    assert (slopes[:6] < 1e-8).all()
    assert (distances[:6] < 0.1).all()
    sharp = problem.sharpness(theta) * factors[:, 0] * eta / 2
    assert ((slopes[6:] > 1e-2) | (sharp[6:] < c)).all()  # they left, some for flatter minimizers


@given(seeds)
def test_regular_minimizers_are_where_the_hessian_tells_the_dimension(seed):
    rng = np.random.default_rng(seed)
    widths = tuple(int(d) for d in rng.integers(1, 4, int(rng.integers(3, 5))))
    r = int(rng.integers(1, min(widths) + 1))
    solution = rng.standard_normal((widths[-1], r)) @ rng.standard_normal((r, widths[0]))
    problem = DeepLinearProblem(np.eye(widths[0]), solution, widths)
    theta, rank = regular(problem, 0.5)
    assert rank == r
    np.testing.assert_allclose(problem.end_to_end(theta), solution, atol=1e-12)
    rho = min(widths[1:])
    values = np.linalg.eigvalsh(problem.hessian(theta))
    codimension = r * (widths[-1] - rho) + rho * widths[0]
    assert np.sum(values > 1e-9 * values[-1]) == codimension


def test_velocity_zero_may_hit_the_stable_direction():
    beta, eta, lam = 0.5, 1.0, 4.0
    z = max(np.roots([1, eta * lam - 1 - beta, beta]))

    def slope(x):
        return lam * x if abs(x) < 1 else (1 - z) * x / eta  # away from the corners

    for start in (1.2, 1.8, 4.5):
        before = x = start
        for t in range(1, 9):
            before, x = x, x - eta * slope(x) + beta * (x - before)
            assert np.isclose(x, z**t * start, rtol=1e-6)


@given(problems())
def test_layerwise_steps_are_one_step(case):
    problem, rng = case
    theta = rng.standard_normal(problem.dimension)
    # Small against the data, too, or an orbit may leave the range of float64.
    steps = np.exp(rng.uniform(-6, -3, problem.depth)) / (1 + problem.sharpness(theta))
    mean = np.exp(np.log(steps).mean())
    ratios = np.sqrt(steps / mean)
    W = problem.split(theta)
    U = [w / r for w, r in zip(W, ratios, strict=True)]
    for _ in range(5):
        slopes = problem.split(problem.gradient(problem.join(W)))
        W = [w - eta * g for w, eta, g in zip(W, steps, slopes, strict=True)]
        slopes = problem.split(problem.gradient(problem.join(U)))
        U = [u - mean * g for u, g in zip(U, slopes, strict=True)]
    for w, u, r in zip(W, U, ratios, strict=True):
        np.testing.assert_allclose(w, r * u, rtol=1e-9, atol=1e-12)


def biased_sharpness(problem, weights, biases):
    """Twice the largest eigenvalue of JJᵀ, J the derivative of (π Σ^{1/2}, √n c)."""
    values, vectors = np.linalg.eigh(problem.Sigma)
    root, d_N, n = (vectors * np.sqrt(values)) @ vectors.T, problem.widths[-1], problem.X.shape[1]
    before, shift, columns = root, np.zeros(problem.widths[0]), []
    for j, W in enumerate(weights):
        after = np.linalg.multi_dot([np.eye(d_N), *weights[:j:-1], np.eye(len(W))])
        for a in range(len(W)):
            columns.append(np.append(0 * after[:, :1] @ root[:1], np.sqrt(n) * after[:, a]))
            for b in range(W.shape[1]):
                image = np.outer(after[:, a], before[b])
                columns.append(np.append(image, np.sqrt(n) * after[:, a] * shift[b]))
        before, shift = W @ before, W @ shift + biases[j]
    return 2 * np.linalg.norm(np.array(columns), 2) ** 2


@settings(max_examples=25)
@given(seeds)
def test_no_minimizer_with_biases_is_flatter(seed):
    rng = np.random.default_rng(seed)
    depth, d_0, d_N = int(rng.integers(2, 5)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    X = rng.standard_normal((d_0, d_0 + 4)) * rng.choice([0.2, 1, 3])
    X -= X.mean(axis=1, keepdims=True)
    Y = rng.standard_normal((d_N, d_0 + 4)) * rng.choice([0.2, 1, 3])
    problem = DeepLinearProblem(X, Y, (d_0, *[max(d_0, d_N)] * (depth - 1), d_N))
    flat = flattest_minimizer(problem)
    eta, lower = with_biases(X, Y, depth)
    plain = critical_step_size(X, Y, depth).value
    assert eta.value <= plain * (1 + 1e-9)
    assert eta.value < 1 / X.shape[1]
    assert lower == (eta.value < plain * (1 - 1e-12)) or np.isclose(eta.value, plain, rtol=1e-7)
    for theta in walked(problem, flat, rng, 5):
        biases = [rng.standard_normal(d) * rng.choice([0, 0.3]) for d in problem.widths[1:]]
        assert biased_sharpness(problem, problem.split(theta), biases) * eta.value >= 2 - 1e-8


def test_the_flattest_minimizer_with_biases():
    # One standardised feature explains the share R; exercise of the chapter: y = R, 1 + R.
    X = np.array([[1.0, -1, 1, -1]])
    Y = np.array([[0.5, -0.5, 0.5, -0.5]])  # W⋆ = 1/2, R = 1/4
    eta, lower = with_biases(X, Y, 2)
    assert lower
    np.testing.assert_allclose(eta.value, 1 / (4 * 1.25), rtol=1e-12)
    problem = DeepLinearProblem(X, Y, (1, 1, 1))
    weights = [np.array([[1.0]]), np.array([[0.5]])]  # y = W_2² = R
    biases = [np.zeros(1), np.zeros(1)]
    np.testing.assert_allclose(biased_sharpness(problem, weights, biases), 2 / eta.value)


def test_many_layers_and_a_target_that_is_hardly_explained():
    X = np.array([[1.0, -1, 1, -1]])  # the y_j underflow
    assert 0.99 < 4 * with_biases(X, 1e-4 * X, 60)[0].value < 1


def test_biases_need_centred_inputs():
    with pytest.raises(ValueError, match="mean zero"):
        with_biases([[1.0, 2.0]], [[1.0, 2.0]], 2)
    assert with_biases([[3.0, -3.0]], [[1.0, 0.0]], 1)[0].value == pytest.approx(1 / 18)
    assert with_biases([[0.1, -0.1]], [[1.0, 0.0]], 1)[0].value == pytest.approx(1 / 2)


@pytest.mark.parametrize("depth", [2, 3])
def test_small_weight_decay_selects_balanced_minimizers(depth):
    # The data of ex-kink: 20 at all balanced minimizers, 10 at the flattest for depth two.
    from scipy.optimize import minimize

    problem = DeepLinearProblem(np.diag([2.0, 1]), np.diag([1.0, 2]), (2,) * (depth + 1))
    power = np.diag(problem.solution) ** (2 / depth)
    terms = [
        np.kron(problem.Sigma @ np.diag(power**j), np.diag(power ** (depth - 1 - j)))
        for j in range(depth)
    ]
    balanced = 2 * np.linalg.eigvalsh(sum(terms))[-1]
    errors = []
    for delta in (1e-2, 1e-3, 1e-4):

        def penalised(theta, delta=delta):
            return (
                problem.loss(theta) + delta * theta @ theta,
                problem.gradient(theta) + 2 * delta * theta,
            )

        start = flattest_minimizer(problem) + 0.01
        options = {"maxiter": 5000, "ftol": 1e-16, "gtol": 1e-9}
        found = minimize(penalised, start, jac=True, method="L-BFGS-B", options=options).x
        weights = problem.split(found)
        for first, second in pairwise(weights):
            np.testing.assert_allclose(second.T @ second, first @ first.T, atol=1e-4)
        errors.append(abs(float(problem.sharpness(found)) + 2 * delta - balanced))
    assert errors[2] < errors[1] < errors[0]
    assert errors[2] < 0.01 * balanced


@settings(max_examples=25)
@given(seeds, st.integers(2, 3))
def test_logistic_loss(seed, depth):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2, 30)) * np.array([[1.0], [5.0]])
    labels = np.where(rng.random(30) < expit(X[0] / 2), 3.0, 2.0)
    labels[:4], X[:, :4] = [2, 3, 2, 3], [[1, 1, -1, -1], [5, 5, -5, -5]]  # these overlap
    weighted, fitted = logistic_data(X, labels)
    w = np.linalg.lstsq(weighted.T, fitted[0], rcond=None)[0]
    signs = 2 * labels - 5
    p = expit(-signs * (w @ X))
    assert np.linalg.norm((signs * p) @ X.T) < 1e-8 * np.abs(X).sum()
    np.testing.assert_allclose(weighted @ weighted.T, (X * p * (1 - p)) @ X.T / 2, rtol=1e-9)
    # On M the Hessian of ℓ(π(θ)) is that of the squared loss for these data.
    eta = critical_step_size(weighted, fitted, depth).value
    problem = DeepLinearProblem(weighted, fitted, (2, *[2] * (depth - 1), 1))
    for theta in walked(problem, flattest_minimizer(problem), rng, 3):
        assert problem.sharpness(theta) * eta >= 2 - 1e-6


def test_separable_classes_have_no_minimizer():
    X = np.array([[1.0, 2, -1, -3], [1.0, 1, 1, 1]])
    for labels in ([1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]):
        with pytest.raises(ValueError, match=r"separa|two different"):
            logistic_data(X, labels)


def test_limits_of_cyclic_mini_batches():
    # Two samples that a scalar chain fits exactly; the theorem allows no limit with a radius > 1.
    rng = np.random.default_rng(0)
    sizes = rng.uniform(0.3, 2, (2, 4000))  # of the samples
    eta, theta, found = rng.uniform(0.05, 0.6, 4000), rng.uniform(-2, 2, (2, 4000)), 0
    for _ in range(1500):
        for x in sizes:
            theta = theta - 2 * eta * x**2 * (theta.prod(axis=0) - 1) * theta[::-1]
        theta[:, ~(np.abs(theta).max(axis=0) < 1e3)] = 0
    for k in np.flatnonzero(np.abs(theta.prod(axis=0) - 1) < 1e-10):
        v = theta[::-1, k]
        maps = [np.eye(2) - 2 * eta[k] * x**2 * np.outer(v, v) for x in sizes[:, k]]
        assert np.abs(np.linalg.eigvals(maps[1] @ maps[0])).max() <= 1 + 1e-6
        # Limits that full gradient descent does not have are among them.
        found += 2 * eta[k] * (sizes[:, k] ** 2).sum() * (v @ v) > 2 * (1 + 1e-3)
    assert found > 0
