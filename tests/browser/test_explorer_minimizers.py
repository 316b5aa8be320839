"""The explorers of minimizers in Chromium: the critical step size, and the slack line."""

import re

import numpy as np
import pytest
from conftest import outcome, press, settle

import edge_of_stability as eos

BOUNDS = r"ηC = (\S+)\. This v gives ηC ≤ (\S+), this x gives ηC ≥ (\S+)\. "
PROBLEMS = {  # W⋆ and Σ of the examples
    "tilted": ([[0.6, -0.3], [0, 1.5]], [[2.4, 1], [1, 1.1]]),
    "kink": ([[0.5, 0], [0, 2]], [[4, 0], [0, 1]]),
    "one output": ([[0.5, 1.5], [0, 0]], [[3, 0.5], [0.5, 0.8]]),
    "whitened": ([[2, 0], [0, 1]], [[1, 0], [0, 1]]),
}


def bounds(page) -> list[float]:
    """η_C and its bounds, as the sentence below the picture says them."""
    text = outcome(page)
    found = re.match(BOUNDS, text)
    assert found, text
    return [float(number) for number in found.groups()]


def test_best_direction_and_scale_close_the_gap(explore):
    page = explore("critical_step")
    for name, (W, Sigma) in PROBLEMS.items():
        root = np.linalg.cholesky(Sigma)
        exact = eos.critical_step_size(root, W @ root, 2).value
        page.get_by_label("Direction v").and_(page.locator("input")).fill("120")
        press(page, name)
        for scale in ("0.8", "0.05", "-0.01"):
            page.get_by_label("Scale x").fill(scale)
            value, above, below = bounds(page)
            assert value == pytest.approx(exact, rel=1e-5)
            assert below <= exact <= above  # rounded outwards
        press(page, "Best v and x")
        assert "The bounds of this v and this x meet there." in outcome(page)


def test_the_picture_chooses_the_depth_and_keys_the_direction(explore):
    page = explore("critical_step", "#angle=20")
    handle = page.get_by_role("slider", name="Direction v").and_(page.locator("g"))
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    settle(page)
    assert handle.get_attribute("aria-valuetext") == "v at 21.8 degrees"
    two = bounds(page)[0]
    page.locator(".chooses").click(position={"x": 200, "y": 40})
    assert bounds(page)[0] < two
    assert int(page.get_by_label("Depth N").input_value()) in (4, 5)


def test_matrices_that_are_no_problem_are_refused(explore):
    page = explore("critical_step")
    page.get_by_label("Σ row 1, column 2").fill("9")
    assert "positive definite" in outcome(page)
    assert not page.locator(".chart").first.is_visible()  # it would show another problem
    assert page.get_by_role("button", name="Best v and x").is_disabled()
    page.get_by_label("Σ row 1, column 2").fill("0")
    assert bounds(page)[0] > 0
    page.evaluate("location.hash = 'w11=0&w12=0&w21=0&w22=0'")
    assert "W⋆ = 0" in outcome(page)
    # Of this Σ the smaller eigenvalue, rounded, is negative.
    singular = "w22=1&s11=8.338579181558476&s12=-6.424460401585694&s22=4.949727112122787"
    page.evaluate(f"location.hash = '{singular}'")
    assert "too small, or too near a singular" in outcome(page)
    press(page, "kink")
    page.evaluate("location.hash = 'w11=0.001&w22=0.001'")
    press(page, "Best v and x")
    assert "is beyond the end of its slider" in page.locator(".note").inner_text()


def test_far_out_on_the_line_the_sharpness_is_the_same(explore):
    page = explore("slack_line", "#T=0&eta=0.3&logdelta=-2")
    assert "|θ| = 1.732, sharpness 6: below 2/η" in outcome(page)
    page.get_by_label("Weight T").press("End")
    text = outcome(page)
    assert "|θ| = 1000, sharpness 6: below 2/η = 6.67, so this minimizer is stable." in text
    assert "But δ = 0.01 is too large a shift" in text
    other = page.locator(".chart").first.locator(".here:not(.filled)")
    assert other.get_attribute("visibility") is None  # on the other way, at this norm
    page.get_by_label("Shift δ").press("Home")  # 1e-7: near enough, even here
    assert outcome(page).endswith("stays near.")
    page.get_by_label("Step size η").fill("0.34")
    assert "above 2/η = 5.88, so this minimizer is unstable" in outcome(page)


def test_the_point_of_norm_and_shift_is_moved(explore):
    page = explore("slack_line", "#T=10&eta=0.3&logdelta=-2")
    handle = page.get_by_role("slider", name="Norm and shift")
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowUp"):
        handle.press(key)
        settle(page)
    assert handle.get_attribute("aria-valuetext") == "T = 13.5, δ = 0.0126"
    # A click on green finds a shift that stays near, one above the green a shift that does not.
    chart = page.locator(".chart", has=handle)
    box = chart.locator(".stays").evaluate("path => path.getBBox().y / 200")
    size = chart.bounding_box()
    for part, end in ((0.6, "stays near."), (box + 0.02, "try a smaller one.")):
        chart.click(position={"x": 0.95 * size["width"], "y": part * size["height"]})
        assert outcome(page).endswith(end)
