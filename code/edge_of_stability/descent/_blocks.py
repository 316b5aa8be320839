"""What an ensemble is cut into: blocks of starting points, and how a worker runs one."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.checks import FloatArray
from ..core.linear import DeepLinearProblem
from ..core.threads import one_thread
from .outcomes import Outcome
from .starts import Gaussian

# Products up to here (and down to its inverse) are far from over- and underflow.
SAFE = 1e100

Columns = dict[str, np.ndarray]  # results by name; the first axis of each counts starting points


@dataclass(frozen=True)
class Limits:
    """:class:`Rules` in the units of a problem; what all blocks of an ensemble share."""

    steps: int
    look_every: int
    window: int
    slope: float  # ‖∇L‖ that counts as small
    escape: float  # ‖θ‖ past which a point has escaped, in units of ``size`` or of ‖θ_0‖
    size: float  # of θ


@dataclass(frozen=True, eq=False)
class Block:
    """A block of starting points: all a worker must know, and small enough to be sent to one."""

    problem: DeepLinearProblem
    initial: FloatArray | Gaussian  # (m, D), only the points of this block
    begin: int
    end: int
    eta: float | FloatArray  # (m,)
    unit: float | FloatArray  # (m,), of :func:`units`
    limits: Limits
    sharpness: bool  # whether λ_max is wanted where an orbit converged

    def part(self, begin: int, end: int) -> "Block":
        """Some of its points, with no more data than they need."""
        m = self.end - self.begin

        def cut(values: float | FloatArray) -> float | FloatArray:
            return values if np.ndim(values) == 0 else np.broadcast_to(values, m)[begin:end]

        return replace(
            self,
            initial=self.initial if isinstance(self.initial, Gaussian) else self.initial[begin:end],
            begin=begin,
            end=end,
            eta=cut(self.eta),
            unit=cut(self.unit),
        )

    def empty(self) -> Columns:
        """Room for its results."""
        m = self.end - self.begin
        columns: Columns = {
            "theta": np.empty((m, self.problem.dimension)),
            "outcome": np.empty(m, np.int8),
            "steps": np.empty(m, np.int64),
            "settled": np.empty(m, np.int64),
            "residual": np.empty(m),
            "gradient_norm": np.empty(m),
        }
        return columns | ({"sharpness": np.full(m, np.nan)} if self.sharpness else {})


def units(problem: DeepLinearProblem, eta: float | FloatArray) -> float | FloatArray:
    """The α of each step size in whose units W_j = αV_j a step is cheaper; 1 for a plain step.

    If d_0 = 1 < N then 2ησα^{2N−2} = 1 with σ = Σ (:mod:`._products`). Where this or the
    constant 2ηα^{N−2}S is so large or small that a factor of it might over- or underflow, the step
    is a plain one. Computed where the ensemble is started, not where its blocks run, since powers
    differ in the last digit between machines.
    """
    powers = 2 * problem.depth - 2
    if problem.widths[0] > 1 or powers == 0:
        return 1.0
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        product = 2 * np.asarray(eta) * problem.Sigma[0, 0]
        alpha = product ** (-1 / powers)
        constant = _constant(eta, alpha, problem.depth) * np.max(np.abs(problem.S))
        safe = (product > 1 / SAFE) & (product < SAFE) & (constant < SAFE)
        safe &= (constant > 1 / SAFE) | ~problem.S.any()
    return np.where(safe, alpha, 1.0)[()]


def _constant(eta: ArrayLike, unit: float | FloatArray, depth: int) -> FloatArray:
    """2ηα^{N−2}, as products alone; 2η for α = 1."""
    factor = 2 * np.asarray(eta, dtype=np.float64)
    for _ in range(depth - 2):
        factor = factor * unit
    return factor


def one_blas_thread() -> AbstractContextManager[None]:
    """A context in which BLAS has one thread: the workers use the cores, and sums do not differ.

    The number of threads belongs to the process, and one of its threads alone may change it: the
    one that started the blocks, or, of a worker process, the one that runs them.
    """
    import scipy.linalg.cython_blas  # noqa: F401  # the BLAS of compiled code, so that it is found

    return one_thread()


def run_block(block: Block) -> Columns:
    """Run gradient descent from the starts of one block; what is sent to executors."""
    with one_blas_thread():
        return _run_block(block)


def _run_block(block: Block) -> Columns:
    import numba  # it costs half a second: only where it is needed

    if numba.config.DISABLE_JIT:
        raise RuntimeError("NUMBA_DISABLE_JIT is set, but ensembles need compiled code: unset it")
    from ._sweep import sweep

    problem, limits, m = block.problem, block.limits, block.end - block.begin
    if isinstance(block.initial, Gaussian):
        start = block.initial.points(problem.dimension, block.begin, block.end)
    else:
        start = block.initial
    X, Y, _, _ = reduced_data(problem)
    matrices = (2 * problem.Sigma, -2 * problem.S, X, -Y)
    data = np.concatenate([matrix.ravel() for matrix in matrices])
    columns = block.empty()
    sharpness = columns.pop("sharpness", None)
    unit = np.broadcast_to(np.asarray(block.unit, dtype=np.float64), m)
    factor = np.broadcast_to(-_constant(block.eta, block.unit, problem.depth) / 2, m)
    for rescaled, part in _kinds(unit != 1.0):
        sweep(problem.widths, X.shape[1], rescaled)(
            # Numba compiles anew for arrays that are read-only.
            *(np.require(values[part], np.float64, ["C", "W"]) for values in (start, factor, unit)),
            data,
            limits.steps,
            limits.look_every,
            limits.window,
            *(value**2 for value in (limits.slope, limits.escape, limits.size)),
            *(values[part] for values in columns.values()),
        )
    with np.errstate(invalid="ignore"):
        np.sqrt(columns["gradient_norm"], out=columns["gradient_norm"])
    if sharpness is not None:
        converged = np.flatnonzero(columns["outcome"] == Outcome.CONVERGED)
        batch = max(1, 2**17 // problem.dimension**2)  # Hessians of a megabyte in all
        for at in range(0, len(converged), batch):
            some = converged[at : at + batch]
            sharpness[some] = problem.sharpness(columns["theta"][some])
        columns["sharpness"] = sharpness
    return columns


def _kinds(rescaled: NDArray[np.bool_]) -> Iterator[tuple[bool, slice]]:
    """Cut a block where its kind of step changes."""
    cuts = [0, *(np.flatnonzero(np.diff(rescaled)) + 1).tolist(), len(rescaled)]
    for begin, end in pairwise(cuts):
        yield bool(rescaled[begin]), slice(begin, end)


@lru_cache(maxsize=1)
def reduced_data(problem: DeepLinearProblem) -> tuple[FloatArray, FloatArray, float, float]:
    """X̃ (d_0, k), Ỹ_X (d_N, k), what the loss adds to ‖πX̃ − Ỹ_X‖², and the least of the latter.

    Ỹ = Ỹ_X + Ỹ_⊥, the rows of Ỹ_X in the row space of X̃ and those of Ỹ_⊥ orthogonal to it. So
    L = ‖πX̃ − Ỹ_X‖² + ‖Ỹ_⊥‖² + constant, and what can become small is computed without cancellation.
    Its least value is zero if the narrowest layer has width h ≥ r⋆, and else Σ_{i>h} σ_i(Ỹ_X)²
    (Eckart and Young).
    """
    X, Y, constant = problem.reduced
    reachable = Y
    if np.linalg.matrix_rank(X) < X.shape[1]:
        reachable = Y @ np.linalg.pinv(X) @ X
        constant += float(np.sum((Y - reachable) ** 2))
    beyond = np.linalg.svd(reachable, compute_uv=False)[min(problem.widths) :]
    least = float(np.sum(beyond**2))
    return np.ascontiguousarray(X), np.ascontiguousarray(reachable), constant, least
