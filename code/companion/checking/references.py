"""The accepted data of figures and the accepted numbers: read, compare, accept anew."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.npyio import NpzFile

from companion.checking.declarations import Declaration
from companion.project import Project
from companion.running.runs import Run
from companion.source_files import form, read_json


def figure_reference(project: Project, figure: str) -> Path:
    """Where the accepted data of a figure are."""
    return project.references / "figures" / f"{figure}.npz"


def reference_picture(project: Project, figure: str) -> Path:
    """The picture that was accepted with the data, for people; nothing compares it."""
    return figure_reference(project, figure).with_suffix(".png")


def number_reference(project: Project, notebook: str) -> Path:
    """Where the accepted numbers of a notebook are."""
    flat = notebook.removeprefix("book/").removesuffix(".ipynb").replace("/", "--")
    return project.references / "numbers" / f"{flat}.json"


def published_numbers(run: Run) -> dict[str, dict[str, Any]]:
    """Numbers of a run by name: ``{"value": …, "volatile": …, "tolerance": …}``."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted((run.published / "numbers").glob("*.json"))
    }


def figure_deviations(
    project: Project, declaration: Declaration, new: Mapping[str, np.ndarray]
) -> Iterator[tuple[str, float, float]]:
    """Array, deviation and tolerance of every compared array of a figure.

    The deviation is ``max|new - reference| / max|reference|``; it is infinite for another shape.

    Raises
    ------
    LookupError
        If there is no reference, it has other arrays than the figure, or a file is damaged.
    """
    path = figure_reference(project, declaration.name)
    accept = f"look at it, then accept it by `make reference FIGURE={declaration.name}`"
    if not path.is_file():
        raise LookupError(f"has no reference; {accept}")
    reference = load_arrays(path)
    compared = {key for key in new if declaration.tolerance_of(key) is not None}
    if compared != set(reference):
        raise LookupError(
            f"publishes {_list(compared)} for comparison but its reference has "
            f"{_list(reference)}: the reference is stale; {accept}"
        )
    for key in sorted(compared):
        tolerance = declaration.tolerance_of(key)
        assert tolerance is not None
        yield key, deviation(new[key], reference[key]), tolerance


def figure_arrays(run: Run, figure: str) -> dict[str, np.ndarray]:
    """Return the data a run published with a figure."""
    return load_arrays(run.published / "figures" / f"{figure}.npz")


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read an ``.npz`` file; once, as long as it does not change.

    Raises
    ------
    LookupError
        If the file is damaged, or holds anything but arrays of real numbers.
    """
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
    source = run.published / "figures" / path.name
    shutil.copyfile(source.with_suffix(".png"), reference_picture(project, declaration.name))
    with np.load(source) as new:
        kept = {key: new[key] for key in new.files if declaration.tolerance_of(key) is not None}
        if len(kept) == len(new.files):
            shutil.copyfile(source, path)
        else:
            np.savez_compressed(path, **kept)  # type: ignore[arg-type]
    return path


def accept_numbers(project: Project, run: Run) -> Path | None:
    """Make the run's numbers the reference of its notebook; None if it has none to compare."""
    path = number_reference(project, run.notebook)
    values = {
        name: number["value"]
        for name, number in published_numbers(run).items()
        if not number["volatile"]
    }
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


def _list(names: Any) -> str:
    return ", ".join(sorted(names)) or "nothing"
