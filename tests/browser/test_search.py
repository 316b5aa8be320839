"""The search finds what readers look for, however they spell it."""

from __future__ import annotations

import pytest


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
        ("non-singular", "Non-singularity"),
        ("non-singular map", "Glossary"),
        ("sharpness", "The setting"),
        ("measure zero", "Measure zero"),
        ("install", "Gradient descent at the edge of stability"),
        ("pip", "Your own data"),
    ],
)
def test_search_finds(visit, words, expected):
    assert any(expected in title for title in results(visit, words))
