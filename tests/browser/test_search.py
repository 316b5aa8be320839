"""The search finds what readers look for, however they spell it."""

import pytest
from inspection import violations
from visiting import NARROW, SCHEMES, all_results, missed, show

RESULTS = "ul.search li a"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Łojasiewicz", "Lyapunov stability"),
        ("lojasiewicz", "Lyapunov stability"),
        ("łojasiewicz inequality", "Glossary"),
        ("Craciun", "The setting"),
        ("non-singular map", "Glossary"),
        ("install", "Gradient descent at the edge of stability"),
        ("Figure 5.3", "5. Measure zero > Figure 5.3"),
        ("fig. 5.3", "5. Measure zero > Fig. 5.3"),
    ],
)
def test_search_finds(visit, words, expected):
    opened = visit(f"search.html?q={words}")
    results = opened.page.locator(RESULTS)
    results.get_by_text(expected).first.wait_for()
    # What has a number is found by it, before all else.
    assert "." not in words or expected in results.first.inner_text()
    assert opened.complaints == []


def test_a_result_of_the_search_is_where_it_says(visit):
    page = visit("search.html?q=Theorem 5.2", NARROW).page
    page.locator(RESULTS).first.wait_for()
    assert "5. Measure zero > Theorem 5.2" in page.locator(RESULTS).first.inner_text()
    page.locator(RESULTS, has_text="Theorem 5.2").click()
    page.wait_for_url("**/measurezero/index.html*#thm-main")
    assert missed(page) == []


def test_results_can_be_read(visit):
    opened = visit("search.html?q=sharpness")
    page = opened.page
    page.wait_for_selector("ul.search li .context .highlighted")
    all_results(page)
    shown = page.locator("#search-results").inner_text()
    assert "λmax" in shown
    assert not set("\\$") & set(shown)
    for scheme in SCHEMES:
        show(page, scheme=scheme)
        assert violations(page) == [], scheme
    gap = page.evaluate("""() => {
        const form = document.querySelector(".bd-search-container form.bd-search, .bd-article form")
        const input = form.querySelector("input"), box = input.getBoundingClientRect()
        const words = box.left + parseFloat(getComputedStyle(input).paddingLeft)
        return words - form.querySelector(".fa-magnifying-glass").getBoundingClientRect().right
    }""")
    assert gap >= 2  # between the magnifier and the words
    assert opened.complaints == []
