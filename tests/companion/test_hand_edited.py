"""Files that people edit by hand: whatever is wrong with one is said in a sentence, never more."""

import json
from pathlib import Path
from typing import Any

import pytest

from companion.source_files import read_yaml
from toy import ToyBook

NUMBERS = "tests/references/numbers/toy--lines.json"
LINES = "book/toy/lines.ipynb"
REQUIRED = ("book/figures.yml", "book/statements.yml")


@pytest.fixture
def book(sources: ToyBook) -> Path:
    """The sources of a toy book, with every kind of file that people edit by hand."""
    path = sources.root / NUMBERS
    path.parent.mkdir(parents=True)
    path.write_text('{"answer": 42.0, "tiny": -1.5e-7}\n')
    return sources.root


# By file: what is typed wrongly, and what is said to it. Lines are counted as editors do.
BROKEN: dict[str, dict[str | bytes, str]] = {
    "book/figures.yml": {
        "line:\n\tnotebook: x\n": ":2: not YAML: found character '\\t'",
        "line: {}\nline: {}\n": ':2: not YAML: found duplicate key "line"',
        "line: {notebook: x}\nno: 1\n": ": no: 1 is not of type 'object'",
        "line: {notebook: x, tolerance: .nan}\n": ": line.tolerance: 'NaN' is not of type 'number'",
        "line: {tolerence: 1, notebook: x}\n": ": line: Additional properties are not all",
    },
    "book/statements.yml": {
        "? [a": ":1: not YAML: expected ',' or ']'",
        "[a]: b": ": keys must be str",
        "thm-two: {source: 7}": ": thm-two.source: 7 is not of type 'string'; a sentence or a",
        "a: {source: x, evidence: [{tier: sure}]}": ": a.evidence.0.tier: 'sure' is not one of",
        "a: {source: x, evidence: [{tier: exact}]}": ": a.evidence.0: {'tier': 'exact'} does not",
    },
    "book/claims.yml": {
        "claims:\n  one: {in: &a [*a]}\n": ": Circular reference detected",
        "\x00": ": unacceptable character #x0000",
    },
    "book/notation.yml": {
        "throughout:\n  - symbol: m\nlocal: []\n": ": throughout.0: 'meaning' is a required",
        "": ": 'throughout' is a required property",
    },
    "_toc.yml": {
        "foo: [": ":1: not YAML: expected the node content",
        "format: jb-book\nroot: a\nchapters: book\n": ": entry not a mapping type @ '/chapters/0'",
    },
    "_config.yml": {
        "title: [a\n": ":2: not YAML: ",
        "author: A\n": ": 'title' is a required property",
    },
    "CITATION.cff": {"title: T\n": ": 'authors' is a required property"},
    "book/claims/fingerprints/tract.txt": {
        "even".encode("utf-16"): ":1: not UTF-8; save it in that encoding",
    },
    NUMBERS: {
        '{"answer": 42.0,}': ":1: not JSON: ",
        '{"answer": NaN}': ": answer: 'NaN' is not of type 'number'",
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


def cell(**changes: object) -> Any:
    """A change of the fourth cell, and of its metadata."""

    def change(notebook: dict[str, Any]) -> None:
        changed = notebook["cells"][3]
        for key, value in changes.items():
            (changed if key in changed else changed["metadata"])[key] = value

    return change


WRONG: list[tuple[Any, str]] = [
    (cell(tags=None), "cells.3.metadata.tags: None is not of type 'array'"),
    (cell(name="setup"), "cells 1 and 3 have the name 'setup'; change it in one"),
    (cell(name="3"), "lower-case words joined by hyphens needed"),
    (cell(id="setup"), "cells 1 and 3 have the id 'setup'; change it in one"),
    (cell(source=None), "cells.3.source: None is not valid"),
    (cell(source="x = ("), "lines.ipynb: cell 3: "),
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
    assert refusal(Path()).startswith("book/figures.yml: ")


ARGUMENTS = [
    (["run", ""], "no notebook named; add NOTEBOOK=book/"),  # `make run` without NOTEBOOK
    (["reference"], "say what to accept, by one of\nmake reference FIGURE=name"),
    (["reference", "--figure", "line", LINES], "make reference NOTEBOOK=book/….ipynb"),
    (["run", "book/toy/none.ipynb"], "book/toy/none.ipynb: no such notebook in the book"),
    (["compare", "none.npz"], "none.npz: no figure is called 'none'"),
    (["compare", "line.npz"], "line.npz: no such file"),
    (["figure", "line", LINES], "line: there is a figure, or a cell of lines.ipynb, of that"),
    (["figure", "A dot", LINES], "name 'A dot': lower-case words joined by hyphens needed"),
    (["reference", "--figure", "../line"], "figures ../line: not declared in figures.yml"),
]


def test_an_argument_that_names_nothing_is_refused(book, refusal):
    for arguments, message in ARGUMENTS:
        assert message in refusal(book, *arguments)


def test_a_folder_that_is_no_book_is_refused(tmp_path, refusal):
    assert "no _config.yml; run this at the root of the book" in refusal(tmp_path / "nowhere")
