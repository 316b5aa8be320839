"""The key of a run: what it depends on, and what it does not."""

from __future__ import annotations

import sys

from companion.project import Project
from companion.running.keys import run_key
from companion.running.notebooks import Notebook


def test_minor_versions_of_python_have_keys_of_their_own(toy, monkeypatch):
    project, notebook = Project(toy.root), Notebook.read(toy.notebook)
    now = sys.version_info[:3]

    def key(*version: int) -> str:
        monkeypatch.setattr(sys, "version_info", version)
        return run_key(project, notebook, {})

    assert key(*now[:2], now[2] + 1) == key(*now)
    assert key(now[0], now[1] + 1, now[2]) != key(*now)
