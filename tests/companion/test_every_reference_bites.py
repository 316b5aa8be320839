"""Every declared array and every accepted number of the real book is really compared.

The references themselves are the runs here, with one thing in them moved by a little more than it
may differ: the check must name it. So a blind spot (a tolerance that forgives all, an array of
infinities, a reference nobody reads) shows without running a notebook.
"""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from companion.checking.checks import check_runs
from companion.checking.declarations import Declaration, read_declarations
from companion.checking.references import deviation, figure_reference, reference_numbers
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
    with np.load(figure_reference(PROJECT, declaration.name)) as reference:
        return dict(reference)


def publish(folder: Path, notebook: str) -> Run:
    """A run that publishes what the references of its notebook hold."""
    run = Run(notebook, "0", folder, reused=True)
    for kind in ("figures", "numbers"):
        (run.published / kind).mkdir(parents=True)
    for declaration in DECLARATIONS.values():
        if declaration.notebook == notebook:
            data = arrays(declaration)
            # What is not compared is published all the same.
            data |= {name: np.ones(1) for name, tol in declaration.arrays.items() if tol is None}
            write_figure(run, declaration.name, data)
    for name, value in reference_numbers(PROJECT, notebook).items():
        write_number(run, name, value)
    return run


def write_figure(run: Run, name: str, data: dict[str, np.ndarray]) -> None:
    folder = run.published / "figures"
    np.savez(folder / f"{name}.npz", **data)
    (folder / f"{name}.json").write_text("{}")


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


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_references_agree_with_themselves(tmp_path, notebook):
    compared = check_runs(PROJECT, [publish(tmp_path, notebook)])
    assert all(item.deviation == 0 for item in compared)
    expected = {
        (name, array)
        for name, declaration in DECLARATIONS.items()
        if declaration.notebook == notebook
        for array in arrays(declaration)
    }
    expected |= {(name, "value") for name in reference_numbers(PROJECT, notebook)}
    assert {(item.figure, item.array) for item in compared} == expected


@pytest.mark.parametrize("name", DECLARATIONS)
def test_every_array_beyond_its_tolerance_or_exchanged_is_named(tmp_path, name):
    declaration = DECLARATIONS[name]
    run = publish(tmp_path, declaration.notebook)
    with np.load(run.published / "figures" / f"{name}.npz") as published:
        data = dict(published)
    compared = arrays(declaration)
    assert compared, "a figure of which nothing is compared"
    # Two ways to compute the same agree; all others differ by more than their tolerances.
    for a, b in combinations(compared, 2):
        if differ(declaration, compared, a, b):
            write_figure(run, name, {**data, a: compared[b], b: compared[a]})
            assert f"figure {name}: " in complaint(run)
    for array, values in compared.items():
        tolerance = declaration.tolerance_of(array)
        assert tolerance is not None
        write_figure(run, name, {**data, array: moved(values, WITHIN * tolerance)})
        check_runs(PROJECT, [run])
        write_figure(run, name, {**data, array: moved(values, BEYOND * tolerance)})
        assert f"figure {name}: {array} deviates from its reference by" in complaint(run)
        write_figure(run, name, {**data, array: values.ravel()[:-1]})
        assert f"figure {name}: {array} deviates from its reference by inf" in complaint(run)
        write_figure(run, name, {key: value for key, value in data.items() if key != array})
        assert f"figure {name}: publishes" in complaint(run)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_number_beyond_its_tolerance_is_named(tmp_path, notebook):
    run = publish(tmp_path, notebook)
    for name, value in reference_numbers(PROJECT, notebook).items():
        write_number(run, name, value + WITHIN * TOLERANCE * (abs(value) or 1.0))
        check_runs(PROJECT, [run])
        write_number(run, name, value + BEYOND * TOLERANCE * (abs(value) or 1.0))
        assert f"number {name}: " in complaint(run)
        (run.published / "numbers" / f"{name}.json").unlink()
        assert f"number {name}: " in complaint(run)
        write_number(run, name, value)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_every_figure_that_is_gone_or_not_declared_is_named(tmp_path, notebook):
    run = publish(tmp_path, notebook)
    mine = [name for name, d in DECLARATIONS.items() if d.notebook == notebook]
    write_figure(run, "one-more", {"x": np.ones(1)})
    for name in mine:
        (run.published / "figures" / f"{name}.json").unlink()
    for compared in (True, False):  # as with other parameters
        said = complaint(run, compared=compared)
        assert [name for name in mine if f"figure {name}: declared, but" not in said] == []
        assert f"figure one-more: published by {notebook}, but not declared for it" in said


def test_every_number_published_twice_is_named(tmp_path):
    runs = [publish(tmp_path / str(n), notebook) for n, notebook in enumerate(NOTEBOOKS)]
    copies = [publish(tmp_path / f"copy {n}", notebook) for n, notebook in enumerate(NOTEBOOKS)]
    said = complaint(*runs, *copies)
    numbers = [name for notebook in NOTEBOOKS for name in reference_numbers(PROJECT, notebook)]
    assert len(numbers) > 100
    assert [name for name in numbers if f"number {name}: published by 2" not in said] == []
