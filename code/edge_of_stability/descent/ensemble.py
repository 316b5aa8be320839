"""Gradient descent from many initial points at once, with the outcome of each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks
from ._checks import FloatArray
from .ensemble_blocks import (
    Block,
    Columns,
    Finished,
    Outcome,
    Rules,
    Sampler,
    digest,
    reduced_data,
    run_block,
    units,
)
from .problem import DeepLinearProblem

SMALL_EXCESS = 1e-6  # of ‖Ŵ‖_F²; what is left of the loss when the gradient is small is far less
BLOCK_DOUBLES = 2**16  # entries of θ a block by default: half a megabyte


@dataclass(frozen=True, eq=False)
class EnsembleResult:
    """The outcomes of m initialisations, in their order.

    Attributes
    ----------
    outcome : (m,) int8 array
        Values of :class:`Outcome`.
    theta : (m, D) array
        θ_t at the last step t taken. Of a DIVERGED lane the first point outside, which may be
        infinite.
    steps : (m,) int64 array
        t, the number of steps taken.
    settled : (m,) int64 array
        The look (a multiple of 32 steps) from which on the gradient was small, −1 if it was not
        small at the last one.
    loss : (m,) array
        L(θ_t).
    excess : (m,) array
        L(θ_t) − min L, zero to rounding at a global minimizer. Computed without cancellation if the
        hidden widths are ≥ r⋆.
    minimized : (m,) bool array
        Which CONVERGED ones are at a global minimizer: excess ≤ 10⁻⁶ ‖Ŵ‖_F². At any other critical
        point of a network whose hidden widths are ≥ r⋆ the excess is at least the smallest non-zero
        σ_i(Ŵ)²; so the two are told apart if σ_{r⋆}² is larger than the bound.
    gradient_norm : (m,) array
        ‖∇L(θ_t)‖.
    sharpness : (m,) array or None
        λ_max(θ_t) of the CONVERGED, NaN for the others; None if not asked for.
    eta : float or (m,) array
        The step sizes.
    """

    outcome: NDArray[np.int8]
    theta: FloatArray  # (m, D)
    steps: NDArray[np.int64]
    settled: NDArray[np.int64]
    loss: FloatArray
    excess: FloatArray
    minimized: NDArray[np.bool_]
    gradient_norm: FloatArray
    sharpness: FloatArray | None
    eta: float | FloatArray

    @property
    def converged(self) -> NDArray[np.bool_]:
        """Which ones are CONVERGED, (m,)."""
        return np.equal(self.outcome, Outcome.CONVERGED)

    @property
    def bounded(self) -> NDArray[np.bool_]:
        """Which ones are BOUNDED, (m,)."""
        return np.equal(self.outcome, Outcome.BOUNDED)

    @property
    def diverged(self) -> NDArray[np.bool_]:
        """Which ones are DIVERGED, (m,)."""
        return np.equal(self.outcome, Outcome.DIVERGED)


def run_ensemble(
    problem: DeepLinearProblem,
    initial: ArrayLike | Sampler,
    eta: ArrayLike,
    steps: int,
    *,
    executor: Executor | None = None,
    block: int | None = None,
    resume: str | os.PathLike[str] | None = None,
    sharpness: bool = False,
    tolerance: float = 1e-10,
    window: int = 64,
    escape: float = 1e6,
    progress: Callable[[int, int], object] | None = None,
) -> EnsembleResult:
    r"""Iterate G_η from many initial points until each has settled, or for ``steps`` steps.

    The orbits are looked at before the first step, after every 32 steps, and after the last one.
    At each look, in this order,

    DIVERGED
        if ‖θ_t‖ > ``escape`` · max(‖θ_0‖, ρ√D) or θ_t is not finite. The result is the first point
        outside since the look before. ρ = (‖S‖/‖Σ‖)^{1/N} (1 if S = 0) is the size of an entry
        when the layers share W⋆ evenly. This is a heuristic with a wide margin: for N ≥ 2 the norm
        of an escaping orbit grows doubly exponentially, so the bound costs it a few steps, while
        bounded orbits are seen to stay within a small multiple of ρ√D and ‖θ_0‖. For the scalar net
        d = (1, 1, 1), W⋆ = Σ = 1, η < 1, it is exact but for a null set: a bounded orbit lies in
        the ellipse with half-axes √(2 + 2/η) and √(2/η − 2), far inside unless η < 1e-11.
        For N = 1 divergence is only exponential, and one just past 2/λ_max may not get there in
        ``steps`` steps.
    CONVERGED
        if ‖∇L‖ ≤ ``tolerance`` · γ at this and at all looks of the last ``window`` steps at least,
        γ = 2‖S‖ρ^{N−1} (2‖Σ‖ if S = 0), the size of the gradient when the layers share W⋆ evenly.
        A small gradient is no proof of convergence. Near a minimizer whose Hessian is positive
        across the set of minimizers the gradient falls geometrically, to rounding, and there the
        criterion is sound. At a saddle the window tells a passage from a stay, but near a
        degenerate one (depth ≥ 3, θ = 0) the gradient can be small for millions of steps. So a
        CONVERGED lane need not be at a minimizer: ``minimized`` says which are. The distance moved
        in a step would be no better a test: it is η times this gradient.
    BOUNDED
        if neither has happened after ``steps`` steps. That says that the orbit stayed bounded so
        far, and nothing about later.

    A lane that has settled takes no more steps. The result has the same bits for any executor, any
    number of workers and any block size. If d_0 = 1, steps are taken in units in which Σ disappears
    (:mod:`.ensemble_plan`), so there θ differs by rounding from plain steps, and a start that takes
    none from what was given.

    Parameters
    ----------
    problem : DeepLinearProblem
    initial : (m, D) array_like or Sampler
        Initial points, or their law (:class:`Gaussian`, :class:`UniformBox`), drawn in the workers.
    eta : float or (m,) array_like
        Step size, positive; an array gives each initial point its own.
    steps : int
        Number of steps at most, ≥ 0.
    executor : concurrent.futures.Executor, optional
        Where the blocks run: a thread or process pool, ``Client.get_executor()`` of a Dask cluster,
        ... Default: threads, one a core (the compiled code holds no lock). It is not shut down.
    block : int, optional
        Initial points a block, a unit of work. Default: about 2¹⁶ / D.
    resume : path, optional
        A folder in which finished blocks are kept. A sweep that was interrupted goes on from them
        when it is started again with the same arguments.
    sharpness : bool
        Compute λ_max where the orbit converged.
    tolerance : float
        Of the gradient, positive; below about 1e-14 rounding hides convergence.
    window : int
        Steps for which the gradient must stay small, ≥ 1.
    escape : float
        At least 2.
    progress : callable, optional
        Called as ``progress(done, total)`` with numbers of initial points, after each block.

    Returns
    -------
    EnsembleResult

    Raises
    ------
    ValueError
        If an argument is not as described, or ``resume`` is the folder of another sweep.
    Exception
        Whatever a block or the executor raised, for instance
        ``concurrent.futures.process.BrokenProcessPool`` when a process was killed. The blocks
        finished by then are in ``resume``.

    Examples
    --------
    >>> problem = DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
    >>> result = run_ensemble(problem, [[1.5, 0.5], [0.1, 0.3], [9.0, 9.0]], eta=0.3, steps=1000)
    >>> [Outcome(o).name for o in result.outcome]
    ['CONVERGED', 'CONVERGED', 'DIVERGED']
    """
    whole = _whole(problem, initial, eta, steps, sharpness, tolerance, window, escape)
    m, D = whole.end, problem.dimension
    size = max(1, BLOCK_DOUBLES // D) if block is None else _checks.positive_count("block", block)
    finished = None if resume is None else Finished(resume, digest(whole, size))
    results = _empty(m, D, sharpness)
    done = 0

    def keep(number: int, columns: Columns) -> None:
        nonlocal done
        for name, values in columns.items():
            results[name][number * size : (number + 1) * size] = values
        done += len(columns["outcome"])
        if progress is not None:
            progress(done, m)

    missing = []
    for number in range(-(-m // size)):
        columns = finished.load(number) if finished is not None else None
        if columns is None:
            missing.append(number)
        else:
            keep(number, columns)
    with _workers(executor, len(missing)) as pool:
        futures: dict[Future[Columns], int] = {}
        try:
            for number in missing:
                futures[pool.submit(run_block, _cut(whole, number, size))] = number
            for future in as_completed(list(futures)):
                number = futures.pop(future)  # and with it what the future holds
                columns = future.result()
                if finished is not None:
                    finished.save(number, columns)
                keep(number, columns)
        finally:
            for future in futures:  # after an error or Ctrl-C
                future.cancel()
    _, Y, unreachable, least = reduced_data(problem)
    excess = results["residual"] - least
    return EnsembleResult(
        outcome=results["outcome"],
        theta=results["theta"],
        steps=results["steps"],
        settled=results["settled"],
        loss=results["residual"] + unreachable,
        excess=excess,
        minimized=(results["outcome"] == Outcome.CONVERGED)
        & (excess <= SMALL_EXCESS * np.sum(Y**2)),
        gradient_norm=results["gradient_norm"],
        sharpness=results.get("sharpness"),
        eta=whole.eta,
    )


def _whole(
    problem: DeepLinearProblem,
    initial: ArrayLike | Sampler,
    eta: ArrayLike,
    steps: int,
    sharpness: bool,
    tolerance: float,
    window: int,
    escape: float,
) -> Block:
    """Check the arguments; the sweep as one block."""
    D = problem.dimension
    if isinstance(initial, Sampler):
        start: FloatArray | Sampler = initial
        m = initial.count
        initial.starts(D, 0, 1)  # refuses a box of another dimension here, not in a worker
    else:
        start = _checks.coordinates("initial", initial, D)
        if start.ndim != 2 or start.shape[0] == 0:
            _checks.refuse("initial", f"shape (m, {D}) with m ≥ 1", f"shape {start.shape}")
        m = start.shape[0]
    step_size = _checks.step_size(eta, (m,))
    for name, value, least in (("tolerance", tolerance, 0.0), ("escape", escape, 2.0)):
        if not (np.isfinite(value) and value >= least and value > 0):
            _checks.refuse(
                name, f"a finite number ≥ {least}" if least else "a positive number", repr(value)
            )
    Sigma, S = float(np.linalg.norm(problem.Sigma)), float(np.linalg.norm(problem.S))
    size = (S / Sigma) ** (1 / problem.depth) if S > 0 else 1.0
    slope = 2 * S * size ** (problem.depth - 1) if S > 0 else 2 * Sigma
    rules = Rules(
        steps=_checks.count("steps", steps),
        window=_checks.positive_count("window", window),
        slope=tolerance * slope,
        escape=float(escape),
        size=size * float(np.sqrt(D)),
        sharpness=bool(sharpness),
    )
    each = float(step_size) if step_size.ndim == 0 else step_size
    return Block(problem, start, 0, m, each, units(problem, each), rules)


def _cut(whole: Block, number: int, size: int) -> Block:
    """One block of a sweep, with no more data than it needs."""
    begin, end = number * size, min((number + 1) * size, whole.end)

    def part(values: float | FloatArray) -> float | FloatArray:
        return (
            values if isinstance(values, float) else np.broadcast_to(values, whole.end)[begin:end]
        )

    initial = whole.initial
    return Block(
        whole.problem,
        initial if isinstance(initial, Sampler) else initial[begin:end],
        begin,
        end,
        part(whole.eta),
        part(whole.unit),
        whole.rules,
    )


def _empty(m: int, D: int, sharpness: bool) -> Columns:
    columns: Columns = {
        "theta": np.empty((m, D)),
        "outcome": np.empty(m, np.int8),
        "steps": np.empty(m, np.int64),
        "settled": np.empty(m, np.int64),
        "residual": np.empty(m),
        "gradient_norm": np.empty(m),
    }
    if sharpness:
        columns["sharpness"] = np.empty(m)
    return columns


@contextmanager
def _workers(executor: Executor | None, blocks: int) -> Iterator[Executor]:
    """The given executor, or threads on all cores this process may use."""
    if executor is not None:
        yield executor
        return
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        cores = os.cpu_count() or 1
    with ThreadPoolExecutor(max(1, min(cores, blocks))) as pool:
        yield pool
