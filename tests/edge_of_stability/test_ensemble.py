"""What an ensemble computes: gradient descent, and outcomes that are known in closed form."""

import inspect

import numpy as np
import pytest

from edge_of_stability import (
    DeepLinearProblem,
    Gaussian,
    Outcome,
    Rules,
    gradient_descent,
    run_ensemble,
)
from edge_of_stability.descent import _engine, _sweep
from edge_of_stability.descent._blocks import units

# Kernels take long to compile: one worker does it for all of them.
pytestmark = pytest.mark.xdist_group("the kernels of ensembles")
SCALAR = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))
CHAIN = (1, 1, 1, 1, 1, 1)
# Of one layer and of more, bracketed either way, in tiles of unequal sizes; with d_0 = 1 < N in
# units of their own, in which Σ disappears.
WAYS = {
    "registers": [(3, 2), (2, 3, 2), (1, 1, 1), (1, 1, 1, 1), (1, 2, 3), (1, 3, 2, 2, 1), CHAIN],
    "tiles": [(5, 10, 10, 3), (9, 4, 11), (30, 29, 28), (1, 12, 10, 2), (1, 130, 140, 2), (45, 40)],
    "BLAS": [(16, 80, 90, 60), (60, 90, 80, 16)],
}
# Of Σ^{1/2} and of the entries of θ; where the units depend on them.
SIZES = [(0.03, 20.0), (1e5, 1e-3), (1e-6, 1e6), (1e6, 1e6), (1e-6, 1e-6)]


def example(widths, root_of_sigma=1.0, size=1.0):
    """A problem with Σ^{1/2} and entries of θ of about these sizes, and its generator."""
    rng, samples = np.random.default_rng(0), widths[0] + 3
    X, Y = (rng.standard_normal((d, samples)) / np.sqrt(samples) for d in (widths[0], widths[-1]))
    Y *= size ** (len(widths) - 1) * root_of_sigma
    return DeepLinearProblem(root_of_sigma * X, Y, widths), rng


def test_the_way_is_chosen_by_size():
    for way, some in WAYS.items():
        assert {_engine.plan(widths, widths[0], widths[0] == 1).way for widths in some} == {way}


@pytest.mark.parametrize("widths", [widths for some in WAYS.values() for widths in some], ids=str)
def test_an_ensemble_is_gradient_descent(widths):
    for root_of_sigma, size in [(1.0, 1.0), *SIZES * (widths[0] == 1)]:
        problem, rng = example(widths, root_of_sigma, size)
        starts = rng.standard_normal((37 if problem.dimension < 10_000 else 11, problem.dimension))
        starts *= min(0.5, max(widths) ** -0.5) * size
        eta = rng.uniform(0.01, 0.05, len(starts)) / max(1, max(widths) / 10)
        eta /= root_of_sigma**2 * size ** (2 * problem.depth - 2)
        assert np.all(units(problem, eta) != 1) == (widths[0] == 1)
        slope = np.linalg.norm(problem.S) * size ** (problem.depth - 1)
        for steps in (0, 1, 7, 32, 45):
            result = run_ensemble(problem, starts, eta, steps, rules=Rules(tolerance=1e-300))
            expected = gradient_descent(problem, starts, eta, steps)
            slopes = np.linalg.norm(problem.gradient(result.theta), axis=1)
            for found, true, scale in (
                (result.theta, expected.thetas[-1], size),
                (result.loss**0.5, expected.losses[-1] ** 0.5, np.linalg.norm(problem.Y)),
                (result.gradient_norm, slopes, slope),
            ):
                np.testing.assert_allclose(found, true, rtol=1e-12, atol=1e-12 * scale)
            assert (result.steps == steps).all()
            assert result.bounded.all()


RNG = np.random.default_rng(3)
ROWS = np.linalg.qr(RNG.standard_normal((6, 2)))[0].T


