"""The explorer of the slack line in Chromium."""

from __future__ import annotations

from conftest import outcome, settle


def test_far_out_on_the_line_the_sharpness_is_the_same(explore):
    page = explore("slack_line", "#T=0&eta=0.3&logdelta=-2")
    assert "|θ| = 1.732, sharpness 6: below 2/η" in outcome(page)
    page.get_by_label("Weight T").focus()
    page.keyboard.press("End")
    text = outcome(page)
    assert "|θ| = 1000, sharpness 6: below 2/η = 6.67, so this minimizer is stable." in text
    assert "But δ = 0.01 is too large a shift" in text
    other = page.locator(".chart").first.locator(".here:not(.filled)")
    assert other.get_attribute("visibility") is None  # on the other way, at this norm
    page.get_by_label("Shift δ").focus()
    page.keyboard.press("Home")  # 1e-7: near enough, even here
    assert outcome(page).endswith("stays near.")


def test_beyond_a_third_the_line_is_unstable(explore):
    page = explore("slack_line", "#T=3&eta=0.34")
    assert "above 2/η = 5.88, so this minimizer is unstable" in outcome(page)


def test_the_point_of_norm_and_shift_is_moved(explore):
    page = explore("slack_line", "#T=10&eta=0.3&logdelta=-2")
    handle = page.get_by_role("slider", name="Norm and shift")
    handle.focus()
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        settle(page)
    assert handle.get_attribute("aria-valuetext") == "T = 13.5, δ = 0.0126"
    # A click on green finds a shift that stays near, one above the green a shift that does not.
    chart = page.locator(".chart", has=handle)
    box = chart.locator(".stays").evaluate("path => path.getBBox().y / 200")
    size = chart.bounding_box()
    for part, end in ((0.6, "stays near."), (box + 0.02, "try a smaller one.")):
        chart.click(position={"x": 0.95 * size["width"], "y": part * size["height"]})
        assert outcome(page).endswith(end)
