"""The search finds what readers look for, however they spell it."""

from __future__ import annotations

import pytest
from inspection import violations


def results(visit, words: str) -> list[str]:
    opened = visit(f"search.html?q={words}")
    opened.page.wait_for_selector("ul.search li a")
    # Results come in one by one; the summary stands above them when all are there.
    opened.page.wait_for_function(
        "() => /found/i.test(document.querySelector('.search-summary')?.textContent ?? '')"
    )
    assert opened.complaints == []
    return opened.page.locator("ul.search li a").all_inner_texts()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Łojasiewicz", "Lyapunov stability"),
        ("Lojasiewicz", "Lyapunov stability"),
        ("łojasiewicz inequality", "Glossary"),
        ("Craciun", "The setting"),
        ("non-singular map", "Glossary"),
        ("install", "Gradient descent at the edge of stability"),
        ("Theorem 5.2", "5. Measure zero > Theorem 5.2"),
        ("Figure 5.3", "5. Measure zero > Figure 5.3"),
        ("fig. 5.3", "5. Measure zero > Fig. 5.3"),
    ],
)
def test_search_finds(visit, words, expected):
    found = results(visit, words)
    # What has a number is found by it, before all else.
    assert any(expected in title for title in (found[:1] if "." in words else found))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_results_can_be_read(visit, scheme):
    page = visit("search.html?q=sharpness", scheme=scheme).page
    page.wait_for_selector("ul.search li .context .highlighted")
    page.wait_for_load_state("networkidle")
    shown = page.locator("#search-results").inner_text()
    assert "λmax" in shown
    assert not set("\\$") & set(shown)
    assert violations(page) == []


def test_the_magnifier_stands_before_the_words(visit):
    page = visit("search.html?q=sharpness").page
    page.locator(".bd-article input[name=q], .bd-search-container input[name=q]").first.wait_for()
    gap = page.evaluate("""() => {
        const form = document.querySelector(".bd-search-container form.bd-search, .bd-article form")
        const input = form.querySelector("input"), box = input.getBoundingClientRect()
        const words = box.left + parseFloat(getComputedStyle(input).paddingLeft)
        return words - form.querySelector(".fa-magnifying-glass").getBoundingClientRect().right
    }""")
    assert gap >= 2
