"""The accepted data of figures and the accepted numbers: read, compare, accept anew."""

import json
import math
import shutil
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypedDict
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from companion.checking.declarations import Declaration
from companion.project import Project
from companion.running.execution import Run
from companion.source_files import form, read_json


def figure_reference(project: Project, figure: str) -> Path:
    """Where the accepted data of a figure are, beside its picture, which nothing compares."""
    return project.references / "figures" / f"{figure}.npz"


def number_reference(project: Project, notebook: str) -> Path:
    """Where the accepted numbers of a notebook are."""
    flat = notebook.removeprefix("book/").removesuffix(".ipynb").replace("/", "--")
    return project.references / "numbers" / f"{flat}.json"


class Number(TypedDict):
    """What a notebook published as a number."""

    value: float
    tolerance: float
    volatile: bool


@dataclass(frozen=True)
class Deviation:
    """How far an array of a figure, or a number, was from its reference, and how far it may be.

    Both are relative to the largest entry of the reference.
    """

    figure: str
    array: str
    deviation: float
    tolerance: float

    @property
    def share(self) -> float:
        """The part of its tolerance that a deviation takes; more than 1 is too much."""
        if self.deviation == 0.0:
            return 0.0
        return self.deviation / self.tolerance if self.tolerance else math.inf

    @property
    def is_beyond(self) -> bool:
        """Whether it is too much; NaN is."""
        return not self.deviation <= self.tolerance


def published_figures(run: Run) -> list[str]:
    """Names of the figures a run published, sorted."""
    return sorted(path.stem for path in (run.published / "figures").glob("*.json"))


def published_numbers(run: Run) -> dict[str, Number]:
    """Numbers of a run by name."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((run.published / "numbers").glob("*.json"))
    }


def compared_numbers(run: Run) -> dict[str, Number]:
    """Those of them that have references: all that are not volatile."""
    return {k: v for k, v in published_numbers(run).items() if not v["volatile"]}


def figure_deviations(
    project: Project, declaration: Declaration, new: Mapping[str, np.ndarray]
) -> list[Deviation]:
    """Return the deviation of every compared array of a figure.

    Raise `LookupError` if there is no reference, it has other arrays than the figure, or a file is
    damaged.
    """
    path = figure_reference(project, declaration.name)
    accept = f"look at it, then accept it by `make reference FIGURE={declaration.name}`"
    if not path.is_file():
        raise LookupError(f"has no reference; {accept}")
    reference = load_arrays(path)
    tolerances = {
        key: tolerance
        for key in sorted(new)
        if (tolerance := declaration.tolerance_of(key)) is not None
    }
    if tolerances.keys() != reference.keys():
        raise LookupError(
            f"publishes {_list(tolerances)} for comparison but its reference has "
            f"{_list(reference)}: the reference is stale; {accept}"
        )
    return [
        Deviation(declaration.name, key, deviation(new[key], reference[key]), tolerance)
        for key, tolerance in tolerances.items()
    ]


def published_data(run: Run, figure: str) -> Path:
    """Where the data are that a run published with a figure."""
    return run.published / "figures" / f"{figure}.npz"


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read an ``.npz`` file; once, as long as it does not change.

    Raise `LookupError` if there is none, it is damaged, or it holds anything but real numbers.
    """
    if not path.is_file():
        raise LookupError(f"{path}: no such file")
    state = path.stat()
    return _load(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=256)
def _load(path: Path, _modified: int, _size: int) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as raw, NpzFile(raw) as file:
            arrays = dict(file)
    except (BadZipFile, EOFError, ValueError, zlib.error, NotImplementedError) as error:
        raise LookupError(f"{path.name} in {path.parent} cannot be read: {error}") from error
    for key, array in arrays.items():
        if not (isinstance(array, np.ndarray) and array.dtype.kind in "biuf"):
            raise LookupError(f"{path.name} in {path.parent}: {key} is no array of real numbers")
    return arrays


def deviation(new: np.ndarray, reference: np.ndarray) -> float:
    """``max|new - reference| / max|reference|``; NaN and infinities must agree exactly.

    It is infinite where the shapes differ, or where one array has a NaN or an infinity and the
    other has not. A reference of zeros is compared absolutely.
    """
    if new.shape != reference.shape:
        return np.inf
    new, reference = new.astype(float), reference.astype(float)
    finite = np.isfinite(reference)
    if not np.array_equal(new[~finite], reference[~finite], equal_nan=True):
        return np.inf
    if not np.isfinite(new[finite]).all():
        return np.inf
    scale = np.abs(reference[finite]).max(initial=0.0) or 1.0
    return float(np.abs(new[finite] - reference[finite]).max(initial=0.0) / scale)


def accept_figure(project: Project, declaration: Declaration, run: Run) -> Path:
    """Make the run's data the reference of a figure; arrays that are not compared stay out."""
    path = figure_reference(project, declaration.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    source = published_data(run, declaration.name)
    shutil.copyfile(source.with_suffix(".png"), path.with_suffix(".png"))
    new = load_arrays(source)
    kept = {key: new[key] for key in new if declaration.tolerance_of(key) is not None}
    np.savez_compressed(path, **kept)  # type: ignore[arg-type]
    return path


def accept_numbers(project: Project, run: Run) -> Path | None:
    """Make the run's numbers the reference of its notebook; None if it has none to compare."""
    path = number_reference(project, run.notebook)
    values = {name: number["value"] for name, number in compared_numbers(run).items()}
    if not values:
        path.unlink(missing_ok=True)
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    return path


def reference_numbers(project: Project, notebook: str) -> Mapping[str, float]:
    """Accepted numbers of a notebook by name; empty if there are none."""
    path = number_reference(project, notebook)
    if not path.is_file():
        return {}
    loaded: dict[str, float] = read_json(path, form("numbers"))
    return loaded


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
