"""Repairs of other people's software are made for the versions that are installed."""

from __future__ import annotations

from importlib.metadata import version
from types import SimpleNamespace

from docutils import nodes

from companion.sphinx import repairs
from companion.sphinx.repairs import MADE_FOR


def test_repairs_are_made_for_the_installed_versions():
    assert {package: version(package) for package in MADE_FOR} == MADE_FOR, (
        "see in companion/sphinx/repairs.py what was mended, whether the fault is still there, and "
        "whether the repair still mends it; then name the new version there"
    )


def test_all_pages_are_written_again_when_a_number_or_a_title_changes():
    env = SimpleNamespace(found_docs={"a", "b"}, toc_secnumbers={}, toc_fignumbers={})
    title = {"a": nodes.title("", "A")}
    for titles, numbers, written in (
        (title, {}, set()),
        (title, {"a": (1, 1)}, {"a", "b"}),
        (title, {"a": (1, 1)}, set()),
        ({"a": nodes.title("", "B")}, {"a": (1, 1)}, {"a", "b"}),
    ):
        env.titles, env.toc_fignumbers = titles, numbers
        assert set(repairs._pages_to_write_again(None, env)) == written
