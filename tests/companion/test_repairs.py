"""Repairs of other people's software are made for the versions that are installed."""

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


def test_all_pages_are_written_again_when_what_they_show_changes(tmp_path):
    sheet = tmp_path / "_static" / "book.css"
    sheet.parent.mkdir()
    config = SimpleNamespace(html_static_path=["_static"], html_extra_path=[])
    app = SimpleNamespace(srcdir=tmp_path, config=config)
    env = SimpleNamespace(found_docs={"a", "b"}, toc_secnumbers={}, toc_fignumbers={})
    title, changed = ({"a": nodes.title("", text)} for text in "AB")
    for titles, numbers, style, written in (
        (title, {}, "", set()),
        (title, {"a": (1, 1)}, "", {"a", "b"}),
        (title, {"a": (1, 1)}, "", set()),
        (changed, {"a": (1, 1)}, "", {"a", "b"}),
        (changed, {"a": (1, 1)}, "p {}", {"a", "b"}),
    ):
        env.titles, env.toc_fignumbers = titles, numbers
        sheet.write_text(style)
        assert set(repairs.pages_to_write_again(app, env)) == written
