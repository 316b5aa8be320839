"""The store of runs: what an executed notebook holds."""

from __future__ import annotations

import nbformat

from companion.project import Project


def test_executed_notebook_has_neither_times_nor_paths(built_once):
    executed = sorted(Project(built_once.root).runs.rglob("*.ipynb"))
    assert len(executed) == 2
    for path in executed:
        notebook = nbformat.read(path, as_version=4)
        for part in (notebook, *notebook.cells):
            assert not {"papermill", "execution"} & set(part.metadata)
        assert str(built_once.root) not in path.read_text(encoding="utf-8")
