"""Cycles of period two: the claims of the book attacked by random problems, or exactly."""

import math

import numpy as np
import pytest
import sympy as sp
from random_problems import orthogonal

from edge_of_stability import DeepLinearProblem, critical_step_size, two_cycle

GOLDEN = (np.sqrt(5) - 1) / 2


def multipliers(problem, eta, low, high):
    """The eigenvalues of D(G²) at the cycle {low, high}, by falling modulus."""
    np.testing.assert_allclose(problem.step(low, eta), high, atol=1e-12 * np.abs(high).max())
    np.testing.assert_allclose(problem.step(high, eta), low, atol=1e-12 * np.abs(high).max())
    one = np.eye(problem.dimension)
    step = (one - eta * problem.hessian(high)) @ (one - eta * problem.hessian(low))
    values = np.linalg.eigvals(step)
    return values[np.argsort(-np.abs(values))]


def whitened(rng, widths, sigma):
    """A two-layer problem with Σ = I, and θ(z): singular values (zσ₁, σ₂, …) in both layers."""
    d_0, k, d_2 = widths
    U, V, E = (orthogonal(rng, n)[:, : len(sigma)] for n in (d_2, d_0, k))
    problem = DeepLinearProblem(np.eye(d_0), (U * sigma) @ V.T, widths)

    def point(*z):
        w = np.sqrt(sigma)
        w[: len(z)] *= z
        return problem.join([(E * w) @ V.T, (U * w) @ E.T])

    return problem, point


def pair(h):
    """a < b with ab = 1/h and a + b = √(1 + 3/h)."""
    total, gap = np.sqrt(1 + 3 / h), np.sqrt(1 - 1 / h)
    return (total - gap) / 2, (total + gap) / 2


@pytest.mark.parametrize("seed", range(12))
def test_the_matrix_cycle_attracts_exactly_in_its_window(seed):
    rng = np.random.default_rng(seed)
    d_0, k, d_2 = widths = tuple(int(n) for n in rng.integers(1, 5, 3))
    r = min(widths)
    sigma = np.sort(rng.uniform(0.1, 0.95, r))[::-1]
    sigma[0] = 1.0
    sigma *= rng.uniform(0.5, 2)
    problem, point = whitened(rng, widths, sigma)
    second = sigma[1] if r > 1 else 0.0
    first, last = 1 / (2 * sigma[0]), min(GOLDEN / sigma[0], 1 / (sigma[0] + second))
    neutral = k - 1 + (k - 1) * (d_0 + d_2 - 2) - (d_0 - 1) * (d_2 - 1)
    if k == r:
        neutral = r - 1 + (r - 1) ** 2
    for place, attracts in (
        (0.03, True),
        (rng.uniform(0.1, 0.9), True),
        (0.97, True),
        (1.03, False),
    ):
        eta = first + place * (last - first)
        a, b = pair(2 * eta * sigma[0])
        values = multipliers(problem, eta, point(a), point(b))
        others = values[np.abs(values - 1) > 1e-6]
        assert len(values) - len(others) == neutral
        assert (np.abs(others).max(initial=0) < 1) == attracts


def test_the_antisymmetric_block_loses_volume_by_a_factor_of_the_line():
    """det = 2 − h − c − (1 + hu + u²), so the threshold is η(σ₁ + σ_j) = 1 for every orbit."""
    h, c, u = sp.symbols("h c u", positive=True)
    zeta = h + u
    block = sp.Matrix([[1 - zeta, sp.sqrt(c * zeta)], [sp.sqrt(c * zeta), 1 - c + zeta - h]])
    assert sp.expand(block.det() - (2 - h - c - (1 + h * u + u**2))) == 0


def chain_multipliers(N):
    """The multipliers of the balanced cycle {a, ρa} of a scalar chain along and across its line."""
    rho = sp.Symbol("rho", positive=True)
    steep = N * (rho - 1) * (1 + rho ** (2 * N - 1)) / (rho**N - 1)
    low = 1 + (2 * N - 1) * (rho - 1) - steep / rho ** (N - 1)
    high = 1 - (2 * N - 1) * (rho - 1) / rho - steep / rho
    return rho, sp.cancel(low * high), 1 - 2 * (rho - 1) ** 2 / rho