@pytest.mark.parametrize(
    ("X", "Y", "h"),
    [
        (ROWS, RNG.standard_normal((2, 6)), 3),
        ([[0.6], [0.8]] @ ROWS[:1], RNG.standard_normal((2, 6)), 3),  # of rank one
        ([[0.6], [0.8]], RNG.standard_normal((2, 1)), 3),  # fewer samples than inputs
        (np.eye(2), np.diag([2.0, 0.5]), 1),  # too narrow for the solution
    ],
)
def test_excess_is_the_loss_above_the_best_matrix(X, Y, h):
    problem = DeepLinearProblem(X, Y, (2, h, 2))
    fitted = Y @ np.linalg.pinv(X) @ X
    beyond = np.linalg.svd(fitted, compute_uv=False)[h:]
    least = np.sum((Y - fitted) ** 2) + np.sum(beyond**2)
    starts = 0.7 * np.random.default_rng(4).standard_normal((30, problem.dimension))
    result = run_ensemble(problem, starts, 0.02, 20_000, sharpness=True)
    assert result.minimized.all()
    np.testing.assert_allclose(result.excess, 0, atol=1e-15)
    np.testing.assert_allclose(result.loss, least, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(result.sharpness, problem.sharpness(result.theta), rtol=1e-12)


def invariant(theta, eta):
    """F of the scalar net: F > 0 is the ellipse outside which almost every orbit is unbounded."""
    x, y = np.asarray(theta).T
    h = 2 * eta
    return 4 - h * (x**2 + y**2) + h**2 * (x * y - 1)


@pytest.mark.parametrize("eta", [0.2, 0.45, 0.55, 0.7, 0.9])
def test_outcomes_on_the_scalar_net_are_the_exact_basin(eta):
    starts = np.random.default_rng(1).uniform(-3.5, 3.5, (20_000, 2))
    result = run_ensemble(SCALAR, starts, eta, 3000, sharpness=True)
    inside = invariant(starts, eta) > 0
    assert 0.05 < inside.mean() < 0.95
    np.testing.assert_array_equal(result.diverged, ~inside)
    if eta < 0.5:
        assert result.converged.sum() > 0.999 * inside.sum()
        assert (result.excess[result.converged] < 1e-20).all()
        assert (result.sharpness[result.converged] < 2 / eta).all()
        assert (result.sharpness[result.converged] >= 4 - 1e-9).all()
    else:
        assert not result.converged.any()
        x, y = result.theta[result.bounded].T
        assert np.median(np.abs(x - y)) < 1e-6
    assert np.isnan(result.sharpness[~result.converged]).all()


def test_a_diverged_orbit_ends_with_its_first_point_outside():
    eta = np.linspace(0.4, 0.99, 200)
    starts = np.random.default_rng(0).uniform(-3, 3, (200, 2))
    result = run_ensemble(SCALAR, starts, eta, 500)
    assert 50 < result.diverged.sum() < 190
    assert len(set(result.steps[result.diverged])) > 5
    for lane in np.flatnonzero(result.diverged):
        t = result.steps[lane]
        orbit = gradient_descent(SCALAR, starts[lane], eta[lane], int(t)).thetas
        bound = 1e6 * max(np.linalg.norm(starts[lane]), np.sqrt(2))
        assert np.linalg.norm(orbit[-1]) > bound
        assert np.linalg.norm(orbit[-2]) <= bound
        if t < 15:  # chaos: the last digit of FMA or not is worth the whole result later
            np.testing.assert_allclose(result.theta[lane], orbit[-1], rtol=1e-6)


def test_divergence_by_overflow_in_one_step():
    result = run_ensemble(SCALAR, [[1e150, 1e150], [1.2, 0.9]], 0.3, 100)
    assert list(result.outcome) == [Outcome.DIVERGED, Outcome.CONVERGED]
    assert result.steps[0] <= 2  # the bound itself overflows here


def test_critical_points_and_where_the_gradient_became_small():
    saddle, minimum = [0.0, 0.0], [1.0, 1.0]
    result = run_ensemble(
        SCALAR, [saddle, minimum, [1.2, 0.9], [1e-9, 0]], 0.3, 1000, rules=Rules(window=70)
    )
    assert list(result.outcome) == [Outcome.CONVERGED] * 4
    assert list(result.settled[:2]) == [0, 0]
    assert list(result.steps[:2]) == [96, 96]  # the first look after a window of 70 steps
    assert result.excess[0] == 1.0
    assert list(result.minimized) == [False, True, True, True]
    assert (result.excess[1:] < 1e-20).all()  # the last one left the saddle
    assert result.settled[2] % 32 == 0
    assert (result.steps - result.settled == 96).all()
    short = run_ensemble(SCALAR, [minimum], 0.3, 63)  # it does not last a window
    assert (short.bounded.all(), list(short.settled)) == (True, [0])


@pytest.mark.parametrize(
    ("widths", "factor"), [((3, 2), 1.0), ((2, 3, 2), 1.0), ((2, 3, 2), 0.0), ((1, 2, 2), 0.0)]
)
def test_a_small_gradient_is_small_on_the_scale_of_the_problem(widths, factor):
    drawn, rng = example(widths)
    problem = DeepLinearProblem(3 * drawn.X, factor * drawn.Y, drawn.widths)
    S, Sigma, N = np.linalg.norm(problem.S), np.linalg.norm(problem.Sigma), problem.depth
    size = (S / Sigma) ** (1 / N) if S > 0 else 1.0
    small = 0.02 * (2 * S * size ** (N - 1) if S > 0 else 2 * Sigma)
    starts = 0.5 * rng.standard_normal((20, problem.dimension))
    result = run_ensemble(problem, starts, 5e-3, 3200, rules=Rules(tolerance=0.02))
    assert result.converged.all()
    for lane, start in enumerate(starts):
        t = int(result.steps[lane])
        orbit = gradient_descent(problem, start, 5e-3, t).thetas[::32]
        norms = np.linalg.norm(problem.gradient(orbit), axis=-1)
        first = 32 * (np.flatnonzero(norms > small)[-1] + 1)
        assert result.settled[lane] == first
        assert t == first + 64


def test_escape_is_judged_by_the_orbits_own_start():
    # The large one goes straight to a minimizer far away; small neighbours are no measure for it.
    starts = [[0.1, 0.1], [30.0, 0.0], [0.1, 0.2]]
    result = run_ensemble(SCALAR, starts, 1e-4, 64, rules=Rules(escape=2.0))
    assert not result.diverged.any()


def test_orbits_near_a_degenerate_saddle_are_not_called_minimized():
    """Five layers, η = 0.45: most orbits stay near 0, where even the Hessian vanishes."""
    problem = DeepLinearProblem([[1.0]], [[1.0]], CHAIN)
    starts = Gaussian(200, 0.5, seed=4)
    result = run_ensemble(problem, starts, 0.45, 100_000, sharpness=True)
    near = ~result.diverged & (np.linalg.norm(result.theta, axis=1) < 0.5)
    assert near.sum() > 150
    assert result.bounded[near].mean() > 0.95  # the gradient of a few is tiny, though
    assert not result.minimized[near].any()
    assert (result.sharpness[near & result.converged] < 1e-5).all()


def test_a_network_is_compiled_once_under_a_name_of_its_own():
    """Processes share a cache on disk: a file with two kinds of code might give the wrong one."""
    starts = np.array([[1.0, 0.5], [0.5, 1.0]])
    for some in (starts, starts[:1], np.broadcast_to(starts[0], (3, 2)), starts.astype(np.float32)):
        run_ensemble(SCALAR, some, np.full(len(some), 0.1), 3)
    compiled = [_engine.kernel(w, w[0], w[0] == 1).go_on for w in ((1, 1, 1), (2, 3, 2))]
    assert [len(function.signatures) for function in (*compiled, _sweep.run_packs)] == [1, 1, 1]
    assert len({function.py_func.__qualname__ for function in compiled}) == 2
    for function in compiled:  # Python 3.13 fails on lines of another text, Numba on no other error
        with pytest.raises(OSError, match="out of bounds"):
            inspect.getsourcelines(function.py_func)


def test_sharpness_of_more_limits_than_one_batch_of_hessians():
    problem = DeepLinearProblem(np.eye(4), np.eye(4), (4, 4, 4))
    starts = problem.join([np.eye(4), np.eye(4)]) + 0.1 * np.random.default_rng(0).random((300, 32))
    result = run_ensemble(problem, starts, 0.1, 5000, sharpness=True)
    assert result.converged.all()
    np.testing.assert_allclose(result.sharpness, problem.sharpness(result.theta), rtol=1e-12)


def test_plain_steps_where_the_unit_would_be_extreme():
    """Whatever the size of η, each lane is gradient descent, and its bits are its own."""
    eta = np.array([1e-320, 1e-300, 1e-150, 1e-90, 0.3, 1e90, 1e150, 1e300])
    assert list(units(SCALAR, eta) == 1) == [True, True, True, False, False, False, True, True]
    starts = np.tile([1.2, 0.9], (len(eta), 1))
    together = run_ensemble(SCALAR, starts, eta, 200)
    for lane, step in enumerate(eta):
        alone = run_ensemble(SCALAR, starts[lane : lane + 1], step, 200)
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
    reference = run_ensemble(SCALAR, starts, 0.3, 2000)
    np.testing.assert_array_equal(one.outcome, reference.outcome)
    np.testing.assert_allclose(one.theta, reference.theta, rtol=1e-9)
