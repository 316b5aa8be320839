"""Every declared array and every accepted number of the real book is really compared.

The references themselves are the runs here, with one thing in them moved by a little more than it
may differ: the check must name it. So a blind spot (a tolerance that forgives all, an array of
infinities, a reference that is not read) shows without running a notebook.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from companion.checking.checks import check_runs
from companion.checking.declarations import Declaration, read_declarations
from companion.checking.references import (
    deviation,
    figure_reference,
    load_arrays,
    published_data,
    reference_numbers,
)
from companion.project import BookError, Project
from companion.running.runs import Run
from toy import REPOSITORY

PROJECT = Project(REPOSITORY)
DECLARATIONS = read_declarations(PROJECT)
NOTEBOOKS = [PROJECT.name(path) for path in PROJECT.notebooks]
WITHIN, BEYOND = 0.8, 1.25  # of a tolerance: only the declared one lies between them
TOLERANCE = 1e-6  # of the numbers written here; what notebooks grant theirs is tested below


@pytest.fixture(autouse=True)
def _declarations_read_once(monkeypatch):
    """A thousand checks would read the same file a thousand times."""
    monkeypatch.setattr("companion.checking.checks.read_declarations", lambda project: DECLARATIONS)


def arrays(declaration: Declaration) -> dict[str, np.ndarray]:
    return load_arrays(figure_reference(PROJECT, declaration.name))


def publish(folder: Path, notebook: str) -> Run:
    """A run that publishes what the references of its notebook hold."""
    run = Run(notebook, "0", folder, reused=True)
    for kind in ("figures", "numbers"):
        (run.published / kind).mkdir(parents=True)
    for declaration in DECLARATIONS.values():
        if declaration.notebook == notebook:
            # What is not compared is published all the same.
            others = {name: np.ones(1) for name, tol in declaration.arrays.items() if tol is None}
            data = {**arrays(declaration), **others}
            write_figure(run, declaration.name, data)
    for name, value in reference_numbers(PROJECT, notebook).items():
        write_number(run, name, value)
    return run


def write_figure(run: Run, name: str, data: dict[str, np.ndarray]) -> None:
    np.savez(published_data(run, name), **data)
    published_data(run, name).with_suffix(".json").write_text("{}")


def write_number(run: Run, name: str, value: float) -> None:
    content = {"value": value, "tolerance": TOLERANCE, "volatile": False}
    (run.published / "numbers" / f"{name}.json").write_text(json.dumps(content))


def moved(array: np.ndarray, share: float) -> np.ndarray:
    """The array with its largest finite entry moved by this share of it, or of one if it is 0."""
    changed = array.astype(float)
    finite = np.isfinite(changed)
    sizes = np.where(finite, np.abs(changed), -1.0)
    place = np.unravel_index(int(np.argmax(sizes)), changed.shape)
    assert finite[place], "no finite entry: there is nothing to compare"
    changed[place] -= share * (abs(changed[place]) or 1.0)
    return changed


def differ(declaration: Declaration, data: dict[str, np.ndarray], a: str, b: str) -> bool:
    return any(
        deviation(data[new], data[old]) > (declaration.tolerance_of(old) or 0.0)
        for new, old in ((a, b), (b, a))
    )


def complaint(*runs: Run, compared: bool = True) -> str:
    with pytest.raises(BookError) as caught:
        check_runs(PROJECT, runs, compared=compared)
    return str(caught.value)


@pytest.fixture(params=NOTEBOOKS)
def run(request, tmp_path) -> Run:
    return publish(tmp_path, request.param)


def test_references_agree_with_themselves(run):
    compared = check_runs(PROJECT, [run])
    assert all(item.deviation == 0 for item in compared)
    expected = {
        (name, array)
        for name, declaration in DECLARATIONS.items()
        if declaration.notebook == run.notebook
        for array in arrays(declaration)
    }
    expected |= {(name, "value") for name in reference_numbers(PROJECT, run.notebook)}
    assert {(item.figure, item.array) for item in compared} == expected


@pytest.mark.parametrize("name", DECLARATIONS)
def test_every_array_beyond_its_tolerance_or_exchanged_is_named(tmp_path, name):
    declaration = DECLARATIONS[name]
    run = publish(tmp_path, declaration.notebook)
    data = load_arrays(published_data(run, name))
    compared = arrays(declaration)
    assert compared, "a figure of which nothing is compared"

    def said(changes: dict[str, np.ndarray]) -> str:
        write_figure(run, name, {**data, **changes})
        return complaint(run)

    # Two ways to compute the same agree; all others differ by more than their tolerances.
    for a, b in pairwise(compared):
        if differ(declaration, compared, a, b):
            assert f"figure {name}: " in said({a: compared[b], b: compared[a]})
    deviates = f"figure {name}: {{}} deviates from its reference by {{}}"
    for array, values in compared.items():
        tolerance = declaration.tolerance_of(array)
        assert tolerance is not None
        write_figure(run, name, {**data, array: moved(values, WITHIN * tolerance)})
        check_runs(PROJECT, [run])
        assert deviates.format(array, "") in said({array: moved(values, BEYOND * tolerance)})
        assert deviates.format(array, "inf") in said({array: values.ravel()[:-1]})
        write_figure(run, name, {key: value for key, value in data.items() if key != array})
        assert f"figure {name}: publishes" in complaint(run)


def test_every_number_beyond_its_tolerance_or_published_twice_is_named(run, tmp_path):
    numbers = reference_numbers(PROJECT, run.notebook)
    for name, value in numbers.items():
        write_number(run, name, value + WITHIN * TOLERANCE * (abs(value) or 1.0))
        check_runs(PROJECT, [run])
        write_number(run, name, value + BEYOND * TOLERANCE * (abs(value) or 1.0))
        assert f"number {name}: " in complaint(run)
        (run.published / "numbers" / f"{name}.json").unlink()
        assert f"number {name}: " in complaint(run)
        write_number(run, name, value)
    said = complaint(run, publish(tmp_path / "copy", run.notebook)) if numbers else ""
    assert [name for name in numbers if f"number {name}: published by 2" not in said] == []


def test_every_figure_that_is_gone_or_not_declared_is_named(run):
    mine = [name for name, d in DECLARATIONS.items() if d.notebook == run.notebook]
    write_figure(run, "one-more", {"x": np.ones(1)})
    for name in mine:
        (run.published / "figures" / f"{name}.json").unlink()
    for compared in (True, False):  # as with other parameters
        said = complaint(run, compared=compared)
        assert [name for name in mine if f"figure {name}: declared, but" not in said] == []
        assert f"figure one-more: published by {run.notebook}, but not declared for it" in said
