"""What helps a reader find things: table of statements, notation, how to cite, search."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from companion.checking.notation import check_notation, read_notation
from companion.project import BookError, Project
from companion.sphinx.bibliography import citation_entry
from companion.sphinx.search import plain_letters
from toy import CITATION, REPOSITORY, ToyBook

NOTATION = {
    "throughout": [{"symbol": "m", "meaning": "a slope", "where": "def-even"}],
    "local": [
        {
            "symbol": "m",
            "instead": True,
            "meanings": {"toy": {"meaning": "a number", "where": "thm-two"}},
        }
    ],
}
PAGE = """
The slope is $m$.

```{statement-table}
:only: thm-two
```

```{notation} throughout
```

```{notation} local
```

```{bibtex} CITATION.cff
```
"""


def write_notation(toy: ToyBook, notation: object) -> None:
    path = toy.root / "book" / "notation.yml"
    path.write_text(yaml.safe_dump(notation, sort_keys=False))


@pytest.fixture
def equipped(toy: ToyBook) -> ToyBook:
    """A toy book with an index of notation and a page on how to cite it."""
    write_notation(toy, NOTATION)
    shutil.copyfile(REPOSITORY / "CITATION.cff", toy.root / "CITATION.cff")
    toy.page.write_text(toy.page.read_text() + PAGE)
    return toy


def test_built_apparatus(equipped, build):
    assert build() == 0
    html = (equipped.site / "book/toy/index.html").read_text()
    tables = [*re.findall(r"<table.*?</table>", html, re.DOTALL)]
    whole, chosen, throughout, local = tables
    assert "#def-even" in whole
    assert "sortable" in whole
    assert "#thm-two" in chosen
    assert "#def-even" not in chosen
    assert "Where it comes from" not in chosen
    assert "tier-proved" in chosen
    assert "a slope" in throughout
    assert "#def-even" in throughout
    assert "A toy book" in local  # the chapter, by its title
    assert "#thm-two" in local
    uses = re.findall(r'statement-uses">(\w.*?)</p>', html)
    assert [re.sub(r"<a [^>]*#([\w-]+).*", r"\1", line) for line in uses] == [
        "Used by thm-two",
        "Uses def-even",
    ]
    cff = yaml.safe_load((equipped.root / "CITATION.cff").read_text())
    cited = re.sub(r"<[^>]*>", "", html[html.index("highlight-bibtex") :])
    assert cff["title"] in cited
    assert f"Version {cff['version']}" in cited


def refused(build: Callable[[], int], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert build() == 1
    return capsys.readouterr().err


def test_table_of_a_statement_that_is_not_registered(equipped, build, capsys):
    equipped.edit(equipped.page, ":only: thm-two", ":only: thm-three")
    assert "thm-three is not registered in statements.yml" in refused(build, capsys)


def test_bibtex_of_an_unknown_key(equipped, build, capsys):
    equipped.edit(equipped.page, "{bibtex} CITATION.cff", "{bibtex} nobody2026")
    assert "references.bib has no entry nobody2026" in refused(build, capsys)


@pytest.mark.parametrize(
    ("scope", "change", "message"),
    [
        ("throughout", {"where": "def-odd"}, "m: no page has the label def-odd"),
        ("throughout", {"symbol": "q"}, "q: does not occur in book/toy/index.md"),
        ("throughout", {"note": "x"}, "throughout.0: Additional properties are not allowed"),
        ("local", {"instead": False}, "m: a symbol that is used throughout, and only such a one"),
        (
            "local",
            {"meanings": {"other": {"meaning": "a number", "where": "thm-two"}}},
            "thm-two is in book/toy/index.md, not in chapter other",
        ),
        (
            "local",
            {"meanings": {"toy": {"meaning": "a number"}}},
            "local.0.meanings.toy: 'where' is a required property",
        ),
    ],
)
def test_notation_that_does_not_fit(equipped, scope, change, message):
    notation = {key: [dict(entry) for entry in entries] for key, entries in NOTATION.items()}
    notation[scope][0].update(change)
    if change.get("symbol"):
        notation["local"] = []
    write_notation(equipped, notation)
    with pytest.raises(BookError, match=re.escape(message)):
        check_notation(Project(equipped.root))


def test_a_symbol_may_not_be_listed_twice(equipped):
    twice = {**NOTATION, "throughout": NOTATION["throughout"] * 2}
    write_notation(equipped, twice)
    with pytest.raises(BookError, match="m: listed twice"):
        check_notation(Project(equipped.root))


def test_the_same_letter_with_its_argument_is_no_new_symbol(equipped):
    notation = {**NOTATION, "throughout": [{**NOTATION["throughout"][0], "symbol": r"m(\theta)"}]}
    write_notation(equipped, notation)
    assert len(read_notation(Project(equipped.root).notation)) == 2
    notation["local"] = [{**NOTATION["local"][0], "instead": False}]
    write_notation(equipped, notation)
    with pytest.raises(BookError, match="instead: true"):
        read_notation(Project(equipped.root).notation)


def test_notation_of_the_book():
    project = Project(REPOSITORY)
    check_notation(project)
    assert len(read_notation(project.notation)) > 40


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ({"name": "The companion's authors"}, "{The companion's authors}"),
        ({"family-names": "Weierstraß", "given-names": "Karl"}, "Weierstraß, Karl"),
    ],
)
def test_citation_file_as_bibtex(tmp_path: Path, author, expected):
    cff = {**CITATION, "authors": [author]}
    path = tmp_path / "CITATION.cff"
    path.write_text(yaml.safe_dump({**cff, "url": "https://example.org/"}))
    entry = citation_entry(path)
    assert [str(person) for person in entry.persons["author"]] == [expected]
    assert dict(entry.fields) == {
        "title": "{T}",
        "year": "2027",
        "note": "Version 2.1",
        "url": "https://example.org/",
    }


@pytest.mark.parametrize(
    ("word", "plain"),
    [("Łojasiewicz", "Lojasiewicz"), ("Crăciun", "Craciun"), ("Bézout", "Bezout"), ("θ", "θ")],
)
def test_plain_letters(word, plain):
    assert plain_letters(word) == plain


def test_numbers_have_the_format_that_the_text_asks_for(toy):
    page = (toy.site / "book/toy/index.html").read_text()
    assert '<span class="number">42.0</span>' in page
    assert r"\(-1.50\times10^{-7}\)" in page


def test_pages_of_notebooks_show_what_ran(toy):
    page = BeautifulSoup((toy.site / "book/toy/alone.html").read_text(), "html.parser")
    (output,) = page.select(".cell_output")
    assert output.get_text().strip() == "2"  # of the cell `1 + 1`
