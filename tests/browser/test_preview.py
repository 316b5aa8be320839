"""Previews of what a link leads to: by pointer and keyboard, for each kind of target."""

from __future__ import annotations

import pytest
from conftest import SITE, settle
from visiting import NARROW

TIP = "#link-preview"


def focused(page, selector: str):
    """Reach the first such link by keyboard, as far as the browser can tell."""
    link = page.locator(f".bd-article {selector}").first
    page.keyboard.press("Tab")  # from now on the browser takes focus for the keyboard's
    link.focus()
    return link


@pytest.mark.parametrize(
    ("name", "selector", "shown", "scheme"),
    [
        ("book/index.html", "a[href$='#thm-main']", "The transition", "light"),
        ("book/index.html", "a[href$='#term-sharpness']", "largest eigenvalue", "light"),
        ("book/setting/index.html", "a.internal[href='#equation-eq-loss']", "(1.2)", "dark"),
        ("book/nonsingularity/depths.html", "a[href$='#exercise-one-layer']", "Exercise", "light"),
        ("book/stability/index.html", "a[href$='#fig-slack-line']", "slack line", "light"),
        ("book/stability/index.html", "a[href$='#fig-slack-line']", "slack line", "dark"),
    ],
    ids=["statement", "term", "equation", "exercise", "figure", "dark figure"],
)
def test_focus_shows_the_target_typeset(visit, name, selector, shown, scheme):
    opened = visit(name, scheme=scheme)
    page = opened.page
    link = focused(page, selector)
    tip = page.locator(TIP)
    tip.wait_for()
    page.wait_for_function(
        "() => !document.querySelector('#link-preview .math:not(:has(mjx-container))')"
    )
    assert shown in tip.inner_text()
    assert link.get_attribute("aria-describedby") == tip.get_attribute("id")
    assert tip.get_attribute("role") == "tooltip"
    assert page.evaluate("[...document.querySelectorAll('#link-preview [id]')].length") == 0
    broken = "i => i.checkVisibility() && i.complete && !i.naturalWidth"
    assert (
        page.evaluate(f"[...document.querySelectorAll('#link-preview img')].filter({broken})") == []
    )
    assert page.locator("mjx-merror").count() == 0
    box, view = tip.bounding_box(), page.viewport_size
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= view["width"]
    assert opened.complaints == []


def test_escape_and_leaving_close(visit):
    page = visit("book/index.html").page
    link = focused(page, "a[href$='#thm-main']")
    page.locator(TIP).wait_for()
    page.keyboard.press("Escape")
    assert page.locator(TIP).count() == 0
    assert link.get_attribute("aria-describedby") is None
    assert link.evaluate("a => a === document.activeElement")
    focused(page, "a[href$='#thm-flattest']")
    page.locator(TIP).wait_for()
    page.keyboard.press("Tab")
    page.wait_for_function("() => !document.activeElement.matches(\"[href$='#thm-flattest']\")")
    assert "flattest" not in "".join(page.locator(TIP).all_inner_texts())


def test_pointer_may_enter_a_preview_and_proofs_have_none(visit):
    page = visit("book/index.html").page
    page.locator(".bd-article a[href$='#thm-main']").first.hover()
    tip = page.locator(TIP)
    tip.wait_for()
    tip.hover()
    page.evaluate("new Promise(resolve => setTimeout(resolve, 600))")  # in turn with its timers
    assert tip.count() == 1
    page.mouse.move(2, 2)
    page.wait_for_function("() => !document.querySelector('#link-preview')")
    # Proofs have none: they are longer than a preview.
    page = visit("book/measurezero/index.html").page
    page.locator("#thm-main .statement-footer summary").click()
    focused(page, "a.internal[href='#proof-thm-main']")
    settle(page)
    assert page.locator(TIP).count() == 0


def test_a_page_that_cannot_be_fetched_is_no_error(visit):
    opened = visit("book/index.html")
    page = opened.page
    page.route("**/measurezero/**", lambda route: route.fulfill(status=404, body="gone"))
    with page.expect_response("**/measurezero/**"):
        focused(page, "a[href$='#thm-main']")
    settle(page)
    assert page.locator(TIP).count() == 0
    assert [text for text in opened.complaints if text.startswith("script error")] == []


def test_from_files_pages_do_not_ask_for_each_other(browser):
    page = browser.new_page()
    wrong = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((SITE / "book" / "index.html").as_uri())
    wrong.clear()  # what the theme has to say about files is not ours
    focused(page, "a[href$='#thm-main']")
    settle(page)
    assert page.locator(TIP).count() == 0
    assert wrong == []
    page.close()


def test_taps_follow_links(visit):
    page = visit("book/index.html", NARROW, has_touch=True, is_mobile=True).page
    page.locator(".bd-article a[href$='#thm-main']").first.tap()
    page.wait_for_url("**/measurezero/index.html#thm-main")
    assert page.locator(TIP).count() == 0
