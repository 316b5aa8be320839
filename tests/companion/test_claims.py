"""The registry of claims: quotations, verdicts, and what a page shows of them.

What it refuses is in test_broken_sources.
"""

from __future__ import annotations

from companion.checking.claims import VERDICTS, fingerprint, occurs, read_claims
from companion.project import Project
from toy import REPOSITORY, TRACT


def test_page_shows_entries_counts_and_links(built_once):
    page = (built_once.site / "book/toy/apparatus.html").read_text(encoding="utf-8")
    for part in (
        '<span class="number">2</span> claims, <span class="number">0</span> of',
        'id="claim-one"',
        'href="#claim-one"',
        '<span class="std std-ref">claim 2</span>',
        '<span class="number">42</span> in mind',
        'class="badge verdict-corrected"',
        'href="lines.html#cell-draw-line"',
        'href="index.html#thm-two"',
    ):
        assert part in page


def test_quotation_ignores_case_punctuation_and_mark_up():
    whole = fingerprint(TRACT)
    assert set(whole) <= set("0123456789abcdef ")  # nothing of the text itself
    assert occurs("Known that TWO is an *even* number", whole)
    assert occurs(r"so is \(2 + 2\), and", whole)
    assert occurs("odd or even", whole)
    assert not occurs("odd or uneven", whole)
    assert not occurs("even number", whole)  # two words could be anybody's
    assert not occurs("", whole)


def test_every_verdict_has_a_colour_and_a_claim_of_the_book():
    sheet = (REPOSITORY / "book/_static/book.css").read_text(encoding="utf-8")
    for verdict in VERDICTS:
        assert f".verdict-{verdict.replace(' ', '-')} " in sheet
    registry = read_claims(Project(REPOSITORY).claims)
    cited = {source for claim in registry.claims for source in claim.sources}
    assert cited == set(registry.sources)
    assert {claim.verdict for claim in registry.claims} == set(VERDICTS)
