from __future__ import annotations

import io

import pytest
from fontTools.ttLib import TTFont

ICONS = """
() => [...document.querySelectorAll('body *')].flatMap(element =>
  ['::before', '::after'].map(part => getComputedStyle(element, part))
    .filter(style => style.fontFamily.includes('Font Awesome') && style.content.startsWith('"'))
    .flatMap(style => [...style.content.slice(1, -1)].map(character => character.codePointAt(0))))
"""


@pytest.mark.parametrize(
    "name", ["book/index", "book/measurezero/index", "book/setting/scalar_net"]
)
def test_every_icon_is_in_the_font(visit, address, name):
    page = visit(f"{name}.html").page
    icons = set(page.evaluate(ICONS))
    folder = f"{address}_static/vendor/fontawesome/6.5.2/webfonts"
    font = TTFont(io.BytesIO(page.request.get(f"{folder}/fa-solid-900.woff").body()))
    assert len(icons) > 2
    assert icons <= set(font.getBestCmap())


def test_root_leads_to_the_first_page(visit):
    opened = visit("index.html")
    opened.page.wait_for_url("**/book/index.html")
    assert opened.complaints == []


def test_formulas_are_typeset(visit):
    page = visit("book/setting/index.html").page
    assert page.locator("mjx-container").count() > 50
    assert page.locator(".math:not(:has(mjx-container))").count() == 0


def test_statement_table_sorts_by_column_and_by_keyboard(visit):
    page = visit("book/statements.html").page
    cells = page.locator("table.sortable tbody tr td:nth-child(2)")
    heading = page.locator("table.sortable th:nth-child(2)")
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    ascending = cells.all_inner_texts()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert ascending == sorted(ascending)
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert cells.all_inner_texts() == sorted(ascending, reverse=True)


def test_evidence_leads_to_proof_and_cell(visit):
    page = visit("book/nonsingularity/index.html").page
    for text in ("proof", "cell "):
        link = page.locator(".statement-footer a", has_text=text).first
        target = link.evaluate("a => a.href")
        page.goto(target)
        anchor = target.partition("#")[2]
        assert page.locator(f"[id='{anchor}']").count() == 1
        page.go_back()


def test_map_is_a_picture_where_there_is_room_and_always_a_list(visit):
    for width, seen in ((1280, True), (390, False)):
        page = visit("book/statements.html", width).page
        assert page.locator("figure.statement-map").is_visible() == seen
        assert page.locator(".statement-list").is_visible()
    labels = page.evaluate(
        "[...document.querySelectorAll('.statement-map svg a')].map(a => a.href.baseVal)"
    )
    listed = page.evaluate(
        "[...document.querySelectorAll('.statement-list li p:first-child a')]"
        ".map(a => a.getAttribute('href'))"
    )
    assert sorted(labels) == sorted(listed)


def test_first_page_names_the_evidence_of_the_main_statements(visit):
    page = visit("book/index.html").page
    rows = page.locator(".statement-table tbody tr")
    assert rows.count() >= 8
    for row in rows.all():
        assert row.locator("a[href*='#']").count() == 1
        assert "proved" in row.locator(".badge").all_inner_texts()


def test_map_of_statements_links_to_statements(visit):
    page = visit("book/statements.html").page
    links = page.locator(".statement-map svg a")
    assert links.count() > 10
    # An SVG link's address is an animated string.
    href = links.first.evaluate("a => a.href.baseVal")
    page.goto(page.url.rpartition("/")[0] + "/" + href)
    assert page.locator(f"[id='{href.partition('#')[2]}']").count() == 1
