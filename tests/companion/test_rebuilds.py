"""What a second build does again, and what it reuses."""

from __future__ import annotations

import json

import pytest

import companion.running.keys
from companion.project import Project, package_source
from companion.running.notebooks import Notebook
from companion.running.runs import run_notebooks, stored_runs
from toy import DRAW, ToyBook


def stale(toy: ToyBook) -> set[str]:
    """Names of the notebooks that a build would execute now."""
    project = Project(toy.root)
    reused = {run.notebook for run in stored_runs(project, project.notebooks)}
    return {path.name for path in project.notebooks if project.name(path) not in reused}


def key(toy: ToyBook, parameters: dict[str, object] | None = None) -> str:
    return companion.running.keys.run_key(
        Project(toy.root), Notebook.read(toy.notebook), parameters or {}
    )


def test_what_changed_is_executed_and_nothing_else(toy):
    toy.edit(toy.page, "# A toy book", "# A changed book")
    assert stale(toy) == set()
    notebook = toy.notebook.read_text()
    toy.write_notebook(draw=DRAW + "\n# a comment")
    assert stale(toy) == {"lines.ipynb"}
    toy.notebook.write_text(notebook)
    assert stale(toy) == set()
    for record in toy.root.glob("_build/runs/book/toy/lines/*/run.json"):
        record.unlink()
    assert stale(toy) == {"lines.ipynb"}  # half a run is none
    (toy.root / "requirements.lock").write_text("numpy==3\n")
    assert stale(toy) == {"lines.ipynb", "alone.ipynb"}


def test_changed_library_executes_what_imports_it(toy, tmp_path, monkeypatch):
    toy.write_notebook(draw="import edge_of_stability\n" + DRAW)
    before, alone = key(toy), Notebook.read(toy.root / "book/toy/alone.ipynb")
    alone_before = companion.running.keys.run_key(Project(toy.root), alone, {})
    library = tmp_path / "library" / "edge_of_stability"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("changed = True\n")
    monkeypatch.syspath_prepend(library.parent)
    assert key(toy) != before
    assert companion.running.keys.run_key(Project(toy.root), alone, {}) == alone_before


def test_parameters_belong_to_the_key(toy):
    assert key(toy) != key(toy, {"slope": 3.0}) != key(toy, {"slope": 4.0})
    assert key(toy, {"slope": 3.0}) == key(toy, {"slope": 3.0})


@pytest.mark.parametrize(
    ("name", "counts"), [("publish.py", True), ("style.py", True), ("slim.py", False)]
)
def test_code_that_runs_in_notebooks_belongs_to_the_key(toy, tmp_path, monkeypatch, name, counts):
    sources = list(package_source("companion"))
    (before,) = (source for source in sources if source.name == name)
    after = tmp_path / name
    after.write_text(f"{before.read_text()}\n# changed\n")
    changed = [after if source == before else source for source in sources]
    first = key(toy)
    monkeypatch.setattr("companion.running.keys.package_source", {"companion": changed}.__getitem__)
    assert (key(toy) != first) == counts


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
