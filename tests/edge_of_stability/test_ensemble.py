"""What an ensemble computes: gradient descent, and outcomes that are known in closed form."""

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

# Kernels take long to compile: one worker does it for all of them.
pytestmark = pytest.mark.xdist_group("the kernels of ensembles")
SCALAR = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))
CHAIN = (1, 1, 1, 1, 1, 1)
# One layer; in registers, bracketed either way; in tiles of unequal sizes, in units of their own,
# and of one layer; by BLAS, bracketed either way.
WIDTHS = [(3, 2), (2, 3, 2), CHAIN]
WIDTHS += [(5, 10, 10, 3), (9, 4, 11), (30, 29, 28), (1, 130, 140, 2), (45, 40)]
WIDTHS += [(16, 80, 90, 60), (60, 90, 80, 16)]


def example(widths, samples=None, seed=0):
    """A problem of moderate size and the generator it was drawn with."""
    rng = np.random.default_rng(seed)
    samples = samples or widths[0] + 3
    X = rng.standard_normal((widths[0], samples)) / np.sqrt(samples)
    Y = rng.standard_normal((widths[-1], samples)) / np.sqrt(samples)
    return DeepLinearProblem(X, Y, widths), rng


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_an_ensemble_is_gradient_descent(widths):
    problem, rng = example(widths)
    count = 37 if problem.dimension < 10_000 else 11
    starts = min(0.5, max(widths) ** -0.5) * rng.standard_normal((count, problem.dimension))
    eta = rng.uniform(0.01, 0.05, count) / max(1, max(widths) / 10)
    for steps in (0, 1, 32, 45):
        result = run_ensemble(problem, starts, eta, steps, rules=Rules(tolerance=1e-300))
        expected = gradient_descent(problem, starts, eta, steps)
        np.testing.assert_allclose(result.theta, expected.thetas[-1], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(result.loss, expected.losses[-1], rtol=1e-10)
        slopes = np.linalg.norm(problem.gradient(result.theta), axis=1)
        np.testing.assert_allclose(result.gradient_norm, slopes, rtol=1e-10)
        assert (result.steps == steps).all()
        assert result.bounded.all()


def test_the_way_is_chosen_by_size():
    ways = {w: _engine.plan(w, w[0], w[0] == 1).way for w in (*WIDTHS, (40, 40, 40), (44, 44, 44))}
    assert [ways[w] for w in WIDTHS] == ["registers"] * 3 + ["tiles"] * 5 + ["BLAS"] * 2
    assert (ways[40, 40, 40], ways[44, 44, 44]) == ("tiles", "BLAS")


def test_fewer_samples_than_inputs():
    problem, rng = example((2, 3, 2), samples=1)
    starts = rng.standard_normal((20, problem.dimension))
    result = run_ensemble(problem, starts, 0.02, 20)
    expected = gradient_descent(problem, starts, 0.02, 20)
    np.testing.assert_allclose(result.theta, expected.thetas[-1], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(result.loss, expected.losses[-1], rtol=1e-11)


@pytest.mark.parametrize("rank", [1, 2])
def test_excess_is_the_loss_above_the_best_matrix(rank):
    rng = np.random.default_rng(3)
    X = np.linalg.qr(rng.standard_normal((6, 2)))[0].T
    X = X if rank == 2 else [[0.6], [0.8]] @ X[:1]  # with more samples than inputs all the same
    Y = rng.standard_normal((2, 6))
    problem = DeepLinearProblem(X, Y, (2, 3, 2))
    least = np.linalg.norm(Y - Y @ np.linalg.pinv(X) @ X) ** 2
    result = run_ensemble(problem, rng.standard_normal((30, 12)), 0.02, 20000, sharpness=True)
    assert result.converged.all()
    np.testing.assert_allclose(result.excess, 0, atol=1e-15)
    np.testing.assert_allclose(result.loss, least, rtol=1e-12)
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


def test_one_layer_is_linear():
    problem, rng = example((3, 2))
    top = 2 * np.linalg.eigvalsh(problem.Sigma)[-1]
    starts = rng.standard_normal((3, 6))
    eta = np.array([1.9, 2.2, 1.0]) / top
    result = run_ensemble(problem, starts, eta, 5000, sharpness=True)
    assert [Outcome(o) for o in result.outcome] == [
        Outcome.CONVERGED,
        Outcome.DIVERGED,
        Outcome.CONVERGED,
    ]
    np.testing.assert_allclose(problem.end_to_end(result.theta[0]), problem.solution, atol=1e-8)
    np.testing.assert_allclose(result.sharpness[[0, 2]], top)


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


@pytest.mark.parametrize("factor", [1.0, 0.0], ids=["W⋆ ≠ 0", "S = 0"])
def test_a_small_gradient_is_small_on_the_scale_of_the_problem(factor):
    drawn, rng = example((2, 3, 2))
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


def test_a_short_run_does_not_last_a_window():
    result = run_ensemble(SCALAR, [[1.0, 1.0]], 0.3, 63)
    assert result.bounded.all()
    assert list(result.settled) == [0]


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


def test_a_network_too_narrow_for_the_solution():
    """Width 1 < r⋆ = 2: the least loss is the square of the second singular value."""
    problem = DeepLinearProblem(np.eye(2), np.diag([2.0, 0.5]), (2, 1, 2))
    result = run_ensemble(problem, Gaussian(50, 0.5, seed=1), 0.05, 20_000)
    assert result.minimized.all()
    np.testing.assert_allclose(result.loss, 0.25, rtol=1e-12)
    np.testing.assert_allclose(result.excess, 0, atol=1e-12)


@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 2, 1), (3, 2)], ids=str)
def test_all_ways_are_the_same_descent(monkeypatch, widths):
    """Chaos: in registers, in any number of lanes, and in tiles the bits are the same."""
    problem, rng = example(widths)
    starts = rng.standard_normal((50, problem.dimension))
    chosen = _engine.plan(problem.widths, widths[0], widths[0] == 1)
    assert chosen.way == "registers"
    others = [("registers", 4), ("registers", 32), ("tiles", 8), ("BLAS", 1)]
    for way, lanes in others:
        other = chosen._replace(way=way, lanes=lanes)
        results = []
        for steps in (40, 500):
            with monkeypatch.context() as patch:
                results.append(run_ensemble(problem, starts, 0.2, steps))
                _engine.kernel.cache_clear()
                patch.setattr(_engine, "plan", lambda *_, other=other: other)
                results.append(run_ensemble(problem, starts, 0.2, steps))
                _engine.kernel.cache_clear()
        if way == "BLAS":  # sums are rounded otherwise
            inside = results[0].outcome != Outcome.DIVERGED
            for name in ("theta", "gradient_norm", "excess"):
                one, other_one = (getattr(result, name)[inside] for result in results[:2])
                np.testing.assert_allclose(other_one, one, rtol=1e-7, atol=1e-9)
            continue
        for one, other_one in (results[:2], results[2:]):
            for name in ("theta", "excess", "gradient_norm", "outcome", "steps"):
                np.testing.assert_array_equal(getattr(one, name), getattr(other_one, name))


