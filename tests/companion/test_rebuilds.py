"""What a second build does again, and what it reuses."""

import json
import shutil
import subprocess
import sys

from companion.project import Project, package_source
from companion.running.keys import common_key, run_key
from companion.running.notebooks import Notebook
from companion.running.runs import stored_runs
from toy import DRAW, ToyBook


def stale(toy: ToyBook) -> set[str]:
    """Names of the notebooks that a build would execute now."""
    project = Project(toy.root)
    reused = {run.notebook for run in stored_runs(project, project.notebooks)}
    return {path.name for path in project.notebooks if project.name(path) not in reused}


def key(toy: ToyBook, parameters: dict[str, object] | None = None) -> str:
    return run_key(common_key(Project(toy.root)), Notebook.read(toy.notebook), parameters or {})


def test_the_code_that_runs_in_notebooks_belongs_to_the_key(sources, tmp_path, monkeypatch):
    before = key(sources)
    for package in ("edge_of_stability", "companion"):
        shutil.copytree(package_source(package)[0].parent, tmp_path / "copy" / package)
    monkeypatch.syspath_prepend(tmp_path / "copy")
    assert key(sources) == before
    for file, counts in (
        ("companion/site/check.py", False),
        ("companion/notebook/publish.py", True),
        ("companion/notebook/another.py", True),
        ("edge_of_stability/__init__.py", True),
    ):
        with (tmp_path / "copy" / file).open("a") as source:
            source.write("# changed\n")
        assert (key(sources) != before) == counts
        before = key(sources)


def test_parameters_belong_to_the_key(sources):
    keys = {key(sources, parameters) for parameters in ({}, {"slope": 3.0}, {"slope": 4.0})}
    assert len(keys) == 3
    assert key(sources, {"slope": 3.0}) in keys


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


def test_a_page_that_changes_is_written_and_one_that_shows_nothing_of_it_is_not(toy, build):
    changed, other = (toy.site / f"book/toy/{name}.html" for name in ("apparatus", "alone"))
    written = []
    for _ in range(2):  # the first time the book is in a new folder, and all pages are written
        toy.apparatus.write_text(f"{toy.apparatus.read_text()}\nOne more sentence.\n")
        assert build() == 0
        written.append([path.stat().st_mtime_ns for path in (changed, other)])
    assert written[1][0] > written[0][0]
    assert written[1][1] == written[0][1]
    toy.edit(toy.page, "{prf:theorem} Two is even", "{prf:theorem} Two is not odd")
    assert build() == 0
    assert "Two is not odd" in changed.read_text()  # in its table of statements


def test_a_style_sheet_that_changes_alone_reaches_the_site(toy, build):
    (toy.root / "book/_static/book.css").write_text("body { color: teal }")
    assert build() == 0
    assert "teal" in (toy.site / "_static/book.css").read_text()


def test_a_run_at_another_scale_shows_what_was_injected_and_is_not_compared(toy, build, capsys):
    assert build("run", "book/toy/lines.ipynb", "--scale", "paper") == 0
    told = capsys.readouterr().out
    assert "No data compared: references belong to the default scale." in told
    (executed,) = (
        cells
        for path in toy.root.glob("_build/runs/book/toy/lines/*/notebook.ipynb")
        if "injected" in str(cells := json.loads(path.read_text())["cells"])
    )
    (injected,) = (c for c in executed if "injected-parameters" in c["metadata"].get("tags", []))
    assert "paper" in "".join(injected["source"])
    # Only what was injected is hidden.
    hidden = [c for c in executed if "remove-input" in c["metadata"].get("tags", [])]
    assert hidden == [injected]
    assert build("run", "book/toy/lines.ipynb") == 0
    assert "No data compared" not in capsys.readouterr().out


def test_two_builds_at_once_do_not_mix(toy, build, capsys):
    from filelock import FileLock

    with FileLock(toy.root / "_build" / "lock"):
        assert build() == 1
    assert "another build is under way" in capsys.readouterr().err


def test_what_draws_nothing_starts_without_matplotlib():
    code = (
        "import sys; import companion.commands, companion.sphinx.published\n"
        "sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
