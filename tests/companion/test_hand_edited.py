"""Files that people edit by hand: whatever is wrong with one is said in a sentence, never more."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from companion.__main__ import main
from companion.project import BookError, Project
from companion.source_files import read_yaml
from toy import REPOSITORY, ToyBook

FIGURES = {
    "line": {
        "notebook": "book/toy/lines.ipynb",
        "tolerance": 1e-7,
        "arrays": {"x": None, "y": 1e-3},
        "why": "A test.",
    }
}
NUMBERS = "tests/references/numbers/toy--lines.json"
LINES = "book/toy/lines.ipynb"
TWICE = "format: jb-book\nroot: book/toy/lines\nchapters: [file: book/toy/lines]\n"


@pytest.fixture
def book(sources: ToyBook) -> Path:
    """The sources of a toy book, with every kind of file that people edit by hand."""
    sources.write_yaml("book/figures.yml", FIGURES)
    path = sources.root / NUMBERS
    path.parent.mkdir(parents=True)
    path.write_text('{"answer": 42.0, "tiny": -1.5e-7}\n')
    return sources.root


# What is typed wrongly, and what is said to it. Lines are counted as editors do.
BROKEN: list[tuple[str, str | bytes, str]] = [
    (
        "book/figures.yml",
        "line:\n\tnotebook: x\n",
        "figures.yml:2: not YAML: found character '\\t'",
    ),
    ("book/figures.yml", "- line\n", "figures.yml:1: ['line'] is not a mapping"),
    (
        "book/figures.yml",
        "line: {}\nline: {}\n",
        'figures.yml:2: not YAML: found duplicate key "line"',
    ),
    ("book/figures.yml", "line:\n  no: 1\n", "figures.yml:1: line: Additional properties are not"),
    (
        "book/figures.yml",
        f"line:\n  notebook: {LINES}\n  why: w\n  tolerance: .nan\n",
        "yml:4: line.",
    ),
    (
        "book/figures.yml",
        f"line:\n  notebook: {LINES}\n  why: w\n  tolerance: -1\n",
        "yml:4: line.",
    ),
    ("book/statements.yml", "? [a", "statements.yml:1: not YAML: expected ',' or ']'"),
    ("book/statements.yml", "thm-two: Folklore.\n", "thm-two: 'Folklore.' is not a mapping"),
    (
        "book/statements.yml",
        "thm-two:\n  source: 2026-01-31x\n  uses: 7\n",
        "yml:3: thm-two.uses: 7",
    ),
    (
        "book/claims.yml",
        "claims:\n  one: {in: &a [*a]}\n",
        "claims.yml: Circular reference detected",
    ),
    ("book/claims.yml", "\x00", "claims.yml: unacceptable character #x0000"),
    (
        "book/notation.yml",
        "throughout:\n  - symbol: m\nlocal: []\n",
        "throughout.0: 'meaning' is a",
    ),
    ("book/notation.yml", "", "notation.yml: 'throughout' is a required property"),
    ("_toc.yml", "foo: [", "_toc.yml:1: not YAML: expected the node content"),
    ("_toc.yml", "format: jb-book\n", "_toc.yml:1: 'root' is a required property"),
    (
        "_toc.yml",
        "root: book/toy/index\nchapters: book\n",
        "_toc.yml:2: chapters: 'book' is not a list",
    ),
    ("_toc.yml", TWICE, "_toc.yml: document file used multiple times: 'book/toy/lines'"),
    ("_toc.yml", "root: book/toy/index\nfoo: 1\n", "_toc.yml: Unknown keys found: {'foo'}"),
    ("_toc.yml", "root: book/toy/index\nformat: x\n", "_toc.yml:2: format: 'x' is not one of"),
    ("_config.yml", "title: [a\n", "_config.yml:2: not YAML: "),
    ("_config.yml", "title: T\nhtml: 7\n", "_config.yml:2: html: 7 is not a mapping"),
    ("_config.yml", "author: A\n", "_config.yml:1: 'title' is a required property"),
    ("CITATION.cff", "title: T\n", "CITATION.cff:1: 'authors' is a required property"),
    ("book/references.bib", "@misc{key, title = {A}", "references.bib: syntax error in line 1"),
    ("book/references.bib", "@misc{k,}\n@misc{k,}\n", "repeated bibliography entry: k"),
    ("book/references.bib", "@misc{k, title = {Crăciun}}".encode("utf-16"), "bib:1: not UTF-8"),
    ("book/claims/fingerprints/tract.txt", b"\xff", "tract.txt:1: not UTF-8"),
    (NUMBERS, '{"answer": 42.0,}', "toy--lines.json:1: not JSON: "),
    (NUMBERS, '{"answer": NaN}', "toy--lines.json: answer: 'NaN' is not a number"),
    (NUMBERS, '{"answer": "42"}', "toy--lines.json: answer: '42' is not a number"),
    ("book/toy/index.md", "# A page\n\nüber\n".encode("latin-1"), "index.md:3: not UTF-8; save it"),
    ("book/toy/index.md", "# A page".encode("utf-16"), "index.md:1: not UTF-8"),
    ("book/toy/index.md", "\ufeff# A page", "index.md: begins with a byte order mark"),
    (LINES, "", "lines.ipynb:1: not JSON: "),
    (LINES, "[]", "lines.ipynb: [] is not a mapping"),
    (LINES, "{}", "lines.ipynb: 'cells' is a required property"),
    (LINES, b'{"cells": "\xfc"}', "lines.ipynb:1: not UTF-8"),
]


@pytest.mark.parametrize(("file", "content", "sentence"), BROKEN)
def test_a_broken_file_is_named_in_a_sentence(book, refusal, file, content, sentence):
    (book / file).write_bytes(content.encode() if isinstance(content, str) else content)
    assert sentence in refusal(book)


@pytest.mark.parametrize("file", ["figures.yml", "statements.yml", "references.bib"])
def test_a_missing_file_is_named(book, refusal, file):
    (book / "book" / file).unlink()
    assert f"{file}: no such file" in refusal(book)


def cells(*changes: tuple[int, str, object]) -> Any:
    """A change of the metadata of some cells; a key that begins with a dot is of the cell."""

    def change(notebook: dict[str, Any]) -> None:
        for index, key, value in changes:
            cell = notebook["cells"][index]
            (cell if key.startswith(".") else cell["metadata"])[key.removeprefix(".")] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (cells((3, "tags", None)), "cells.3.metadata.tags: None is not a list"),
        (cells((3, "name", "setup")), "cells 1 and 3 have the name 'setup'; change it in one"),
        (cells((3, "name", "Draw it")), "cells.3.metadata.name: 'Draw it' does not match"),
        (cells((3, "name", "3")), "lower-case words joined by hyphens needed"),
        (cells((3, ".id", "setup")), "cells 1 and 3 have the id 'setup'; change it in one"),
        (cells((3, ".source", None)), "cells.3.source: None is not valid"),
        (cells((3, ".source", "x = (")), "lines.ipynb: cell 3: "),
        (cells((3, ".source", "\0")), "lines.ipynb: cell 3: "),
        (cells((3, ".outputs", None)), "cells.3.outputs: None is not"),
        (lambda notebook: notebook["metadata"].clear(), "the kernelspec of Python 3, as Jupyter"),
        (lambda n: n["metadata"]["kernelspec"].update(name="julia"), "metadata.kernelspec.name"),
        (lambda notebook: notebook.update(nbformat=3), "nbformat: 3 is less than the minimum of 4"),
        (lambda notebook: notebook.update(nbformat_minor=4), "nbformat_minor: 4 is less than"),
    ],
)
def test_a_broken_notebook_is_named_in_a_sentence(book, refusal, change, sentence):
    notebook = json.loads((book / LINES).read_text())
    change(notebook)
    (book / LINES).write_text(json.dumps(notebook))
    assert sentence in refusal(book)


def test_a_test_that_is_not_python_is_named(book, refusal):
    (book / "tests").mkdir(exist_ok=True)
    (book / "tests/test_two.py").write_text("def test_two(:\n")
    registry = (book / "book/statements.yml").read_text()
    evidence = "cell: book/toy/lines.ipynb#draw-line"
    assert evidence in registry
    registry = registry.replace(evidence, "test: tests/test_two.py::test_two")
    (book / "book/statements.yml").write_text(registry)
    assert "test_two.py: not Python: " in refusal(book)


def variants(content: Any) -> Iterator[Any]:
    """The same tree with one part of it left out, or replaced by something of another kind."""
    yield from (None, 7, "", [None], {"x": None})
    if isinstance(content, dict | list):
        for key in list(content) if isinstance(content, dict) else range(len(content)):
            without = copy.deepcopy(content)
            del without[key]
            yield without
            for value in variants(content[key]):
                changed = copy.deepcopy(content)
                changed[key] = value
                yield changed


@pytest.mark.parametrize(
    "file", ["_toc.yml", "CITATION.cff", *(f"book/{n}.yml" for n in ("figures", "claims"))]
    + [f"book/{n}.yml" for n in ("notation", "statements")]
)  # fmt: skip
def test_any_other_tree_is_understood_or_refused(book, capsys, file):
    content = yaml.safe_load((book / file).read_text())
    outcomes = set()
    for variant in variants(content):
        (book / file).write_text(yaml.safe_dump(variant))
        outcomes.add(main(["--root", str(book), "check"]))
    assert outcomes == {0, 1}
    assert capsys.readouterr().err


def test_yaml_is_read_as_it_looks(tmp_path):
    path = tmp_path / "some.yml"
    path.write_text("small: 1e-7\nday: 2026-01-31\nempty:\nbase: &b {a: 1}\nmore: {<<: *b, a: 2}\n")
    assert read_yaml(path) == {
        "small": 1e-7,
        "day": "2026-01-31",
        "empty": None,
        "base": {"a": 1},
        "more": {"a": 2},
    }


def test_every_line_of_a_long_file_can_be_found(tmp_path):
    path = tmp_path / "some.yml"
    path.write_text("a:\n  - b: 1\n  - b: 2\n    c: x\n")
    form = {"properties": {"a": {"items": {"properties": {"c": {"type": "number"}}}}}}
    with pytest.raises(BookError, match=r"some\.yml:4: a\.1\.c: 'x' is not a number$"):
        read_yaml(path, form)


def test_a_file_is_named_by_its_path_from_here(book, monkeypatch, refusal):
    monkeypatch.chdir(book)
    (book / "book/figures.yml").write_text("7")
    assert refusal(Path()).startswith("book/figures.yml:1: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", ""], "no notebook named; add NOTEBOOK=book/"),  # `make run` without NOTEBOOK
        (["reference"], "say what to accept, by one of\nmake reference FIGURE=name"),
        (["reference", "--figure", "line", LINES], "make reference NOTEBOOK=book/….ipynb"),
        (["reference", "--figure", "line", "--all"], "say what to accept"),
        (["run", "book/toy/none.ipynb"], "book/toy/none.ipynb: no such notebook in the book"),
        (["run", LINES, "-p", "slope=[1"], "parameter slope: '[1' does not fit its default, 2.0"),
        (["run", LINES, "-p", "slope=no"], "parameter slope: 'no' does not fit its default"),
        (["run", LINES, "-p", "slop=3.0"], "no parameter slop; it has scale, slope"),
        (["compare", "none.npz"], "none.npz: no figure is called 'none'"),
        (["compare", "line.npz"], "line.npz: no such file"),
        (["fingerprint", "../tract", "x"], "'../tract' is not among the sources"),
        (["fingerprint", "tract", "none.txt"], "none.txt: no such file"),
        (["figure", "dot", "book/toy/none.ipynb"], "book/toy/none.ipynb: no such notebook"),
        (["figure", "line", LINES], "line: there is a figure, or a cell of lines.ipynb, of that"),
        (["figure", "setup", LINES], "setup: there is a figure, or a cell of lines.ipynb, of that"),
        (["figure", "A dot", LINES], "name 'A dot': lower-case words joined by hyphens needed"),
        (["reference", "--figure", "../line"], "figures ../line: not declared in figures.yml"),
    ],
)
def test_an_argument_that_names_nothing_is_refused(book, refusal, arguments, message):
    assert message in refusal(book, *arguments)


def test_a_folder_that_is_no_book_is_refused(tmp_path, refusal):
    told = refusal(tmp_path / "nowhere")
    assert "no _config.yml; run this at the root of the book" in told


def test_the_configuration_has_the_form_that_jupyter_book_gives_it():
    assert Project(REPOSITORY).settings["title"]
