"""Previews of what a link leads to: by pointer and keyboard, for each kind of target."""

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
        ("index", "a[href$='#thm-main']", "The transition", "light"),
        ("index", "a[href$='#term-sharpness']", "largest eigenvalue", "light"),
        ("setting/index", "a.internal[href='#equation-eq-loss']", "(1.2)", "dark"),
        ("nonsingularity/depths", "a[href$='#exercise-one-layer']", "Exercise", "light"),
        ("stability/index", "a[href$='#fig-slack-line']", "slack line", "dark"),
    ],
)
def test_focus_shows_the_target_typeset_and_escape_closes_it(visit, name, selector, shown, scheme):
    opened = visit(f"book/{name}.html", scheme=scheme)
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
    assert tip.locator("[id], mjx-merror").count() == 0
    broken = "all => all.filter(i => i.checkVisibility() && i.complete && !i.naturalWidth).length"
    assert tip.locator("img").evaluate_all(broken) == 0
    box = tip.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    page.keyboard.press("Escape")
    assert tip.count() == 0
    assert link.get_attribute("aria-describedby") is None
    assert link.evaluate("a => a === document.activeElement")
    assert opened.complaints == []


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


def test_what_cannot_be_fetched_has_no_preview(visit, browser):
    """Neither from a host that does not have it, nor from files, which may not ask for others."""
    opened = visit("book/index.html")
    opened.page.route("**/measurezero/**", lambda route: route.fulfill(status=404, body="gone"))
    with opened.page.expect_response("**/measurezero/**"):
        focused(opened.page, "a[href$='#thm-main']")
    with browser.new_page() as files:
        files.goto((SITE / "book" / "index.html").as_uri())
        wrong = []  # from now on: what the theme has to say about files is not ours
        files.on("console", lambda message: wrong.append(message.text))
        focused(files, "a[href$='#thm-main']")
        for page in (opened.page, files):
            settle(page)
            assert page.locator(TIP).count() == 0
        assert wrong == []
    assert [text for text in opened.complaints if text.startswith("script error")] == []


def test_taps_follow_links(visit):
    page = visit("book/index.html", NARROW, has_touch=True, is_mobile=True).page
    page.locator(".bd-article a[href$='#thm-main']").first.tap()
    page.wait_for_url("**/measurezero/index.html#thm-main")
    assert page.locator(TIP).count() == 0
