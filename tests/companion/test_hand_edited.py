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
from companion.source_files import read_yaml
from toy import ToyBook

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
REQUIRED = ("book/figures.yml", "book/statements.yml", "book/references.bib")


@pytest.fixture
def book(sources: ToyBook) -> Path:
    """The sources of a toy book, with every kind of file that people edit by hand."""
    sources.write_yaml("book/figures.yml", FIGURES)
    path = sources.root / NUMBERS
    path.parent.mkdir(parents=True)
    path.write_text('{"answer": 42.0, "tiny": -1.5e-7}\n')
    return sources.root


# By file: what is typed wrongly, and what is said to it. Lines are counted as editors do.
BROKEN: dict[str, dict[str | bytes, str]] = {
    "book/figures.yml": {
        "line:\n\tnotebook: x\n": ":2: not YAML: found character '\\t'",
        "line: {}\nline: {}\n": ':2: not YAML: found duplicate key "line"',
        "line: {notebook: x}\nno: 1\n": ":2: no: 1 is not a mapping",
        "line:\n  notebook: x\n  why: w\n  tolerance: .nan\n": ":4: line.tolerance: 'NaN' is not a",
        "line: {tolerence: 1, notebook: x}\n": ":1: line: Additional properties are not all",
    },
    "book/statements.yml": {
        "? [a": ":1: not YAML: expected ',' or ']'",
        "[a]: b": ": keys must be str",
        "thm-two: {source: 7}": ":1: thm-two.source: 7 is not text; a sentence or a citation",
    },
    "book/claims.yml": {
        "claims:\n  one: {in: &a [*a]}\n": ": Circular reference detected",
        "\x00": ": unacceptable character #x0000",
    },
    "book/notation.yml": {
        "throughout:\n  - symbol: m\nlocal: []\n": ":2: throughout.0: 'meaning' is a required",
        "": ": 'throughout' is a required property",
    },
    "_toc.yml": {
        "foo: [": ":1: not YAML: expected the node content",
        "format: jb-book\nroot: a\nchapters: book\n": ": entry not a mapping type @ '/chapters/0'",
        "root: book/toy/index\nfoo: 1\n": ": Unknown keys found: {'foo'}",
    },
    "_config.yml": {
        "title: [a\n": ":2: not YAML: ",
        "author: A\n": ":1: 'title' is a required property",
    },
    "CITATION.cff": {"title: T\n": ":1: 'authors' is a required property"},
    "book/references.bib": {
        "@misc{key, title = {A}": ": syntax error in line 1",
        "@misc{k, title = {Crăciun}}".encode("utf-16"): ":1: not UTF-8; save it in that encoding",
    },
    "book/claims/fingerprints/tract.txt": {b"\xff": ":1: not UTF-8"},
    NUMBERS: {
        '{"answer": 42.0,}': ":1: not JSON: ",
        '{"answer": NaN}': ": answer: 'NaN' is not a number",
    },
    "book/toy/index.md": {
        "# A page\n\nüber\n".encode("latin-1"): ":3: not UTF-8; save it",
        "\ufeff# A page": ": begins with a byte order mark",
    },
    LINES: {
        "": ":1: not JSON: ",
        "{}": ": 'cells' is a required property",
    },
}


@pytest.mark.parametrize("file", BROKEN)
def test_a_broken_file_is_named_in_a_sentence(book, refusal, file):
    for content, sentence in BROKEN[file].items():
        (book / file).write_bytes(content.encode() if isinstance(content, str) else content)
        assert f"{Path(file).name}{sentence}" in refusal(book)
    (book / file).unlink()
    if file in REQUIRED:
        assert f"{Path(file).name}: no such file" in refusal(book)


def cells(*changes: tuple[int, str, object]) -> Any:
    """A change of the metadata of some cells; a key that begins with a dot is of the cell."""

    def change(notebook: dict[str, Any]) -> None:
        for index, key, value in changes:
            cell = notebook["cells"][index]
            (cell if key.startswith(".") else cell["metadata"])[key.removeprefix(".")] = value

    return change


WRONG: list[tuple[Any, str]] = [
    (cells((3, "tags", None)), "cells.3.metadata.tags: None is not a list"),
    (cells((3, "name", "setup")), "cells 1 and 3 have the name 'setup'; change it in one"),
    (cells((3, "name", "3")), "lower-case words joined by hyphens needed"),
    (cells((3, ".id", "setup")), "cells 1 and 3 have the id 'setup'; change it in one"),
    (cells((3, ".source", None)), "cells.3.source: None is not valid"),
    (cells((3, ".source", "x = (")), "lines.ipynb: cell 3: "),
    (lambda notebook: notebook["metadata"].clear(), "the kernelspec of Python 3, as Jupyter"),
    (lambda n: n["metadata"]["kernelspec"].update(name="julia"), "metadata.kernelspec.name"),
    (lambda notebook: notebook.update(nbformat_minor=4), "nbformat_minor: 4 is less than"),
]


def test_a_broken_notebook_is_named_in_a_sentence(book, refusal):
    sound = (book / LINES).read_text()
    for change, sentence in WRONG:
        notebook = json.loads(sound)
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


def test_a_file_is_named_by_its_path_from_here(book, monkeypatch, refusal):
    monkeypatch.chdir(book)
    (book / "book/figures.yml").write_text("7")
    assert refusal(Path()).startswith("book/figures.yml:1: ")


ARGUMENTS = [
    (["run", ""], "no notebook named; add NOTEBOOK=book/"),  # `make run` without NOTEBOOK
    (["reference"], "say what to accept, by one of\nmake reference FIGURE=name"),
    (["reference", "--figure", "line", LINES], "make reference NOTEBOOK=book/….ipynb"),
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
    (["figure", "A dot", LINES], "name 'A dot': lower-case words joined by hyphens needed"),
    (["reference", "--figure", "../line"], "figures ../line: not declared in figures.yml"),
]


def test_an_argument_that_names_nothing_is_refused(book, refusal):
    for arguments, message in ARGUMENTS:
        assert message in refusal(book, *arguments)


def test_a_folder_that_is_no_book_is_refused(tmp_path, refusal):
    assert "no _config.yml; run this at the root of the book" in refusal(tmp_path / "nowhere")
