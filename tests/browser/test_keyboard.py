"""The site without a mouse."""

from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError
from visiting import NARROW, WIDE

_ONSCREEN = """() => {
    const box = document.activeElement.getBoundingClientRect()
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0
        && box.left < innerWidth
}"""
# The theme outlines the arrow in a toggle of the sidebar, not the toggle.
_MARKED = """() => {
    const focused = document.activeElement
    const look = () => [focused, ...focused.children].map(e => getComputedStyle(e))
        .map(s => [s.outline, s.boxShadow, s.borderColor, s.backgroundColor, s.color,
            s.textDecoration].join()).join()
    const before = look()
    focused.blur()
    const after = look()
    focused.focus()
    return before !== after
}"""


def test_skip_link_is_first_and_leads_to_the_content(visit):
    page = visit("book/setting/index.html").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText") == "Skip to main content"
    page.wait_for_function(_ONSCREEN)
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#main-content'")
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('#main-content')")


@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [("book/setting/index.html", WIDE, "light"), ("book/statements.html", NARROW, "dark")],
)
def test_focus_is_seen_wherever_it_goes(visit, name, width, scheme):
    page = visit(name, width, scheme).page
    unseen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        with suppress(TimeoutError):  # at the latest when the page has moved there
            page.wait_for_function(_ONSCREEN, timeout=10_000)
        if not page.evaluate(_ONSCREEN) or not page.evaluate(_MARKED):
            unseen.append(page.evaluate("document.activeElement.outerHTML"))
    assert unseen == []


def test_sidebar_of_a_phone_opens_and_closes_by_keyboard(visit):
    page = visit("book/setting/index.html", width=NARROW).page
    is_seen = """() => {
        const sidebar = document.querySelector(".bd-sidebar-primary")
        const {left, right} = sidebar.getBoundingClientRect()
        return sidebar.checkVisibility({visibilityProperty: true}) && right > 0 && left < innerWidth
    }"""
    assert not page.evaluate(is_seen)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('button.primary-toggle')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_function(is_seen)
    page.keyboard.press("Enter")
    page.wait_for_function(f"() => !({is_seen})()")


def test_what_goes_on_to_the_right_fades_until_its_end_is_seen(visit):
    page = visit("book/statements.html", NARROW).page
    fades = "e => getComputedStyle(e).maskImage !== 'none'"
    wide = page.locator(".goes-on").first.element_handle()
    assert wide.evaluate(fades)
    wide.evaluate("e => e.scrollLeft = e.scrollWidth")
    page.wait_for_function(f"e => !({fades})(e)", arg=wide)
