"""The copy of the book that is rendered holds what the checked runs published, and no more."""

from __future__ import annotations

from companion.project import Project


def test_what_a_notebook_left_beside_itself_is_not_shown(toy, refused):
    left = toy.notebook.parent / "_published" / "numbers" / "stray.json"
    left.parent.mkdir(parents=True)
    left.write_text('{"value": 7.0, "tolerance": 1e-6, "volatile": false}')
    toy.edit(toy.page, "It says", "It says {number}`stray:.1f` and")
    assert "stray" in refused()
    assert not list(Project(toy.root).stage.rglob("stray.json"))
