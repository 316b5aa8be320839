"""Gradient descent from many starting points at once, with the outcome of each."""

import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from ..core.linear import DeepLinearProblem
from ._blocks import Block, Columns, Limits, one_blas_thread, reduced_data, run_block, units
from .outcomes import EnsembleResult, Outcome, Rules
from .starts import Gaussian

SMALL_EXCESS = 1e-6  # of ‖Ŵ‖_F²; what is left of the loss when the gradient is small is far less
BLOCK_DOUBLES = 2**16  # entries of θ a block by default: half a megabyte
PACK = 8  # points whose steps a large network takes together: a block of 9 costs as much as of 16
DEFAULT_RULES = Rules()


def run_ensemble(
    problem: DeepLinearProblem,
    initial: ArrayLike | Gaussian,
    eta: ArrayLike,
    steps: int,
    *,
    rules: Rules = DEFAULT_RULES,
    sharpness: bool = False,
    executor: Executor | None = None,
    block: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> EnsembleResult:
    """Take up to ``steps`` steps of gradient descent from each of many starting points.

    An orbit that has settled takes no more steps. The result has the same bits for any executor,
    any number of workers and any block size. If d_0 = 1, steps are taken in units in which Σ
    disappears (:mod:`._products`); so there θ differs by rounding, even where no step is taken.

    Parameters
    ----------
    problem : DeepLinearProblem
    initial : (m, D) array_like or Gaussian
        Starting points, or how the workers draw them.
    eta : float or (m,) array_like
        Step size, positive; an array gives each starting point its own.
    steps : int
        The largest number of steps, ≥ 0.
    rules : Rules
        When an orbit counts as converged or diverged.
    sharpness : bool
        Whether to compute λ_max where the orbit converged.
    executor : concurrent.futures.Executor, optional
        Where blocks run; not shut down. Default: threads, one for each core. Its errors are raised.
    block : int, optional
        Starting points in a unit of work. Default: 2¹⁶ / D, or fewer, for as many on each core.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of starting points, after each block.

    >>> problem = DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
    >>> result = run_ensemble(problem, [[1.5, 0.5], [0.1, 0.3], [9.0, 9.0]], eta=0.3, steps=1000)
    >>> [Outcome(o).name for o in result.outcome]
    ['CONVERGED', 'CONVERGED', 'DIVERGED']
    """
    whole = _whole(problem, initial, eta, steps, rules, sharpness)
    m, D = whole.end, problem.dimension
    size = _size(m, D) if block is None else checks.count("block", block, least=1)
    results = whole.empty()
    done = 0
    with (
        one_blas_thread(),
        _workers(executor, -(-m // size)) as pool,
        closing(_finished(whole, size, pool)) as finished,
    ):
        for where, found in finished:
            for name, values in found.items():
                results[name][where] = values
            done += where.stop - where.start
            if progress is not None:
                progress(done, m)
    return _result(problem, whole, results)


def _result(problem: DeepLinearProblem, whole: Block, results: Columns) -> EnsembleResult:
    """Say what the blocks found in terms of the loss."""
    _, Y, unreachable, least = reduced_data(problem)
    residual = results.pop("residual")
    excess = residual - least
    small = excess <= SMALL_EXCESS * np.sum(Y**2)
    columns: dict[str, Any] = {"sharpness": None, **results}
    return EnsembleResult(
        **columns,
        loss=residual + unreachable,
        excess=excess,
        minimized=(results["outcome"] == Outcome.CONVERGED) & small,
        eta=whole.eta,
    )


def _finished(
    whole: Block, size: int, pool: Executor
) -> Generator[tuple[slice, Columns], None, None]:
    """Run an ensemble in blocks of ``size`` points; yield which points each had, as it ends."""
    futures = {}
    try:
        for begin in range(0, whole.end, size):
            end = min(begin + size, whole.end)
            futures[pool.submit(run_block, whole.part(begin, end))] = slice(begin, end)
        for future in as_completed(list(futures)):
            yield futures.pop(future), future.result()  # popped: its result can go
    finally:
        for future in futures:  # after an error or Ctrl-C
            future.cancel()


def _whole(
    problem: DeepLinearProblem,
    initial: ArrayLike | Gaussian,
    eta: ArrayLike,
    steps: int,
    rules: Rules,
    sharpness: bool,
) -> Block:
    """Check the arguments; the ensemble as one block."""
    D = problem.dimension
    if isinstance(initial, Gaussian):
        points: FloatArray | Gaussian = initial
        m = initial.count
    else:
        points = checks.coordinates("initial", initial, D)
        if points.ndim != 2 or points.shape[0] == 0:
            checks.refuse("initial", f"shape (m, {D}) with m ≥ 1", f"shape {points.shape}")
        m = points.shape[0]
    if not isinstance(rules, Rules):
        checks.refuse("rules", "an object of the class Rules", repr(rules))
    step_size = checks.step_size(eta, (m,))
    Sigma, S = float(np.linalg.norm(problem.Sigma)), float(np.linalg.norm(problem.S))
    size = (S / Sigma) ** (1 / problem.depth) if S > 0 else 1.0
    slope = 2 * S * size ** (problem.depth - 1) if S > 0 else 2 * Sigma
    limits = Limits(
        steps=checks.count("steps", steps),
        look_every=rules.look_every,
        window=rules.window,
        slope=rules.tolerance * slope,
        escape=float(rules.escape),
        size=size * float(np.sqrt(D)),
    )
    each = float(step_size) if step_size.ndim == 0 else step_size
    return Block(problem, points, 0, m, each, units(problem, each), limits, bool(sharpness))


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _size(m: int, D: int) -> int:
    """Points of a block: about BLOCK_DOUBLES / D; as many blocks a core, and whole packs.

    A block of less than a sixty-fourth of that would take longer to start than to run.
    """
    rounds = -(-m * D // (BLOCK_DOUBLES * _cores()))
    size = max(-(-m // (rounds * _cores())), BLOCK_DOUBLES // 64 // D)
    return -(-size // PACK) * PACK


@contextmanager
def _workers(executor: Executor | None, blocks: int) -> Iterator[Executor]:
    """The given executor, or threads on all cores this process may use."""
    if executor is not None:
        yield executor
        return
    with ThreadPoolExecutor(min(_cores(), blocks)) as pool:
        yield pool
