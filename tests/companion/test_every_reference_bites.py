"""Every declared array and every accepted number of the real book is really compared.

The references themselves are what is published here, with one thing in them moved by a little more
than it may differ: the check must name it. So a blind spot (a tolerance that forgives all, an array
of infinities, a reference that is not read) shows without running a notebook.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from companion.checking.checks import check_runs
from companion.checking.declarations import read_declarations
from companion.checking.references import (
    figure_deviations,
    figure_reference,
    load_arrays,
    published_data,
    reference_numbers,
)
from companion.project import BookError, Project
from companion.running.execution import Run
from toy import REPOSITORY

PROJECT = Project(REPOSITORY)
DECLARATIONS = read_declarations(PROJECT)
NOTEBOOKS = [PROJECT.name(path) for path in PROJECT.notebooks]
WITHIN, BEYOND = 0.8, 1.25  # of a tolerance: only the declared one lies between them
TOLERANCE = 1e-6  # of the numbers written here


def moved(array: np.ndarray, share: float) -> np.ndarray:
    """The array with its largest finite entry moved by this share of it, or of one if it is 0."""
    changed = array.astype(float)
    finite = np.isfinite(changed)
    sizes = np.where(finite, np.abs(changed), -1.0)
    place = np.unravel_index(int(np.argmax(sizes)), changed.shape)
    assert finite[place], "no finite entry: there is nothing to compare"
    changed[place] -= share * (abs(changed[place]) or 1.0)
    return changed


@pytest.mark.parametrize("name", DECLARATIONS)
def test_every_array_beyond_its_tolerance_is_named(name):
    declaration = DECLARATIONS[name]
    arrays = load_arrays(figure_reference(PROJECT, name))
    assert arrays, "a figure of which nothing is compared"

    def beyond(**changes: np.ndarray) -> set[str]:
        found = figure_deviations(PROJECT, declaration, {**arrays, **changes})
        assert {item.array for item in found} == set(arrays)
        return {item.array for item in found if item.is_beyond}

    assert beyond() == set()
    for array, values in arrays.items():
        tolerance = declaration.tolerance_of(array)
        assert tolerance is not None
        assert beyond(**{array: moved(values, WITHIN * tolerance)}) == set()
        assert beyond(**{array: moved(values, BEYOND * tolerance)}) == {array}
        assert beyond(**{array: values.ravel()[:-1]}) == {array}
        others = {key: value for key, value in arrays.items() if key != array}
        with pytest.raises(LookupError, match="the reference is stale"):
            figure_deviations(PROJECT, declaration, others)


# What a run publishes ---------------------------------------------------------------------------


def write_figure(run: Run, name: str) -> None:
    reference = figure_reference(PROJECT, name)
    ignored = {k: np.ones(1) for k, tol in DECLARATIONS[name].arrays.items() if tol is None}
    np.savez(published_data(run, name), **load_arrays(reference), **ignored)
    published_data(run, name).with_suffix(".json").write_text("{}")


def write_number(run: Run, name: str, value: float) -> None:
    content = {"value": value, "tolerance": TOLERANCE, "volatile": False}
    (run.published / "numbers" / f"{name}.json").write_text(json.dumps(content))


def publish(folder: Path, notebook: str) -> Run:
    """A run that publishes what the references of its notebook hold."""
    run = Run(notebook, "0", folder, PROJECT.root / notebook)
    for kind in ("figures", "numbers"):
        (run.published / kind).mkdir(parents=True)
    for declaration in DECLARATIONS.values():
        if declaration.notebook == notebook:
            write_figure(run, declaration.name)
    for name, value in reference_numbers(PROJECT, notebook).items():
        write_number(run, name, value)
    return run


def complaint(*runs: Run, compared: bool = True) -> str:
    with pytest.raises(BookError) as caught:
        check_runs(PROJECT, runs, compared=compared)
    return str(caught.value)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_number_and_every_figure_of_a_run_is_looked_at(tmp_path, notebook):
    run, numbers = publish(tmp_path, notebook), reference_numbers(PROJECT, notebook)
    mine = [name for name, d in DECLARATIONS.items() if d.notebook == notebook]
    compared = check_runs(PROJECT, [run])
    assert {item.figure for item in compared} == {*mine, *numbers}
    assert all(item.deviation == 0 for item in compared)
    for share, expected in ((WITHIN, []), (BEYOND, [*numbers])):
        for name, value in numbers.items():
            write_number(run, name, value + share * TOLERANCE * (abs(value) or 1.0))
        said = complaint(run) if expected else check_runs(PROJECT, [run])
        assert [name for name in expected if f"number {name}: " not in said] == []
    if numbers:
        said = complaint(run, publish(tmp_path / "copy", notebook))
        assert [name for name in numbers if f"number {name}: published by 2" not in said] == []
        for name in numbers:
            (run.published / "numbers" / f"{name}.json").unlink()
        said = complaint(run)
        assert [name for name in numbers if f"number {name}: {notebook} and" not in said] == []

    (run.published / "figures/one-more.json").write_text("{}")
    for name in mine:
        (run.published / "figures" / f"{name}.json").unlink()
    for against in (True, False):  # as with other parameters
        said = complaint(run, compared=against)
        assert [name for name in mine if f"figure {name}: declared, but" not in said] == []
        assert f"figure one-more: published by {notebook}, but not declared for it" in said
