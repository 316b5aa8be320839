"""The site without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import TimeoutError

_NAME = """() => {
    const element = document.activeElement
    return `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 30)}`
}"""
_ONSCREEN = """() => {
    const box = document.activeElement.getBoundingClientRect()
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0
        && box.left < innerWidth
}"""
_OUTLINED = """() => {
    // The theme outlines the arrow in a toggle of the sidebar, not the toggle.
    const element = document.activeElement
    return [element, ...element.children].map(e => getComputedStyle(e))
        .some(s => s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 1)
}"""
_LOOK = """element => {
    const style = getComputedStyle(element)
    return [style.outline, style.boxShadow, style.borderColor, style.backgroundColor,
            style.color, style.textDecoration].join("|")
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
    [("book/setting/index.html", 1280, "light"), ("book/statements.html", 390, "dark")],
)
def test_focus_is_seen_wherever_it_goes(visit, name, width, scheme):
    page = visit(name, width, scheme).page
    unseen = []
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        if not page.evaluate(_ONSCREEN) and not _comes_on_screen(page):
            unseen.append(f"off the screen: {page.evaluate(_NAME)}")
        elif not page.evaluate(_OUTLINED):
            element = page.evaluate_handle("document.activeElement").as_element()
            name, focused = page.evaluate(_NAME), element.evaluate(_LOOK)
            element.evaluate("element => element.blur()")
            at_rest = element.evaluate(_LOOK)
            element.focus()
            if at_rest == focused:
                unseen.append(f"looks the same: {name}")
    assert unseen == []


def test_sidebar_of_a_phone_opens_and_closes_by_keyboard(visit):
    page = visit("book/setting/index.html", width=390).page
    sidebar = page.locator(".bd-sidebar-primary")
    assert not page.evaluate(_IN_VIEW, sidebar.element_handle())
    _tab_to(page, "button.primary-toggle")
    page.keyboard.press("Enter")
    page.wait_for_function(_IN_VIEW, arg=sidebar.element_handle())
    page.keyboard.press("Enter")
    page.wait_for_function(f"element => !({_IN_VIEW})(element)", arg=sidebar.element_handle())


_IN_VIEW = """element => {
    const box = element.getBoundingClientRect()
    return element.checkVisibility({visibilityProperty: true}) && box.right > 0
        && box.left < innerWidth
}"""


def _comes_on_screen(page) -> bool:
    """Whether what has the focus is in the window, at the latest when it has moved there."""
    try:
        page.wait_for_function(_ONSCREEN, timeout=10_000)
    except TimeoutError:
        return False
    return True


def _tab_to(page, selector: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached with the Tab key")


def test_what_goes_on_to_the_right_fades_until_its_end_is_seen(visit):
    page = visit("book/statements.html", 390).page
    going_on = page.locator(".goes-on").first
    wide = going_on.element_handle()
    assert going_on.evaluate("e => getComputedStyle(e).maskImage") != "none"
    wide.evaluate("e => e.scrollLeft = e.scrollWidth")
    page.wait_for_function("e => !e.classList.contains('goes-on')", arg=wide)
    assert wide.evaluate("e => getComputedStyle(e).maskImage") == "none"
