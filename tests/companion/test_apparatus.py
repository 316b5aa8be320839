"""What helps a reader find things: table of statements, notation, how to cite, search."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_file, parse_string

from companion.sphinx.bibliography import AuthorYearLabels, citation_entry
from companion.sphinx.search import plain_letters
from toy import CITATION, REPOSITORY


def test_built_apparatus(built_once):
    html = (built_once.site / "book/toy/apparatus.html").read_text()
    index = (built_once.site / "book/toy/index.html").read_text()
    (whole,) = re.findall(r"<table.*?</table>", index, re.DOTALL)
    chosen, throughout, local, *_ = re.findall(r"<table.*?</table>", html, re.DOTALL)
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
    uses = re.findall(r'statement-uses">(\w.*?)</p>', index)
    assert [re.sub(r"<a [^>]*#([\w-]+).*", r"\1", line) for line in uses] == [
        "Used by thm-two",
        "Uses def-even",
    ]
    cff = yaml.safe_load((built_once.root / "CITATION.cff").read_text())
    cited = re.sub(r"<[^>]*>", "", html[html.index("highlight-bibtex") :])
    assert cff["title"] in cited
    assert f"Version {cff['version']}" in cited
    assert html.count("_images/line.svg") == 1  # a repeated figure has neither number nor label
    assert 'id="fig-line"' not in html


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


def test_numbers_have_the_format_that_the_text_asks_for(built_once):
    page = (built_once.site / "book/toy/index.html").read_text()
    assert '<span class="number">42.0</span>' in page
    assert r'data-tex="-1.50\times10^{-7}"' in page


def test_pages_of_notebooks_show_what_ran(built_once):
    page = BeautifulSoup((built_once.site / "book/toy/alone.html").read_text(), "html.parser")
    (output,) = page.select(".cell_output")
    assert output.get_text().strip() == "2"  # of the cell `1 + 1`


def labels(entries):
    return list(AuthorYearLabels().format_labels(list(entries.values())))


def test_accents_stay_and_twins_get_letters():
    text = r"""
        @misc{a, author={Cr{\u{a}}ciun, A. and Ghoshdastidar, D.}, title={One}, year={2024}}
        @misc{b, author={Cr{\u{a}}ciun, A. and Ghoshdastidar, D.}, title={Two}, year={2024}}
        @misc{c, author={van der Waerden, Bartel}, title={Three}, year={1930}}
        @misc{d, author={A, A and B, B and C, C}, title={Four}, year={2000}}
    """
    assert labels(parse_string(text, "bibtex").entries) == [
        "Crăciun and Ghoshdastidar, 2024a",
        "Crăciun and Ghoshdastidar, 2024b",
        "van der Waerden, 1930",
        "A et al., 2000",
    ]


def test_labels_of_the_book_are_readable():
    entries = parse_file(REPOSITORY / "book" / "references.bib", "bibtex").entries
    found = labels(entries)
    assert len(set(found)) == len(entries)
    for label, entry in zip(found, entries.values(), strict=True):
        assert entry.fields["year"] in label
        assert not set(label) & set("\\{}$")