def test_a_network_is_compiled_once_under_a_name_of_its_own():
    """Processes share a cache on disk: a file with two kinds of code might give the wrong one."""
    starts = np.array([[1.0, 0.5], [0.5, 1.0]])
    for some in (starts, starts[:1], np.broadcast_to(starts[0], (3, 2)), starts.astype(np.float32)):
        run_ensemble(SCALAR, some, np.full(len(some), 0.1), 3)
    compiled = [_engine.kernel(w, w[0], w[0] == 1).go_on for w in ((1, 1, 1), (2, 3, 2))]
    assert [len(function.signatures) for function in (*compiled, _sweep._run)] == [1, 1, 1]
    assert len({function.py_func.__qualname__ for function in compiled}) == 2


def test_sharpness_of_more_limits_than_one_batch_of_hessians():
    problem = DeepLinearProblem(np.eye(4), np.eye(4), (4, 4, 4))
    starts = problem.join([np.eye(4), np.eye(4)]) + 0.1 * np.random.default_rng(0).random((300, 32))
    result = run_ensemble(problem, starts, 0.1, 5000, sharpness=True)
    assert result.converged.all()
    np.testing.assert_allclose(result.sharpness, problem.sharpness(result.theta), rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"initial": [1.0, 1.0]}, r"initial: need shape \(m, 2\)"),
        ({"initial": np.empty((0, 2))}, "initial: need"),
        ({"initial": [[1.0, np.nan]]}, "initial: need finite"),
        ({"initial": [[1.0, 2.0, 3.0]]}, "initial: need"),
        ({"eta": 0.0}, "eta: need a positive"),
        ({"eta": [0.1, 0.2, 0.3]}, "eta: need"),
        ({"steps": -1}, "steps: need"),
        ({"steps": 2.5}, "steps: need"),
        ({"block": 0}, "block: need"),
        ({"rules": 1e-9}, "rules: need an object of the class Rules"),
    ],
)
def test_bad_input_is_named(change, message):
    arguments = {"initial": [[1.0, 1.0], [0.5, 0.5]], "eta": 0.1, "steps": 10} | change
    with pytest.raises(ValueError, match=message):
        run_ensemble(SCALAR, **arguments)


@pytest.mark.parametrize(
    "change",
    [
        {"window": 0},
        {"look_every": 0},
        {"tolerance": 0.0},
        {"tolerance": np.nan},
        {"escape": 1.0},
        {"escape": np.inf},
    ],
    ids=str,
)
def test_bad_rules_are_named(change):
    (name,) = change
    with pytest.raises(ValueError, match=f"{name}: need"):
        Rules(**change)
