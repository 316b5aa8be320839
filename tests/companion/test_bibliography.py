"""Labels of the bibliography."""

from __future__ import annotations

import pytest
from pybtex.database import parse_file, parse_string

from companion.checking.checks import check_sources
from companion.project import BookError, Project
from companion.sphinx.bibliography import AuthorYearLabels
from toy import REPOSITORY, make_toy_book


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


def test_entries_and_citations_match(tmp_path):
    toy = make_toy_book(tmp_path)
    entries = "".join(f"@misc{{{key},\n}}\n" for key in ("page", "registry", "idle"))
    (tmp_path / "book/references.bib").write_text(entries)
    toy.page.write_text(toy.page.read_text() + "\nSee {cite:p}`page,missing`.\n")
    toy.write_statements({"thm-one": {"source": "{cite:t}`registry`"}})
    with pytest.raises(BookError) as refused:
        check_sources(Project(tmp_path))
    assert str(refused.value).splitlines() == [
        "references.bib: nothing cites idle; cite it or remove it",
        "references.bib: no entry missing, which is cited",
    ]
