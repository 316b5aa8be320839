"""Stable, unstable, undecided; when the stable minimizers are bounded; exact certificates."""

import dataclasses
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minimizer_walks import instance, move, sharpness

from edge_of_stability import DeepLinearProblem, gradient_descent
from edge_of_stability.certificates.stability import certify_stability, inertia
from edge_of_stability.minima.critical_step import critical_step_size
from edge_of_stability.minima.minimizers import flattest_minimizer, is_minimizer
from edge_of_stability.minima.stability import (
    Stability,
    classify_minimizer,
    stable_set_is_bounded,
)

SCALAR = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))


# -- classification --------------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.floats(0.1, 0.5))
def test_verdict_agrees_with_gradient_descent(depth, seed, distance):
    """Near the flattest minimizer GD stays below η_C and leaves above."""
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((2, 4)), rng.standard_normal((2, 4))
    problem = DeepLinearProblem(X, Y, (2, *[2] * (depth - 1), 2))
    theta = flattest_minimizer(problem)
    eta_C = critical_step_size(X, Y, depth).value
    start = theta + 1e-7 * np.linalg.norm(theta) * rng.standard_normal(theta.shape)
    for eta, expected in (
        (eta_C * (1 - distance), Stability.STABLE),
        (eta_C * (1 + distance), Stability.UNSTABLE),
    ):
        assert classify_minimizer(problem, theta, eta) is expected
        path = gradient_descent(problem, start, eta, 250).thetas
        near = np.linalg.norm(path - theta, axis=1) <= 1e-3 * np.linalg.norm(theta)
        assert near.all() == (expected is Stability.STABLE)


def test_scalar_net():
    for deviation, verdict in (
        (0, Stability.UNDECIDED),
        (-1e-7, Stability.UNDECIDED),
        (1e-7, Stability.UNDECIDED),
        (-1.5e-6, Stability.STABLE),
        (1.5e-6, Stability.UNSTABLE),
    ):
        eta = 4 / 17 * (1 + deviation)  # λ_max = 2(4 + 1/4) = 17/2
        assert classify_minimizer(SCALAR, [2.0, 0.5], eta) is verdict


# -- the cone of lem-cone --------------------------------------------------------------------------


@settings(max_examples=20)
@given(st.integers(2, 3), st.integers(0, 2**32 - 1), st.floats(1.05, 3.0), st.booleans())
def test_the_cone_is_invariant_at_the_border_of_the_ball(depth, seed, factor, saddle):
    """Pairs of points as far out as η‖H(θ) − H(θ̄)‖ ≤ κ admits, differences at the cone's border."""
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((2, 4)), rng.standard_normal((2, 4))
    problem = DeepLinearProblem(X, Y, (2,) * (depth + 1))
    eta = factor * critical_step_size(X, Y, depth).value
    # The origin is a critical point, with negative eigenvalues at depth two.
    centre = flattest_minimizer(problem) if depth > 2 or not saddle else np.zeros(problem.dimension)
    H = problem.hessian(centre)
    values, vectors = np.linalg.eigh(H)
    growth = np.abs(1 - eta * values)
    stretched = growth > 1 + 1e-9  # rounding: the multiplier 1 of the directions along M is not
    E_u, E_c = vectors[:, stretched].T, vectors[:, ~stretched].T
    nu = growth[stretched].min()
    gamma, kappa = (nu + 1) / 2, (nu - 1) / (2 * np.sqrt(2))

    def unit(basis):
        direction = rng.standard_normal(len(basis)) @ basis
        return direction / np.linalg.norm(direction) if len(basis) else direction

    for _ in range(5):
        v = unit(E_u) + rng.choice([1.0, rng.random()]) * unit(E_c)
        middle, share = unit(np.eye(len(centre))), 10 ** rng.uniform(-2, 1)
        # The proof integrates H along the segment, so this is where the bound is made to hold.
        nodes = middle + share * np.linspace(-0.5, 0.5, 5)[:, None] * v
        size = 4.0
        while (
            np.linalg.norm(eta * (problem.hessian(centre + size * nodes) - H), 2, (1, 2)).max()
            > kappa
        ):
            size *= 0.75
        first, second = centre + size * nodes[-1], centre + size * nodes[0]
        after = problem.step(first, eta) - problem.step(second, eta)
        after_u, after_c = np.linalg.norm(E_u @ after), np.linalg.norm(E_c @ after)
        assert after_u >= gamma * size * share * (1 - 1e-9)
        assert after_c <= after_u * (1 + 1e-9)


# -- boundedness -----------------------------------------------------------------------------------


def test_one_layer_and_no_solution_but_zero():
    assert stable_set_is_bounded((3, 2), 2)
    assert stable_set_is_bounded((1, 1, 1), 0)
    assert not stable_set_is_bounded((1, 1, 1, 1), 0)  # W_1 = W_3 = 0, any W_2: the Hessian is 0