@pytest.mark.parametrize("N", range(2, 7))
def test_the_cycle_of_a_chain_is_the_closed_form_on_the_balanced_line(N):
    problem = DeepLinearProblem([[1.0]], [[1.0]], (1,) * (N + 1))
    rho, along, across = chain_multipliers(N)
    assert across.subs(rho, sp.Rational(17, 10)) > -1  # so the window ends where along = −1
    for y in (0.01, 0.05):
        eta, low, high = two_cycle(problem, y)
        assert np.ptp(low) < 1e-12
        assert high[0] / low[0] == pytest.approx(np.exp(2 * y), rel=1e-12)
        expected = [float(f.subs(rho, np.exp(2 * y))) for f in (along, *[across] * (N - 1))]
        values = np.sort(multipliers(problem, eta, low, high).real)
        np.testing.assert_allclose(values, np.sort(expected), atol=1e-9)


def random_problem(rng):
    """Any depth, data and widths under A2, with T(x̂) clearly simple on top."""
    while True:
        N, d_0, d_N = int(rng.integers(2, 5)), *(int(n) for n in rng.integers(1, 4, 2))
        hidden = [int(n) for n in rng.integers(min(d_0, d_N), 5, N - 1)]
        X, Y = (rng.standard_normal((d, 6)) for d in (d_0, d_N))
        problem = DeepLinearProblem(X, Y, (d_0, *hidden, d_N))
        eta = critical_step_size(X, Y, N)
        rows = eta.scale ** ((N - 1) / 2) * X, ((N - 1) / eta.scale) ** 0.5 * problem.solution @ X
        T = np.linalg.svd(np.vstack(rows), compute_uv=False) ** 2  # the eigenvalues of T(x̂)
        if d_0 == 1 or T[1] < 0.8 * T[0]:
            return problem, eta


@pytest.mark.parametrize("seed", range(15))
def test_cycles_of_any_data_are_exact_and_attract(seed):
    rng = np.random.default_rng(seed)
    problem, critical = random_problem(rng)
    N, widths = problem.depth, problem.widths
    y = 0.004
    eta, low, high = two_cycle(problem, y)
    values = multipliers(problem, eta, low, high)
    others = values[np.abs(values - 1) > 1e-9]
    neutral = problem.dimension - widths[0] * widths[-1] - sum(widths[1:-1])
    assert len(values) - len(others) == neutral
    assert np.abs(others).max() < 1
    excess = eta / critical.value - 1
    assert excess == pytest.approx(2 / 3 * (N - 1) * (5 * N - 4) * y**2, rel=0.01)
    gradient = np.linalg.norm(problem.gradient(low))
    assert np.linalg.norm(problem.gradient(high)) == pytest.approx(gradient, rel=1e-9)
    size = 6 * N * critical.scale * excess / ((N - 1) * (5 * N - 4))
    assert gradient == pytest.approx(np.sqrt(size) / critical.value, rel=0.01)


@pytest.mark.parametrize("h", [1.01, 1.1, 1.5, 1.9])
def test_with_a_tie_no_decoupled_cycle_attracts(h):
    problem, point = whitened(np.random.default_rng(0), (2, 3, 2), np.array([1.0, 1.0]))
    a, b = pair(h)
    at_target = multipliers(problem, h / 2, point(a, 1), point(b, 1))
    in_phase = multipliers(problem, h / 2, point(a, a), point(b, b))
    opposite = multipliers(problem, h / 2, point(a, b), point(b, a))
    assert np.isclose(at_target, (1 - 2 * h) ** 2, rtol=1e-9).any()
    assert np.isclose(in_phase, 1 + 2 * h * (h - 1), rtol=1e-9).any()
    assert np.abs(opposite).max() > 1


@pytest.mark.parametrize("N", [2, 3, 4])
def test_the_rate_of_a_chain_at_its_critical_step_size(N):
    steps, balanced = 400_000, 3 / (8 * (N - 1) * (5 * N - 4))
    for gap, rate in ((0.0, balanced), (0.1, 1 / 8)):
        theta = [1.1 + gap * k / N for k in range(N)]
        for _ in range(steps):
            p = math.prod(theta)
            change = 2 / N * (p - 1) * p
            theta = [w - change / w for w in theta]
        assert (math.prod(theta) - 1) ** 2 / N**2 * steps == pytest.approx(rate, rel=0.05)
