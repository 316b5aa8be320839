"""The registry of claims: what it refuses, and what a page shows of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from companion.checking.claims import VERDICTS, check_claims, fingerprint, occurs, read_claims
from companion.project import Project
from toy import REPOSITORY, ToyBook

TEXT = "It is known that two is an even number; so is $2 + 2$, and every number is _odd_ or even."
CLAIM = {
    "title": "Two",
    "in": ["tract"],
    "quote": "two is an even number … every number is odd",
    "verdict": "corrected",
    "reason": "It holds, with {number}`answer:.0f` in mind; see {ref}`claim-other`.",
    "statements": ["thm-two"],
    "cells": ["book/toy/lines.ipynb#draw-line"],
}
OTHER = {**CLAIM, "title": "Four", "quote": "so is $2+2$, and", "verdict": "holds"}
PAGE = """
## Claims

{claim-count}`all` claims, {claim-count}`refuted` of them refuted.

```{claim-verdicts}
```

```{claim-table}
```

```{claim-list} tract
```
"""


def write_claims(toy: ToyBook, *, sources: object = None, **changes: object) -> None:
    """Write two claims, the first one with some entries changed, or left out (None)."""
    first = {key: value for key, value in {**CLAIM, **changes}.items() if value is not None}
    registry = {"sources": sources or {"tract": "a tract"}, "claims": {"one": first}}
    registry["claims"]["other"] = OTHER
    (toy.root / "book/claims.yml").write_text(yaml.safe_dump(registry, sort_keys=False))


@pytest.fixture
def claimed(toy: ToyBook, build) -> ToyBook:
    """A toy book with claims; their source is known by its fingerprint alone."""
    write_claims(toy)
    source = toy.root.parent / "tract.txt"
    source.write_text(TEXT)
    assert build("fingerprint", "tract", str(source)) == 0
    toy.page.write_text(toy.page.read_text(encoding="utf-8") + PAGE, encoding="utf-8")
    return toy


def test_page_shows_entries_counts_and_links(claimed, build):
    assert build() == 0
    page = (claimed.site / "book/toy/index.html").read_text(encoding="utf-8")
    assert '<span class="number">2</span> claims, <span class="number">0</span> of' in page
    assert 'id="claim-one"' in page
    assert 'href="#claim-one"' in page
    assert '<span class="std std-ref">claim 2</span>' in page
    assert '<span class="number">42</span> in mind' in page
    assert 'class="badge verdict-corrected"' in page
    assert 'href="lines.html#cell-draw-line"' in page
    assert 'href="#thm-two"' in page


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"quote": "two is an odd number"}, "one: tract does not say 'two is an odd number'"),
        ({"quote": "every number is odd … two is an even number"}, "one: tract does not say"),
        ({"quote": "two is an even number … or even"}, "or not in 3 words or more"),
        ({"quote": "known that every number is odd"}, "one: tract does not say"),
        ({"quote": None}, "one: 'quote' is a required property"),
        (
            {"verdict": "true"},
            "one.verdict: 'true' is not one of ['holds', 'holds with hypothesis'",
        ),
        ({"in": ["sermon"]}, "one: source 'sermon' is not among the sources"),
        ({"in": []}, "one.in: [] should be non-empty; at least one source needed"),
        ({"reason": " "}, "one.reason: ' ' does not match"),
        ({"title": None}, "one: 'title' is a required property"),
        ({"statements": ["thm-three"]}, "one: statement thm-three is not registered"),
        ({"statements": None}, "one: the verdict 'corrected' needs a statement"),
        ({"cells": None}, "one: the verdict 'corrected' needs a cell"),
        ({"cells": None, "verdict": "refuted"}, "one: the verdict 'refuted' needs a cell"),
        ({"cells": ["book/toy/lines.ipynb#draw-curve"]}, "draw-curve does not exist"),
        ({"cells": ["book/toy/curves.ipynb#draw-line"]}, "curves.ipynb#draw-line does not exist"),
        (
            {"veridct": "holds"},
            "one: Additional properties are not allowed ('veridct' was unexpected)",
        ),
    ],
)
def test_broken_claim(claimed, refused, changes, message):
    write_claims(claimed, **changes)
    assert message in refused()


def test_source_without_fingerprint(claimed, refused):
    write_claims(claimed, sources={"tract": "a tract", "sermon": "a sermon"}, **{"in": ["sermon"]})
    assert "one: sermon has no fingerprint book/claims/fingerprints/sermon.txt" in refused()


def test_reason_that_refers_to_no_claim(claimed, refused):
    write_claims(claimed, reason="See {ref}`claim-third`.")
    assert "claim-third" in refused()


def test_claim_that_no_list_shows(claimed, refused):
    claimed.edit(claimed.page, "```{claim-list} tract\n```", "")
    assert "claim-one" in refused()


def test_count_of_an_unknown_verdict(claimed, refused):
    claimed.edit(claimed.page, "{claim-count}`refuted`", "{claim-count}`doubtful`")
    assert "no verdict 'doubtful'" in refused()


def test_list_of_an_unknown_source(claimed, refused):
    claimed.edit(claimed.page, "{claim-list} tract", "{claim-list} tract sermon")
    assert "sermon: no such source in claims.yml" in refused()


def test_a_judgement_that_cannot_be_made_needs_neither_statement_nor_cell(claimed):
    write_claims(claimed, verdict="cannot be judged", statements=None, cells=None)
    check_claims(Project(claimed.root))


def test_quotation_ignores_case_punctuation_and_mark_up():
    whole = fingerprint(TEXT)
    assert occurs("Known that TWO is an *even* number", whole)
    assert occurs(r"so is \(2 + 2\), and", whole)
    assert occurs("odd or even", whole)
    assert not occurs("odd or uneven", whole)
    assert not occurs("even number", whole)  # two words could be anybody's
    assert not occurs("", whole)


def test_fingerprint_does_not_hold_the_text():
    assert set(fingerprint(TEXT)) <= set("0123456789abcdef ")


def test_every_verdict_has_a_colour():
    sheet = Path(REPOSITORY / "book/_static/book.css").read_text(encoding="utf-8")
    for verdict in VERDICTS:
        assert f".verdict-{verdict.replace(' ', '-')} " in sheet


def test_claims_of_the_book():
    project = Project(REPOSITORY)
    check_claims(project)
    registry = read_claims(project.claims)
    assert {source for claim in registry.claims for source in claim.sources} == set(
        registry.sources
    )
    assert len({claim.verdict for claim in registry.claims}) == len(VERDICTS)
