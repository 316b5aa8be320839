"""The explorer of the critical step size in Chromium."""

from __future__ import annotations

import re

import numpy as np
import pytest
from conftest import outcome, settle

import edge_of_stability as eos

BOUNDS = r"ηC = (\S+)\. This v gives ηC ≤ (\S+), this x gives ηC ≥ (\S+)\. "


def bounds(page) -> list[float]:
    """η_C and its bounds, as the sentence below the picture says them."""
    text = outcome(page)
    found = re.match(BOUNDS, text)
    assert found, text
    return [float(number) for number in found.groups()]


def test_best_direction_and_scale_close_the_gap(explore):
    page = explore("critical_step")
    problems = [  # W⋆ and Σ of the examples
        ("tilted", [[0.6, -0.3], [0, 1.5]], [[2.4, 1], [1, 1.1]]),
        ("kink", [[0.5, 0], [0, 2]], [[4, 0], [0, 1]]),
        ("one output", [[0.5, 1.5], [0, 0]], [[3, 0.5], [0.5, 0.8]]),
        ("whitened", [[2, 0], [0, 1]], [[1, 0], [0, 1]]),
    ]
    for name, W, Sigma in problems:
        root = np.linalg.cholesky(Sigma)
        exact = eos.critical_step_size(root, W @ root, 2).value
        page.get_by_label("Direction v").and_(page.locator("input")).fill("120")
        page.get_by_role("button", name=name).click()
        for scale in ("0.8", "0.05", "-0.01"):
            page.get_by_label("Scale x").fill(scale)
            value, above, below = bounds(page)
            assert value == pytest.approx(exact, rel=1e-5)
            assert below <= exact <= above  # rounded outwards
        page.get_by_role("button", name="Best v and x").click()
        assert "The bounds of this v and this x meet there." in outcome(page)


def test_a_click_chooses_the_depth(explore):
    page = explore("critical_step")
    two = bounds(page)[0]
    page.locator(".chooses").click(position={"x": 200, "y": 40})
    assert bounds(page)[0] < two
    assert int(page.get_by_label("Depth N").input_value()) in (4, 5)


def test_direction_moves_by_keyboard(explore):
    page = explore("critical_step", "#angle=20")
    handle = page.get_by_role("slider", name="Direction v").and_(page.locator("g"))
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    settle(page)
    assert handle.get_attribute("aria-valuetext") == "v at 21.8 degrees"


def test_matrices_that_are_no_problem_are_refused(explore):
    page = explore("critical_step")
    page.get_by_label("Σ row 1, column 2").fill("9")
    assert "positive definite" in outcome(page)
    page.get_by_label("Σ row 1, column 2").fill("0")
    for place in ("row 1, column 1", "row 1, column 2", "row 2, column 1", "row 2, column 2"):
        page.get_by_label(f"W⋆ {place}").fill("0")
    assert "W⋆ = 0" in outcome(page)
    assert not page.locator(".chart").first.is_visible()  # it would show another problem
    assert page.get_by_role("button", name="Best v and x").is_disabled()
    page.get_by_label("W⋆ row 2, column 2").fill("1e-200")  # its square is zero to the machine
    assert "too small, or too near a singular" in outcome(page)
    page.get_by_label("W⋆ row 2, column 2").fill("1")
    assert bounds(page)[0] > 0
    # Of this Σ the smaller eigenvalue, rounded, is negative.
    singular = "s11=8.338579181558476&s12=-6.424460401585694&s22=4.949727112122787"
    page.evaluate(f"location.hash = '{singular}'")
    assert "too small, or too near a singular" in outcome(page)


def test_what_a_slider_cannot_show_is_said(explore):
    page = explore("critical_step")
    page.get_by_role("button", name="kink").click()
    for place in ("row 1, column 1", "row 2, column 2"):
        page.get_by_label(f"W⋆ {place}").fill("0.001")
    page.get_by_role("button", name="Best v and x").click()
    assert "is beyond the end of its slider" in page.locator(".note").inner_text()
