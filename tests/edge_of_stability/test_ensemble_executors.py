"""Where an ensemble runs makes no difference; and nothing is lost when something breaks."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
import threadpoolctl

from edge_of_stability import (
    DeepLinearProblem,
    EnsembleResult,
    Gaussian,
    run_ensemble,
)
from edge_of_stability.descent import _blocks, ensemble
from edge_of_stability.descent._sweep import CACHED_DOUBLES

pytestmark = pytest.mark.xdist_group("the kernels of ensembles")
SCALAR = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))
STARTS = Gaussian(3000, 1.5, seed=7)


def assert_same_bits(one: EnsembleResult, other: EnsembleResult):
    for name in ("outcome", "theta", "steps", "settled", "loss", "minimized", "gradient_norm"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    if one.sharpness is not None:
        np.testing.assert_array_equal(one.sharpness, other.sharpness)


def sweep(**options) -> EnsembleResult:
    """Chaos, so that one bit of difference is not hidden."""
    return run_ensemble(SCALAR, STARTS, 0.9, 1000, **options)


@pytest.fixture(scope="module")
def expected() -> EnsembleResult:
    return sweep(executor=None, block=10**6)


@pytest.mark.parametrize("block", [1, 7, 1000, 1024])
def test_any_block_size(expected, block):
    if block == 1:
        few = run_ensemble(SCALAR, STARTS.points(2)[:50], 0.9, 1000, block=1)
        np.testing.assert_array_equal(few.theta, expected.theta[:50])
    else:
        assert_same_bits(sweep(block=block), expected)


@pytest.mark.parametrize(
    ("widths", "scale", "largest"),
    [
        ((2, 3, 2), 0.6, 0.5),
        ((5, 10, 10, 3), 0.35, 0.15),
        ((20, 64, 64, 10), 0.15, 0.3),
        ((16, 80, 90, 60), 0.11, 0.3),
    ],
    ids=str,
)
def test_a_lane_knows_neither_its_place_nor_its_neighbours(widths, scale, largest):
    rng = np.random.default_rng(2)
    data = (rng.standard_normal((widths[0], 9)) / 3, rng.standard_normal((widths[-1], 9)) / 3)
    problem = DeepLinearProblem(*data, widths)
    count = 203 if problem.dimension < 1000 else 23
    starts = rng.standard_normal((count, problem.dimension)) * scale
    eta = rng.uniform(0.02, largest, count)
    limits = problem.dimension < 50  # Hessians of the larger ones take seconds
    once = run_ensemble(problem, starts, eta, 400, sharpness=limits)
    assert once.diverged.any()
    assert not once.diverged.all()
    order = rng.permutation(count)
    again = run_ensemble(problem, starts[order], eta[order], 400, block=13, sharpness=limits)
    names = ("outcome", "theta", "steps", "settled", "loss", "gradient_norm")
    for name in (*names, "sharpness") if limits else names:
        np.testing.assert_array_equal(getattr(again, name), getattr(once, name)[order])


def test_points_go_on_together_in_parts_of_the_block():
    """More points than the cache holds."""
    problem = DeepLinearProblem(np.eye(2), [[1.0, 0.5], [0.2, 0.3]], (2, 3, 2))
    rng = np.random.default_rng(5)
    starts = rng.standard_normal((CACHED_DOUBLES // 12 * 2 + 5, 12))
    whole = run_ensemble(problem, starts, 0.3, 100, block=len(starts))
    assert len(set(whole.outcome)) > 1
    assert_same_bits(run_ensemble(problem, starts, 0.3, 100, block=64), whole)


def test_blocks_by_default_are_full_and_as_many_for_each_core(monkeypatch):
    for cores in (1, 2, 7):
        monkeypatch.setattr(ensemble, "_cores", lambda cores=cores: cores)
        for m in (1, 8, 9, 1000, 3000, 10**6):
            for D in (2, 800, 10**5):
                size = ensemble._size(m, D)
                assert size % ensemble.PACK == 0
                assert size - ensemble.PACK < max(1, ensemble.BLOCK_DOUBLES / D)
                if m > 100 * ensemble.PACK * cores and D == 2:
                    assert -(-m // size) % cores == 0


def test_blas_has_one_thread_while_a_block_runs(monkeypatch):
    before = [library["num_threads"] for library in blas()]
    seen = []
    run = _blocks._run_block
    monkeypatch.setattr(_blocks, "_run_block", lambda block: (seen.append(blas()), run(block))[1])
    with threadpoolctl.threadpool_limits(2, "blas"):
        with ThreadPoolExecutor(3) as pool:
            sweep(executor=pool, block=500)
        assert {library["num_threads"] for library in blas()} == {2}
    assert len(seen) == 6
    assert {library["num_threads"] for libraries in seen for library in libraries} == {1}
    assert [library["num_threads"] for library in blas()] == before


def blas():
    return [item for item in threadpoolctl.threadpool_info() if item["user_api"] == "blas"]


def test_threads(expected):
    with ThreadPoolExecutor(3) as pool:
        assert_same_bits(sweep(executor=pool, block=100), expected)


def test_processes(expected):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        assert_same_bits(sweep(executor=pool, block=500), expected)
        eta = np.linspace(0.3, 0.95, 300)
        starts = STARTS.points(2)[:300]
        parts = run_ensemble(SCALAR, starts, eta, 100, executor=pool, block=64)
        assert_same_bits(parts, run_ensemble(SCALAR, starts, eta, 100))


def test_without_compiled_code_an_ensemble_says_so(monkeypatch):
    monkeypatch.setattr("numba.config.DISABLE_JIT", 1)  # as NUMBA_DISABLE_JIT=1 sets it
    with pytest.raises(RuntimeError, match="NUMBA_DISABLE_JIT is set"):
        sweep()


def test_a_block_that_fails_is_reported():
    class Broken(ThreadPoolExecutor):
        def submit(self, function, /, *arguments, **options):
            if arguments[0].begin == 500:
                return super().submit(lambda: 1 / 0)
            return super().submit(function, *arguments, **options)

    with Broken(2) as pool, pytest.raises(ZeroDivisionError):
        sweep(executor=pool, block=250)


def test_progress_counts_initial_points():
    seen = []
    sweep(block=1000, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1000, 3000), (2000, 3000), (3000, 3000)]
