"""Where an ensemble runs makes no difference; and nothing is lost when something breaks."""

import multiprocessing
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext

import numpy as np
import pytest
import threadpoolctl

from edge_of_stability import (
    DeepLinearProblem,
    EnsembleResult,
    Gaussian,
    Outcome,
    run_ensemble,
)
from edge_of_stability.descent import _engine, _sweep
from edge_of_stability.descent._sweep import CACHED_DOUBLES

pytestmark = pytest.mark.xdist_group("the kernels of ensembles")
SCALAR = DeepLinearProblem([[1.0]], [[1.0]], (1, 1, 1))
STARTS = Gaussian(3000, 1.5, seed=7)


def assert_same_bits(one: EnsembleResult, other: EnsembleResult, order=np.s_[:]):
    names = ["outcome", "theta", "steps", "settled", "loss", "minimized", "gradient_norm"]
    for name in names + ["sharpness"] * (one.sharpness is not None):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name)[order], name)


def sweep(**options) -> EnsembleResult:
    """Chaos, so that one bit of difference is not hidden."""
    return run_ensemble(SCALAR, STARTS, 0.9, 1000, **options)


def processes():
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize(
    ("pool", "block"),
    [(nullcontext, 7), (nullcontext, 1024), (lambda: ThreadPoolExecutor(3), 100), (processes, 500)],
)
def test_any_executor_and_block_size(pool, block):
    with pool() as executor:
        assert_same_bits(sweep(executor=executor, block=block), sweep(block=10**6))


@pytest.mark.parametrize("widths", [(2, 3, 2), (1, 2, 2, 1), (3, 2)], ids=str)
def test_any_way_and_number_of_lanes(monkeypatch, widths):
    rng = np.random.default_rng(0)
    data = (rng.standard_normal((d, 5)) / np.sqrt(5) for d in (widths[0], widths[-1]))
    problem = DeepLinearProblem(*data, widths)
    starts = rng.standard_normal((50, problem.dimension))
    chosen = _engine.plan(widths, widths[0], widths[0] == 1)
    assert chosen.way == "registers"

    def run(way, lanes, steps):
        plan = chosen._replace(way=way, lanes=lanes)
        with monkeypatch.context() as patch:
            _engine.kernel.cache_clear()
            patch.setattr(_engine, "plan", lambda *_: plan)
            result = run_ensemble(problem, starts, 0.2, steps)
            _engine.kernel.cache_clear()
        return result

    for steps in (40, 500):
        expected = run("registers", chosen.lanes, steps)
        for way, lanes in (("registers", 4), ("registers", 32), ("tiles", 8)):
            assert_same_bits(run(way, lanes, steps), expected)
    expected, by_blas = run("registers", 4, 40), run("BLAS", 1, 40)  # sums are rounded otherwise
    inside = expected.outcome != Outcome.DIVERGED
    for name in ("theta", "gradient_norm", "excess"):
        one, other = (getattr(result, name)[inside] for result in (expected, by_blas))
        np.testing.assert_allclose(other, one, rtol=1e-7, atol=1e-9)


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
    assert_same_bits(again, once, order)


def test_points_go_on_together_in_parts_of_the_block():
    """More points than the cache holds."""
    problem = DeepLinearProblem(np.eye(2), [[1.0, 0.5], [0.2, 0.3]], (2, 3, 2))
    rng = np.random.default_rng(5)
    starts = rng.standard_normal((CACHED_DOUBLES // 12 * 2 + 5, 12))
    whole = run_ensemble(problem, starts, 0.3, 100, block=len(starts))
    assert len(set(whole.outcome)) > 1
    assert_same_bits(run_ensemble(problem, starts, 0.3, 100, block=64), whole)


def test_blas_has_one_thread_while_a_block_runs(monkeypatch):
    before = [library["num_threads"] for library in blas()]
    seen = []
    made = _sweep.sweep
    monkeypatch.setattr(_sweep, "sweep", lambda *of: (seen.append(blas()), made(*of))[1])
    with threadpoolctl.threadpool_limits(2, "blas"):
        with ThreadPoolExecutor(3) as pool:
            sweep(executor=pool, block=500)
        assert {library["num_threads"] for library in blas()} == {2}
    assert len(seen) == 6
    assert {library["num_threads"] for libraries in seen for library in libraries} == {1}
    assert [library["num_threads"] for library in blas()] == before


def blas():
    return [item for item in threadpoolctl.threadpool_info() if item["user_api"] == "blas"]


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


def test_points_depend_on_seed_and_number_alone():
    law = Gaussian(3000, 2.0, seed=5)
    points = law.points(3)
    np.testing.assert_array_equal(Gaussian(1500, 2.0, seed=5).points(3), points[:1500])
    np.testing.assert_array_equal(law.points(3, 1000, 2100), points[1000:2100])
    streams = np.random.SeedSequence(5).spawn(3)
    expected = 2.0 * np.random.default_rng(streams[1]).standard_normal((1024, 3))
    np.testing.assert_array_equal(points[1024:2048], expected)


def test_progress_counts_initial_points():
    seen = []
    sweep(block=1000, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1000, 3000), (2000, 3000), (3000, 3000)]


# With the width that is asked for, whatever this processor has: wider vectors are taken apart.
PROGRAM = """
import hashlib, sys
import numpy as np
from llvmlite import binding

actual = binding.get_host_cpu_features
binding.get_host_cpu_features = lambda: {"avx512f": sys.argv[1] == "8"}
from edge_of_stability.descent._lanes import WIDTH

binding.get_host_cpu_features = actual
from edge_of_stability import DeepLinearProblem, run_ensemble

text = hashlib.sha256()
for widths in [(1, 2, 3), (2, 3, 2), (9, 4, 11)]:
    rng = np.random.default_rng(0)
    problem = DeepLinearProblem(
        rng.standard_normal((widths[0], 9)), rng.standard_normal((widths[-1], 9)), widths
    )
    starts = 0.5 * rng.standard_normal((101, problem.dimension))
    result = run_ensemble(problem, starts, rng.uniform(0.001, 0.3, 101), 300)
    assert len(set(result.outcome)) > 1
    for name in ("theta", "outcome", "steps", "settled", "loss", "gradient_norm"):
        text.update(np.ascontiguousarray(getattr(result, name)).tobytes())
print(WIDTH, text.hexdigest())
"""


def test_results_do_not_depend_on_the_width_of_vectors():
    found = {}
    for width in ("4", "8"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, width], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        given, found[width] = run.stdout.split()
        assert given == width
    assert found["4"] == found["8"]
