"""Links land where they say, as readers follow them; test_every_page.py follows all of them."""

from __future__ import annotations

import pytest
from inspection import MISSED, NARROW, WIDE

# A page, and a link of it for each kind of target.
LINKS = {
    "statement": ("book/index.html", "a[href$='measurezero/index.html#thm-main']"),
    "far statement": ("book/statements.html", "a[href$='saddles/covered.html#thm-origin']"),
    "figure": ("book/measurezero/preimages.html", "a[href*='index.html#fig-']"),
    "claim": ("book/claims/evidence.html", "a[href*='index.html#claim-']"),
    "exercise": ("book/nonsingularity/index.html", "a[href*='exercises.html#exercise-']"),
    "symbol": ("book/notation.html", "a[href*='index.html#']"),
    "term": ("book/index.html", "a[href*='glossary.html#term-']"),
    "folded": ("book/saddles/covered.html", "a[href$='normal_form.html#equation-eq-leading-rate']"),
    "cell": ("book/stability/index.html", ".published-links a:not(.download)"),
    "work": ("book/measurezero/index.html", "a[href*='bibliography.html#']"),
    "section": ("book/measurezero/index.html", ".bd-toc a[href='#transport']"),
}


def arrive(page, selector: str) -> None:
    """Follow a link of the page that is open, as readers do."""
    page.locator(f":visible:is({selector})").first.click()
    page.wait_for_function("() => location.hash.length > 1 && document.readyState === 'complete'")


@pytest.mark.parametrize(
    ("kind", "width"),
    [
        *((kind, WIDE) for kind in LINKS),
        *((kind, NARROW) for kind in ("statement", "term", "folded")),
    ],
)
def test_a_click_ends_at_the_target(visit, kind, width):
    name, selector = LINKS[kind]
    page = visit(name, width).page
    arrive(page, selector)
    assert page.evaluate(MISSED) == []


def test_reload_and_back_end_at_the_target(visit):
    page = visit("book/statements.html", NARROW).page
    arrive(page, LINKS["far statement"][1])
    page.reload()
    assert page.evaluate(MISSED) == []
    page.goto(page.url.partition("/book/")[0] + "/book/cite.html")
    page.go_back()
    assert page.evaluate(MISSED) == []
    # Readers who want no motion land there, too.
    page = visit("book/saddles/covered.html#thm-origin", motion="reduce").page
    assert page.evaluate(MISSED) == []


def test_a_result_of_the_search_is_where_it_says(visit):
    page = visit("search.html?q=Theorem 5.2", NARROW).page
    page.locator("ul.search li a", has_text="Theorem 5.2").click()
    page.wait_for_url("**/measurezero/index.html*#thm-main")
    assert page.evaluate(MISSED) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    "place",
    [
        "measurezero/index.html",
        "measurezero/index.html#ex-tie",
        "stability/index.html",
        "stability/index.html#proof-thm-unstable",
        "past/ellipse.html#thm-basin",
        "saddles/normal_form.html#equation-eq-leading-rate",
    ],
)
def test_a_long_page_stands_still_on_a_slow_machine(visit, place, width):
    page = visit(f"book/{place}", width, slowness=4).page
    assert page.evaluate("window.shifted") < 0.1