def farthest_walk(widths, rank, rng, steps=400):
    """Walk on M with steps of all sizes while the sharpness stays below 4 times its minimum.

    Returns how many times the norm of the start the walk gets away from the origin.
    """
    problem = instance(widths, rank, rng, spread=0.1, noise=0.0)
    start = weights = problem.split(flattest_minimizer(problem))
    limit = 4 * sharpness(problem, start)
    farthest = size = np.linalg.norm(problem.join(start))
    for _ in range(steps):
        trial = move(weights, np.exp(3 * rng.standard_normal()), rng)
        theta = problem.join(trial)
        if is_minimizer(problem, theta) and sharpness(problem, trial) <= limit:
            weights = trial
            farthest = max(farthest, np.linalg.norm(theta))
    return farthest / size


@pytest.mark.parametrize(
    ("widths", "rank", "bounded"),
    [
        ((1, 2, 2, 1), 1, False),
        ((2, 2, 3, 2), 1, False),
        ((1, 1, 2, 2, 1), 1, False),
        ((1, 2, 1, 2, 1), 1, True),
        ((2, 2, 2, 2), 2, True),
        ((2, 3, 2), 1, True),
        ((2, 1, 3, 1, 3), 1, True),
        ((1, 1, 1, 1, 1), 1, True),
        ((3, 3, 2, 3, 2), 2, True),
    ],
)
def test_walks_run_off_exactly_where_the_theorem_says(widths, rank, bounded):
    assert stable_set_is_bounded(widths, rank) is bounded
    reached = [farthest_walk(widths, rank, np.random.default_rng(seed)) for seed in range(2)]
    assert (max(reached) < 50) == bounded, reached


# -- exact certificates ----------------------------------------------------------------------------


@st.composite
def rational_minimizers(draw):
    """Integer factors, and targets that they fit exactly, up to a residual orthogonal to X."""
    widths = tuple(draw(st.lists(st.integers(1, 2), min_size=2, max_size=4)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = [rng.integers(-3, 4, (after, before)) for before, after in pairwise(widths)]
    X = rng.integers(-3, 4, (widths[0], 3))
    X[:, 2] = 0  # a sample at 0: its residual is orthogonal to every input
    Y = np.linalg.multi_dot([np.eye(widths[-1], dtype=int), *weights[::-1], X])
    Y[:, 2] = rng.integers(-3, 4, widths[-1])
    eta = draw(st.fractions(min_value=Fraction(1, 50), max_value=4, max_denominator=50))
    return X, Y, widths, weights, eta


@given(rational_minimizers())
def test_certificates_verify_and_agree_with_floating_point(case):
    X, Y, widths, weights, eta = case
    certificate = certify_stability(*case)
    assert certificate.verify()
    problem = DeepLinearProblem(X, Y, widths)
    theta = problem.join(weights)
    H, threshold = np.linalg.eigvalsh(problem.hessian(theta)), float(2 / eta)
    near = 1e-9 * max(threshold, H[-1])
    assert certificate.above + certificate.equal + certificate.below == len(H)
    assert certificate.above >= np.sum(H - threshold > near)
    assert certificate.below >= np.sum(threshold - H > near)
    assert np.sum(np.abs(H - threshold) <= near) >= certificate.equal


@given(rational_minimizers(), st.integers(-1, 1), st.integers(-1, 1))
def test_wrong_counts_do_not_verify(case, first, second):
    good = certify_stability(*case)
    forged = dataclasses.replace(
        good, above=good.above + first, equal=good.equal + second, below=good.below - first - second
    )
    assert forged.verify() == (forged == good)


@pytest.mark.parametrize(
    ("eta", "counts", "verdict"),
    [
        ("4/17", (0, 1, 1), Stability.UNDECIDED),  # 2/η = 17/2, and closer than float64 can tell
        (Fraction(10**30 * 4, 10**30 * 17 + 1), (0, 0, 2), Stability.STABLE),
        (Fraction(10**30 * 4, 10**30 * 17 - 1), (1, 0, 1), Stability.UNSTABLE),
    ],
)
def test_scalar_net_exactly(eta, counts, verdict):
    certificate = certify_stability([[1]], [[1]], (1, 1, 1), [2, "1/2"], eta)
    assert (certificate.above, certificate.equal, certificate.below) == counts
    assert certificate.verdict is verdict
    for change in (
        {"theta": (Fraction(2), Fraction(1))},
        {"theta": (Fraction(2),)},
        {"eta": -certificate.eta},
    ):
        assert not dataclasses.replace(certificate, **change).verify()


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_inertia_of_singular_and_hollow_matrices(d, seed):
    rng = np.random.default_rng(seed)
    A = rng.integers(-2, 3, (d, d)) * (rng.random((d, d)) < 0.5)
    A = A + A.T
    if rng.random() < 0.5:
        np.fill_diagonal(A, 0)
    values = np.linalg.eigvalsh(A)
    expected = tuple(
        int(c) for c in (sum(values > 1e-9), sum(abs(values) <= 1e-9), sum(values < -1e-9))
    )
    assert inertia([[Fraction(int(x)) for x in row] for row in A]) == expected
