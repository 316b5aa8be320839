"""What an ensemble is cut into: starts, blocks, and the folder of finished blocks."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks
from ._checks import FloatArray
from .problem import DeepLinearProblem

# Steps between two looks at a pack. A look costs about nine steps of the scalar net, a fifth of its
# time; a lane runs at most this far past the step at which it settled. The outcomes depend on it
# (they are decided at looks).
LOOK_EVERY = 32

# Starts that share one random stream. Streams belong to these cells and not to blocks, so that the
# starts are the same for any block size.
CELL = 1024

# Products up to here (and down to its inverse) are far from over- and underflow.
SAFE = 1e100

# Coordinates of points that take their steps together. A block may be larger, so that its worker
# has enough to do; but between two looks all points of a part are visited, and in the second-level
# cache they are at hand sooner.
CACHED_DOUBLES = 2**14

Columns = dict[str, np.ndarray]  # results by name; the first axis of each counts initialisations


class Outcome(IntEnum):
    """What became of an initialisation; :func:`run_ensemble` has the criteria."""

    CONVERGED = 0
    BOUNDED = 1
    DIVERGED = 2


class Sampler(ABC):
    """A law of initial points, drawn where they are needed: in the worker that runs them.

    Start number i is drawn from stream ⌊i / 1024⌋ of ``SeedSequence(seed).spawn``. So the starts
    depend on the seed and on nothing else, and the first starts of a longer sample are the same.
    """

    count: int
    seed: int

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Draw initial points of shape (starts, D)."""

    def starts(self, dimension: int, begin: int = 0, end: int | None = None) -> FloatArray:
        """Initial points number begin … end − 1 (default: all).

        Parameters
        ----------
        dimension : int
            D.
        begin, end : int

        Returns
        -------
        (end − begin, D) array
        """
        end = self.count if end is None else end
        points = np.empty((end - begin, dimension))
        for cell in range(begin // CELL, -(-end // CELL)):
            # SeedSequence(seed).spawn(cell + 1)[-1], without the ones before it
            stream = np.random.SeedSequence(self.seed, spawn_key=(cell,))
            sample = self.draw(np.random.default_rng(stream), (CELL, dimension))
            first, last = max(begin, cell * CELL), min(end, (cell + 1) * CELL)
            points[first - begin : last - begin] = sample[first - cell * CELL : last - cell * CELL]
        return points


@dataclass(frozen=True)
class Gaussian(Sampler):
    """Independent Gaussian entries with mean zero.

    Parameters
    ----------
    count : int
        Number of starts.
    scale : float
        Standard deviation, positive.
    seed : int

    Raises
    ------
    ValueError
        If ``count`` or ``scale`` is not positive, or ``seed`` is negative.
    """

    count: int
    scale: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        _checks.positive_count("count", self.count)
        _checks.count("seed", self.seed)
        if not (np.isfinite(self.scale) and self.scale > 0):
            _checks.refuse("scale", "a positive finite number", repr(self.scale))

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Draw initial points of shape (starts, D)."""
        return self.scale * rng.standard_normal(shape)


@dataclass(frozen=True)
class UniformBox(Sampler):
    """Uniform points of the box low ≤ θ_i ≤ high.

    Parameters
    ----------
    count : int
        Number of starts.
    low, high : float or sequence of D floats
        low < high.
    seed : int

    Raises
    ------
    ValueError
        If ``count`` is not positive, ``seed`` is negative, or not low < high.
    """

    count: int
    low: float | Sequence[float] = -1.0
    high: float | Sequence[float] = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        _checks.positive_count("count", self.count)
        _checks.count("seed", self.seed)
        low, high = _checks.to_floats("low", self.low), _checks.to_floats("high", self.high)
        if low.ndim > 1 or high.ndim > 1:
            _checks.refuse("low, high", "a number or D numbers", f"{low.ndim, high.ndim} axes")
        if low.ndim and high.ndim and low.shape != high.shape:
            _checks.refuse("high", f"{low.size} numbers as low has", high.size)
        if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
            _checks.refuse("low, high", "finite low < high", f"{self.low!r}, {self.high!r}")
        for name, value in (("low", low), ("high", high)):  # plain numbers: they go into digests
            plain = float(value) if value.ndim == 0 else tuple(map(float, value))
            object.__setattr__(self, name, plain)

    def draw(self, rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
        """Draw initial points of shape (starts, D)."""
        for name, value in (("low", self.low), ("high", self.high)):
            if np.ndim(value) and np.size(value) != shape[1]:
                _checks.refuse(name, f"a number or D = {shape[1]} numbers", f"{np.size(value)}")
        return rng.uniform(self.low, self.high, shape)


@dataclass(frozen=True, eq=False)
class Rules:
    """When a lane is settled; what all blocks of a sweep share."""

    steps: int
    window: int
    slope: float  # ‖∇L‖ that counts as small
    escape: float  # ‖θ‖ past which a point has escaped, in units of ``size`` or of ‖θ_0‖
    size: float  # of θ
    sharpness: bool


@dataclass(frozen=True, eq=False)
class Block:
    """A block of initialisations: all a worker must know, and small enough to be sent to one."""

    problem: DeepLinearProblem
    initial: FloatArray | Sampler  # (m, D), only the points of this block
    begin: int
    end: int
    eta: float | FloatArray  # (m,)
    unit: float | FloatArray  # (m,), of :func:`units`
    rules: Rules


def units(problem: DeepLinearProblem, eta: float | FloatArray) -> float | FloatArray:
    """The α of each step size in whose units W_j = αV_j a step is cheaper; 1 for a plain step.

    If d_0 = 1 < N then 2ησα^{2N−2} = 1 with σ = Σ (:mod:`.ensemble_plan`). Where this or the
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


def run_block(block: Block) -> Columns:
    """Run gradient descent from the starts of one block; what is sent to executors."""
    from .ensemble_kernels import sweep  # Numba costs half a second: only where it is needed

    problem, rules, m = block.problem, block.rules, block.end - block.begin
    if isinstance(block.initial, Sampler):
        start = block.initial.starts(problem.dimension, block.begin, block.end)
    else:
        start = block.initial
    X, Y, _, _ = reduced_data(problem)
    with np.errstate(over="ignore"):
        norms = np.zeros(m)
        for d in range(problem.dimension):  # in one order for every block size
            norms += start[:, d] ** 2
        escape = rules.escape**2 * np.maximum(norms, rules.size**2)
    columns: Columns = {
        "theta": np.empty((m, problem.dimension)),
        "outcome": np.empty(m, np.int8),
        "steps": np.empty(m, np.int64),
        "settled": np.empty(m, np.int64),
        "residual": np.empty(m),
        "gradient_norm": np.empty(m),
    }
    unit = np.broadcast_to(np.asarray(block.unit, dtype=np.float64), m)
    factor = np.broadcast_to(_constant(block.eta, block.unit, problem.depth), m)
    for rescaled, part in _parts(unit != 1.0, problem.dimension):
        sweep(problem.widths, X.shape[1], rescaled)(
            start[part],
            np.ascontiguousarray(factor[part]),
            np.ascontiguousarray(unit[part]),
            problem.Sigma,
            problem.S,
            X,
            Y,
            rules.steps,
            LOOK_EVERY,
            rules.window,
            rules.slope**2,
            escape[part],
            *(values[part] for values in columns.values()),
        )
    with np.errstate(invalid="ignore"):
        np.sqrt(columns["gradient_norm"], out=columns["gradient_norm"])
    if rules.sharpness:
        columns["sharpness"] = np.full(m, np.nan)
        limits = np.flatnonzero(columns["outcome"] == Outcome.CONVERGED)
        batch = max(1, 2**17 // problem.dimension**2)  # Hessians of a megabyte in all
        for at in range(0, len(limits), batch):
            some = limits[at : at + batch]
            columns["sharpness"][some] = problem.sharpness(columns["theta"][some])
    return columns


def _parts(rescaled: NDArray[np.bool_], dimension: int) -> Iterator[tuple[bool, slice]]:
    """Cut a block where its kind of step changes, and into parts that stay in a core's cache."""
    m = len(rescaled)
    cuts = {0, m, *(np.flatnonzero(np.diff(rescaled)) + 1).tolist()}
    cuts.update(range(0, m, max(1, CACHED_DOUBLES // dimension)))
    for begin, end in pairwise(sorted(cuts)):
        yield bool(rescaled[begin]), slice(begin, end)


def reduced_data(problem: DeepLinearProblem) -> tuple[FloatArray, FloatArray, float, float]:
    """X̃ (d_0, k), Ỹ_X (d_N, k), what the loss adds to ‖πX̃ − Ỹ_X‖², and the least of the latter.

    Ỹ = Ỹ_X + Ỹ_⊥, the rows of Ỹ_X in the row space of X̃ and those of Ỹ_⊥ orthogonal to it. So
    L = ‖πX̃ − Ỹ_X‖² + ‖Ỹ_⊥‖² + constant, and what can become small is computed without cancellation.
    Its least value is zero if the narrowest layer has width h ≥ r⋆, and else Σ_{i>h} σ_i(Ỹ_X)²
    (Eckart and Young).
    """
    X, Y, constant = problem._reduced
    reachable = Y
    if np.linalg.matrix_rank(X) < X.shape[1]:
        reachable = Y @ np.linalg.pinv(X) @ X
        constant += float(np.sum((Y - reachable) ** 2))
    beyond = np.linalg.svd(reachable, compute_uv=False)[min(problem.widths) :]
    least = float(np.sum(beyond**2))
    return np.ascontiguousarray(X), np.ascontiguousarray(reachable), constant, least


class Finished:
    """A folder of finished blocks, from which an interrupted sweep goes on.

    A block is written under another name and renamed, so a file with its name is whole.

    Parameters
    ----------
    folder : path
        Made if missing.
    digest : str
        Of everything that the results depend on, and of the size of the blocks.

    Raises
    ------
    ValueError
        If the folder holds blocks of another sweep, or files but no sweep.
    """

    def __init__(self, folder: str | os.PathLike[str], digest: str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        label = self.folder / "sweep.json"
        if not label.exists():
            if any(self.folder.iterdir()):
                _checks.refuse("resume", "an empty folder or one of this sweep", self.folder)
            self._write(label, json.dumps({"digest": digest}).encode())
        elif json.loads(label.read_text(encoding="utf-8")).get("digest") != digest:
            _checks.refuse(
                "resume",
                "the folder of a sweep with the same problem, starts, step sizes, rules and block",
                f"that of another one, {self.folder}",
            )

    def _path(self, number: int) -> Path:
        return self.folder / f"block-{number:08d}.npz"

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)

    def load(self, number: int) -> Columns | None:
        """Return a block's results, or None if it is not finished."""
        path = self._path(number)
        if not path.exists():
            return None
        with np.load(path) as saved:
            return {name: saved[name] for name in saved.files}

    def save(self, number: int, columns: Columns) -> None:
        """Keep a block's results."""
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **columns)  # type: ignore[arg-type]
        os.replace(name, self._path(number))


def digest(block: Block, size: int) -> str:
    """Tell one sweep (all of it, as one block, and the size of its blocks) from another."""
    text = hashlib.sha256()
    problem = block.problem
    for array in (problem.X, problem.Y, np.asarray(block.eta, np.float64), np.asarray(block.unit)):
        text.update(repr(array.shape).encode())
        text.update(np.ascontiguousarray(array).tobytes())
    if isinstance(block.initial, Sampler):
        text.update(repr(block.initial).encode())
    else:
        text.update(np.ascontiguousarray(block.initial).tobytes())
    rest = (problem.widths, block.begin, block.end, block.rules, size, LOOK_EVERY, CELL)
    text.update(repr(rest).encode())
    return text.hexdigest()
