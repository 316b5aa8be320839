"""Links land where they say, as readers follow them; test_every_page.py follows all of them."""

import pytest
from visiting import NARROW, WIDE, missed

# For each kind of target a page, a link of it, and the width of the window.
LINKS = {
    "statement": ("book/index.html", "a[href$='measurezero/index.html#thm-main']", NARROW),
    "term": ("book/index.html", "a[href*='glossary.html#term-']", WIDE),
    "folded": (
        "book/saddles/covered.html",
        "a[href$='normal_form.html#equation-eq-leading-rate']",
        NARROW,
    ),
    "cell": ("book/stability/index.html", ".published-links a:not(.download)", WIDE),
    "section": ("book/measurezero/index.html", ".bd-toc a[href='#transport']", WIDE),
}
# Anchors of the same kinds of elements.
MORE = {
    "figure": ("book/measurezero/preimages.html", "a[href*='index.html#fig-']", WIDE),
    "claim": ("book/claims/evidence.html", "a[href*='index.html#claim-']", NARROW),
    "exercise": ("book/nonsingularity/index.html", "a[href*='exercises.html#exercise-']", WIDE),
    "symbol": ("book/notation.html", "a[href*='index.html#']", NARROW),
    "work": ("book/measurezero/index.html", "a[href*='bibliography.html#']", NARROW),
}


def arrive(page, selector: str) -> None:
    """Follow a link of the page that is open, as readers do."""
    page.locator(f":visible:is({selector})").first.click()
    page.wait_for_function("() => location.hash.length > 1 && document.readyState === 'complete'")


@pytest.mark.parametrize(
    ("name", "selector", "width"),
    [*LINKS.values(), *(pytest.param(*link, marks=pytest.mark.slow) for link in MORE.values())],
    ids=[*LINKS, *MORE],
)
def test_a_click_ends_at_the_target(visit, name, selector, width):
    page = visit(name, width).page
    arrive(page, selector)
    assert missed(page) == []


def test_reload_and_back_end_at_the_target(visit):
    page = visit("book/statements.html", NARROW).page
    arrive(page, "a[href$='saddles/covered.html#thm-origin']")
    page.reload()
    assert missed(page) == []
    page.goto(page.url.partition("/book/")[0] + "/book/cite.html")
    page.go_back()
    assert missed(page) == []
    # Readers who want no motion land there, too.
    page = visit("book/saddles/covered.html#thm-origin", motion="reduce").page
    assert missed(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(
    "place",
    [
        "measurezero/index.html#ex-tie",
        "stability/index.html#proof-thm-unstable",
        "saddles/normal_form.html#equation-eq-leading-rate",
    ],
)
def test_a_long_page_stands_still_on_a_slow_machine(visit, place, width):
    page = visit(f"book/{place}", width, slowness=4).page
    assert page.evaluate("window.shifted") < 0.1
