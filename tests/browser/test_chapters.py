"""Chapters as one reads them: proofs that fold, and how to check a statement."""

from __future__ import annotations

import pytest
from conftest import PROJECT
from visiting import NARROW, missed

_OPEN = "() => [...document.querySelectorAll('details.proof-fold')].map(fold => fold.open)"
LONG = "book/measurezero/index.html"
IN_A_PROOF = "book/saddles/normal_form.html#equation-eq-leading-rate"


def test_the_switch_opens_all_proofs_and_is_remembered(visit):
    page = visit(LONG).page
    switch = page.get_by_role("switch", name="Show all proofs")
    assert not switch.is_checked()
    switch.focus()
    page.keyboard.press("Space")
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
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.evaluate("fold => fold.open")
    assert fold.locator(".math").first.is_visible()
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.closed_in_print = document.querySelectorAll('details:not([open])').length })"
    )
    page.pdf()
    assert page.evaluate("closed_in_print") == 0
    page.wait_for_function(f"() => ({_OPEN})().filter(Boolean).length === 1")  # as before


def test_folding_does_not_wait_for_the_page_to_be_loaded(visit):
    """What is below a proof is where it stays: proofs are folded before anything is drawn."""
    opened = visit(LONG)
    opened.page.route("**/proofs.js*", lambda route: route.abort())
    opened.page.reload()
    assert not any(opened.page.evaluate(_OPEN))


def test_without_scripts_all_proofs_are_open(visit):
    page = visit(LONG, java_script_enabled=False).page
    assert page.locator("details.proof-fold[open]").count() > 5
    assert page.locator("details.proof-fold:not([open])").count() == 0
    assert page.get_by_role("switch").count() == 0


@pytest.mark.parametrize("width", [1280, NARROW])
def test_a_link_into_a_proof_opens_it_and_no_other(visit, width):
    page = visit(IN_A_PROOF, width).page
    assert missed(page) == []
    assert page.locator(":target").is_visible()
    assert page.evaluate(_OPEN).count(True) == 1
    # The same within a page, from the line below a statement.
    page = visit(LONG, width).page
    page.locator("#thm-main .statement-footer summary").click()
    page.locator("#thm-main .statement-footer a[href='#proof-thm-main']").click()
    page.wait_for_function("() => document.querySelector('#proof-thm-main').open")
    assert missed(page) == []
    # Once more, after it has been closed.
    page.locator("#proof-thm-main > summary").click()
    page.locator("#thm-main .statement-footer a[href='#proof-thm-main']").click()
    page.wait_for_function("() => document.querySelector('#proof-thm-main').open")


def test_one_who_comes_back_finds_the_proof_open(visit):
    page = visit(LONG).page
    page.locator("#proof-thm-main > summary").click()
    page.locator("#proof-thm-main a[href*='.html#']").first.click()
    page.wait_for_url("**/*.html#*")
    page.go_back()
    page.wait_for_function("() => document.querySelector('#proof-thm-main').open")
    assert page.evaluate(_OPEN).count(True) == 1


def test_the_browser_opens_a_proof_in_which_it_finds_words(visit):
    """Such an address and "find in page" unfold by the same rule of HTML."""
    page = visit(f"{LONG}#:~:text=McShane%27s").page
    page.wait_for_function(f"() => ({_OPEN})().filter(Boolean).length === 1")


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
    text = footer.inner_text()
    for label in ("thm-stable", "thm-transport", "cor-probability"):
        assert footer.locator(f"a[href$='#{label}']").count() >= 1
    assert "Rests on" in text
    assert "Used by" in text
    command = footer.locator("pre").inner_text()
    files = [word.partition("::")[0] for word in command.split() if word.startswith("tests/")]
    assert files or "make run NOTEBOOK=" in command
    assert all((PROJECT.root / file).is_file() for file in files)
