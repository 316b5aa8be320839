"""The store of runs: what an executed notebook holds."""

from __future__ import annotations

import nbformat

from companion.project import Project
from companion.runs import run_notebooks


def test_executed_notebook_has_neither_times_nor_paths(built_once):
    executed = sorted(Project(built_once.root).runs.rglob("*.ipynb"))
    assert len(executed) == 2
    for path in executed:
        notebook = nbformat.read(path, as_version=4)
        for part in (notebook, *notebook.cells):
            assert not {"papermill", "execution"} & set(part.metadata)
        assert str(built_once.root) not in path.read_text(encoding="utf-8")


def test_only_injected_parameters_are_hidden(toy):
    (run,) = run_notebooks(Project(toy.root), [toy.notebook], scale="quick")
    cells = nbformat.read(run.executed, as_version=4).cells
    tags = [cell.metadata.get("tags", []) for cell in cells]
    assert ["injected-parameters" in of_cell for of_cell in tags].count(True) == 1
    for of_cell in tags:
        assert ("remove-input" in of_cell) == ("injected-parameters" in of_cell)
