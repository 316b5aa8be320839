"""Chapters as one reads them: proofs that fold, and how to check a statement."""

import pytest
from visiting import NARROW, WIDE, missed

_OPEN = "() => [...document.querySelectorAll('details.proof-fold')].map(fold => fold.open)"
_MAIN_IS_OPEN = "() => document.querySelector('#proof-thm-main').open"
LONG = "book/measurezero/index.html"
IN_A_PROOF = "book/saddles/normal_form.html#equation-eq-leading-rate"


def test_the_switch_opens_all_proofs_and_is_remembered(visit):
    page = visit(LONG).page
    switch = page.get_by_role("switch", name="Show all proofs")
    assert not switch.is_checked()
    switch.press("Space")
    assert all(page.evaluate(_OPEN))
    page.goto(page.url.replace("measurezero", "stability"))
    assert all(page.evaluate(_OPEN))
    assert switch.is_checked()
    switch.uncheck()
    page.reload()
    assert not any(page.evaluate(_OPEN))
    # A page without proofs has no switch.
    assert visit("book/cite.html").page.get_by_role("switch").count() == 0


def test_a_proof_opens_by_keyboard_and_all_of_them_on_paper(visit):
    page = visit(LONG).page
    assert not any(page.evaluate(_OPEN))
    fold = page.locator("#proof-thm-main")
    assert "flattest minimizers are stable" in fold.inner_text()
    fold.locator("summary").press("Enter")
    assert fold.locator(".math").first.is_visible()
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.closed_in_print = document.querySelectorAll('details:not([open])').length })"
    )
    page.pdf()
    assert page.evaluate("closed_in_print") == 0
    page.wait_for_function(f"() => ({_OPEN})().filter(Boolean).length === 1")  # as before


def test_without_scripts_all_proofs_are_open_and_formulas_typeset(visit):
    page = visit(LONG, java_script_enabled=False).page
    assert page.locator("details.proof-fold[open]").count() > 5
    assert page.locator("details.proof-fold:not([open])").count() == 0
    assert page.get_by_role("switch").count() == 0
    assert page.locator("mjx-container").count() > 50
    assert page.locator(".math:not(:has(mjx-container))").count() == 0


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_link_into_a_proof_opens_it_and_no_other(visit, width):
    page = visit(IN_A_PROOF, width).page
    assert missed(page) == []
    assert page.locator(":target").is_visible()
    assert page.evaluate(_OPEN).count(True) == 1
    # The same within a page, from the line below a statement.
    page = visit(LONG, width).page
    page.locator("#thm-main .statement-footer summary").click()
    link = page.locator("#thm-main .statement-footer a[href='#proof-thm-main']")
    link.click()
    page.wait_for_function(_MAIN_IS_OPEN)
    assert missed(page) == []
    # Once more, after it has been closed.
    page.locator("#proof-thm-main > summary").click()
    link.click()
    page.wait_for_function(_MAIN_IS_OPEN)
    # One who leaves and comes back finds it open.
    page.locator("#proof-thm-main a[href*='.html#']").first.click()
    page.wait_for_url("**/*.html#*")
    page.go_back()
    page.wait_for_function(_MAIN_IS_OPEN)
    assert page.evaluate(_OPEN).count(True) == 1


def test_words_that_were_searched_for_are_not_left_in_a_folded_proof(visit):
    page = visit("search.html?q=McShane").page  # a name in one proof only
    page.locator("ul.search li a").first.click()
    page.wait_for_selector("span.highlighted", state="attached")
    page.wait_for_function("() => document.querySelector('span.highlighted').checkVisibility()")


def test_a_statement_says_in_one_line_how_to_check_it(visit):
    page = visit(LONG).page
    assert page.locator("div.theorem > .statement-footer > summary").count() == 2
    footer = page.locator("#thm-main .statement-footer")
    assert footer.inner_text().split("\n") == ["Check this: proved sampled"]
    footer.locator("summary").click()
    for label in ("thm-stable", "thm-transport", "cor-probability"):
        assert footer.locator(f"a[href$='#{label}']").count() >= 1
    assert "make run NOTEBOOK=" in footer.locator("pre").inner_text()
