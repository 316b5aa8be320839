"""Chapters as one reads them: proofs folded, every page short, a picture every few screens."""

from __future__ import annotations

import pytest
import yaml
from conftest import PROJECT
from inspection import MISSED, NARROW

PARTS = yaml.safe_load((PROJECT.root / "_toc.yml").read_text(encoding="utf-8"))["parts"]
CHAPTER_PAGES = [
    f"{item['file']}.html"
    for part in PARTS
    if part["caption"] == "Chapters"
    for entry in part["chapters"]
    for item in (entry, *entry.get("sections", ()))
    if (PROJECT.root / f"{item['file']}.md").is_file()
]
MOST_WORDS = 3000
MOST_SCREENS = 3.6  # without a picture, 900 pixels each
# The audit of claims quotes and judges; it has no proofs to fold, and is read entry by entry.
MEASURED = [name for name in CHAPTER_PAGES if "claims" not in name]

# A formula counts as one word, a displayed one as ten, about a line of text.
_WORDS = """article => {
    const seen = [...article.querySelectorAll("mjx-container")].filter(e => e.checkVisibility())
    for (const formula of seen) formula.style.display = "none"
    const words = article.innerText.split(/\\s+/).filter(Boolean).length
    return seen.reduce((sum, e) => sum + (e.getAttribute("display") ? 10 : 1), words)
}"""
# The longest way between two pictures, or to an end of the page.
_LONGEST_WAY = """article => {
    const {top, bottom} = article.getBoundingClientRect()
    const pictures = [...article.querySelectorAll("figure.published")]
        .map(figure => figure.getBoundingClientRect())
    const ends = [...pictures.map(box => box.top), bottom]
    const beginnings = [top, ...pictures.map(box => box.bottom)]
    return Math.max(...ends.map((end, i) => end - beginnings[i]))
}"""
_FOLDS = "details.proof-fold"
_OPEN = "() => [...document.querySelectorAll('details.proof-fold')].map(fold => fold.open)"
LONG = "book/measurezero/index.html"
IN_A_PROOF = "book/saddles/normal_form.html#equation-eq-leading-rate"


@pytest.mark.parametrize("name", MEASURED)
def test_a_page_is_short_while_its_proofs_are_folded_and_has_pictures(visit, name):
    page = visit(name).page
    assert not any(page.evaluate(_OPEN))
    article = page.locator(".bd-article")
    if "owndata" not in name:  # a manual, with tables and commands
        assert article.evaluate(_LONGEST_WAY) <= MOST_SCREENS * page.viewport_size["height"]
    assert article.evaluate(_WORDS) <= MOST_WORDS


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


def test_a_proof_opens_by_keyboard_and_tells_its_idea_before(visit):
    page = visit(LONG).page
    fold = page.locator("#proof-thm-main")
    assert "flattest minimizers are stable" in fold.inner_text()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.evaluate("fold => fold.open")
    assert fold.locator(".math").first.is_visible()


def test_folding_does_not_wait_for_the_page_to_be_loaded(visit):
    """What is below a proof is where it stays: proofs are folded before anything is drawn."""
    opened = visit(LONG)
    opened.page.route("**/proofs.js*", lambda route: route.abort())
    opened.page.reload()
    assert not any(opened.page.evaluate(_OPEN))


def test_without_scripts_all_proofs_are_open(visit):
    page = visit(LONG, java_script_enabled=False).page
    for fold in page.locator(_FOLDS).all():
        assert fold.get_attribute("open") is not None
    assert page.get_by_role("switch").count() == 0


def test_on_paper_all_is_open_and_afterwards_as_before(visit):
    page = visit(LONG).page
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        " window.closed_in_print = document.querySelectorAll('details:not([open])').length })"
    )
    page.pdf()
    assert page.evaluate("closed_in_print") == 0
    page.wait_for_function(f"() => !({_OPEN})().some(Boolean)")


@pytest.mark.parametrize("width", [1280, NARROW])
def test_a_link_into_a_proof_opens_it_and_no_other(visit, width):
    page = visit(IN_A_PROOF, width).page
    assert page.evaluate(MISSED) == []
    assert page.locator(":target").is_visible()
    assert page.evaluate(_OPEN).count(True) == 1
    # The same within a page, from the line below a statement.
    page = visit(LONG, width).page
    page.locator("#thm-main .statement-footer summary").click()
    page.locator("#thm-main .statement-footer a[href='#proof-thm-main']").click()
    page.wait_for_function("() => document.querySelector('#proof-thm-main').open")
    assert page.evaluate(MISSED) == []
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
