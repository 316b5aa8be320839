"""The plot of the first page, and what it says when its data are missing."""

from __future__ import annotations

import pytest
from conftest import press, settle
from visiting import NARROW, WIDE


@pytest.mark.parametrize("name", ["book/explorers/train.html", "book/index.html"])
def test_without_the_data_the_page_says_so(visit, name):
    page = visit(name, service_workers="block").page
    page.route("**/*.npz", lambda route: route.fulfill(status=404))
    page.reload()
    page.wait_for_function("document.querySelector('.outcome')?.textContent.includes('404')")
    assert "The data cannot be loaded" in page.locator(".outcome").inner_text()
    press(page, "Run")  # does no harm
    assert page.get_by_role("button", name="Run", exact=True).is_visible()


@pytest.mark.parametrize(("width", "height"), [(WIDE, 800), (NARROW, 844)])
def test_plot_and_slider_are_on_the_first_screen(visit, width, height):
    page = visit("book/index.html", width=width, height=height).page
    page.wait_for_selector(".explorer.is-live .slider-mark")
    for part in (".chart", "input[type=range]"):
        for box in (each.bounding_box() for each in page.locator(f".first-screen {part}").all()):
            assert box["y"] + box["height"] < height, part
    assert page.locator(".first-screen input[type=range]").bounding_box()["width"] > 250


def test_the_first_page_moves_and_crosses_the_threshold(visit):
    page = visit("book/index.html").page
    page.wait_for_function(
        "document.querySelector('.first-screen path.orbit')?.getAttribute('d')?.length > 600"
    )
    page.get_by_label("Step size η").fill("0.4")
    # On a slow machine the run may be over.
    toggle = page.locator(".first-screen button").first
    toggle.evaluate("button => button.textContent === 'Pause' && button.click()")
    page.wait_for_function(
        "document.querySelector('.outcome').textContent.startsWith('η is above ηC')"
    )


def test_where_less_motion_is_asked_for_the_first_page_stands_still(visit):
    page = visit("book/index.html", motion="reduce").page
    page.wait_for_function("document.querySelector('.outcome').textContent.includes('300 steps')")
    before = page.locator(".first-screen path.orbit").first.get_attribute("d")
    settle(page)
    assert page.locator(".first-screen path.orbit").first.get_attribute("d") == before
    page.get_by_label("Step size η").fill("0.4")
    page.wait_for_function(
        "document.querySelector('.outcome').textContent.startsWith('η is above ηC. After 300')"
    )
