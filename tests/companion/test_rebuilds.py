"""What a second build does again, and what it reuses."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import companion.running.keys
from companion.project import Project, package_source
from companion.running.notebooks import Notebook
from companion.running.runs import run_notebooks
from toy import DRAW, ToyBook


def executed(toy: ToyBook) -> set[str]:
    """Names of the notebooks that a build would execute now; executes them."""
    project = Project(toy.root)
    runs = run_notebooks(project, project.notebooks)
    return {run.notebook.rpartition("/")[2] for run in runs if not run.reused}


def key(toy: ToyBook, parameters: dict[str, object] | None = None) -> str:
    return companion.running.keys.run_key(
        Project(toy.root), Notebook.read(toy.notebook), parameters or {}
    )


def test_nothing_changed_executes_nothing(toy):
    assert executed(toy) == set()


def test_changed_prose_executes_nothing_and_reaches_the_site(toy, build):
    toy.edit(toy.page, "# A toy book", "# A changed book")
    assert executed(toy) == set()
    assert build() == 0
    assert "A changed book" in (toy.site / "book/toy/index.html").read_text()


def test_changed_notebook_executes_alone(toy):
    toy.write_notebook(draw=DRAW + "\n# a comment")
    assert executed(toy) == {"lines.ipynb"}


def test_changed_lock_executes_everything(toy):
    (toy.root / "requirements.lock").write_text("numpy==3\n")
    assert executed(toy) == {"lines.ipynb", "alone.ipynb"}


def test_half_a_run_is_not_reused(toy):
    for record in toy.root.glob("_build/runs/book/toy/lines/*/run.json"):
        record.unlink()
    assert executed(toy) == {"lines.ipynb"}


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("edge_of_stability/__init__.py", True),
        ("companion/notebook/publish.py", True),
        ("companion/notebook/style.py", True),
        ("companion/notebook/another.py", True),
        ("companion/site/check.py", False),
    ],
)
def test_the_code_that_runs_in_notebooks_belongs_to_the_key(
    toy, tmp_path, monkeypatch, file, counts
):
    before = key(toy)
    package = Path(file).parts[0]
    shutil.copytree(package_source(package)[0].parent, tmp_path / "copy" / package)
    monkeypatch.syspath_prepend(tmp_path / "copy")
    assert key(toy) == before
    with (tmp_path / "copy" / file).open("a") as source:
        source.write("# changed\n")
    assert (key(toy) != before) == counts


def test_parameters_belong_to_the_key(toy):
    assert key(toy) != key(toy, {"slope": 3.0}) != key(toy, {"slope": 4.0})
    assert key(toy, {"slope": 3.0}) == key(toy, {"slope": 3.0})


def test_returning_to_an_earlier_notebook_executes_nothing(toy):
    text = toy.notebook.read_text()
    toy.write_notebook(draw=DRAW + "\n# a comment")
    executed(toy)
    toy.notebook.write_text(text)
    assert executed(toy) == set()


def test_scale_is_injected_only_where_it_differs(toy):
    project = Project(toy.root)
    (run,) = run_notebooks(project, [toy.notebook], scale="quick")
    cells = json.loads(run.executed.read_text())["cells"]
    (injected,) = (c for c in cells if "injected-parameters" in c["metadata"].get("tags", []))
    assert "quick" in "".join(injected["source"])
    # Only what was injected is hidden.
    hidden = [c for c in cells if "remove-input" in c["metadata"].get("tags", [])]
    assert hidden == [injected]
    (default,) = run_notebooks(project, [toy.notebook])
    assert default.reused
    assert "injected-parameters" not in default.executed.read_text()


def test_two_builds_at_once_do_not_mix(toy, build, capsys):
    from filelock import FileLock

    with FileLock(toy.root / "_build" / "lock"):
        assert build() == 1
    assert "another build is under way" in capsys.readouterr().err
