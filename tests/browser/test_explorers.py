"""The explorers in Chromium: by mouse, touch and keyboard, with and without scripts, on paper."""

from __future__ import annotations

import re

import pytest
from conftest import SITE, outcome, settle
from inspection import NARROW

from companion import style

AT_ONCE = ("scalar_net", "critical_step", "slack_line")  # they draw in the frame of a change
EXPLORERS = (*AT_ONCE, "train")
MODULES = SITE / "_static" / "explorers"


# For every explorer ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLORERS)
@pytest.mark.parametrize("scripts", [True, False], ids=["print", "no-js"])
def test_a_still_stands_where_nothing_moves(visit, name, scripts):
    options = {} if scripts else {"java_script_enabled": False}
    page = visit(f"book/explorers/{name}.html", **options).page
    page.emulate_media(media="print" if scripts else "screen")
    still = page.locator(".explorer figure.published img:visible")
    assert still.count() == 1
    assert len(still.get_attribute("alt")) > 100
    assert not page.locator(".explorer-live").is_visible()
    if scripts:
        page.emulate_media(media="screen")
        assert page.locator(".explorer-live").is_visible()
        assert still.count() == 0
        assert page.locator(".explorer figcaption").is_visible()


def test_other_pages_do_not_load_explorers(visit):
    page = visit("book/setting/index.html").page
    sources = page.evaluate("[...document.scripts].map(script => script.src)")
    assert sources
    assert not [source for source in sources if "/explorers/" in source]


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_has_a_name_is_reached_by_tab_and_seen_there(explore, name):
    page = explore(name)
    controls = page.locator(
        ".explorer-live :is(button, input, select, summary, pre, [role=slider]):visible"
    )
    nameless = controls.evaluate_all(
        "all => all.filter(c => !(c.labels?.[0]?.textContent || c.getAttribute('aria-label')"
        " || c.textContent).trim()).map(c => c.outerHTML)"
    )
    assert nameless == []
    controls.first.focus()
    for control in controls.all():
        assert control.evaluate(
            "f => { const ring = f.querySelector('.handle-focus');"
            " return f === document.activeElement"
            " && (ring ? getComputedStyle(ring).stroke !== 'none'"
            " : parseFloat(getComputedStyle(f).outlineWidth) >= 2) }"
        ), control.evaluate("f => f.outerHTML")
        page.keyboard.press("Tab")


@pytest.mark.parametrize("name", EXPLORERS)
def test_colours_follow_the_theme(explore, name):
    page = explore(name)
    ink = "getComputedStyle(document.querySelector('.chart text')).fill"
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(ink) != light


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_redraw_is_bounded(explore, name):
    """However many changes one frame brings, they are drawn once, and nothing piles up."""
    page = explore(name)
    grown, drawings = page.evaluate(
        """async () => {
          const frame = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
          const input = document.querySelector('.explorer-live input[type=range]');
          const count = () => document.querySelectorAll('.explorer-live *').length;
          const sets = new Map();
          const observer = new MutationObserver((records) => {
            for (const { target } of records) sets.set(target, (sets.get(target) ?? 0) + 1);
          });
          await frame();
          const before = count();
          const path = [...document.querySelectorAll('.explorer-live path.orbit')];
          for (const p of path) observer.observe(p, { attributeFilter: ['d'] });
          const [low, high] = [Number(input.min), Number(input.max)];
          for (let i = 0; i < 100; i += 1) {
            input.value = String(low + ((high - low) * i) / 100);
            input.dispatchEvent(new Event('input'));
          }
          await frame();
          const drawings = Math.max(...sets.values());
          for (let i = 0; i < 40; i += 1) {
            input.value = String(low + ((high - low) * (i % 7)) / 7);
            input.dispatchEvent(new Event('input'));
            await frame();
          }
          input.value = String(low + (high - low) / 2);
          return [count() - before, drawings];
        }"""
    )
    assert drawings == 1
    assert abs(grown) < 30  # ticks come and go with the axes


@pytest.mark.parametrize("name", AT_ONCE)
def test_on_a_phone_the_first_picture_and_the_sliders_are_seen_together(explore, name):
    page = explore(name, width=NARROW, height=844)
    picture = page.locator(".explorer-live svg.chart").first.bounding_box()
    sliders = [slider.bounding_box() for slider in page.locator("input[type=range]").all()]
    assert max(s["y"] + s["height"] for s in sliders) - picture["y"] < 600
    assert min(s["width"] for s in sliders) > 300


ADDRESSES = {
    "scalar_net": ("x=50&eta=-1&t=2.6&y=", "x = 3.2, eta = 0, t = 3, y = 0.42"),
    "critical_step": ("w11=1e999&s12=1,5&N=2.5", "w11 = 5, s12 = 1, N = 3"),
    "slack_line": ("T=NaN&eta=0.3333&logdelta=-99", "T = 10, eta = 0.333, logdelta = -7"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_what_an_address_asks_in_vain_is_said(explore, name):
    asked, shown = ADDRESSES[name]
    page = explore(name, f"#{asked}&toString=1")
    note = page.locator(".note")
    expected = (
        f"The link asks for {asked.replace('=', ' = ').replace('&', ', ')}; shown is {shown}."
    )
    assert note.inner_text().split() == expected.split()
    page.locator("input[type=range]").first.press("ArrowRight")
    settle(page)
    assert note.inner_text() == ""
    page.evaluate(f"location.hash = '{asked}'")  # an address that is changed by hand
    settle(page)
    assert note.inner_text().startswith("The link asks for ")
    page.evaluate("location.hash = 'explore'")  # a link to a place on the page is no state
    page.wait_for_timeout(400)
    assert page.evaluate("location.hash") == "#explore"


def test_colours_are_those_of_the_figures():
    sheet = (MODULES / "explorers.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--explorer-(\w+): (#\w+);", sheet))
    names = ("BLUE", "ORANGE", "GREEN", "PINK", "GREY")
    assert colours == {name.lower(): getattr(style, name) for name in names}


# The critical step size -----------------------------------------------------------------------


def bounds(page) -> list[float]:
    """η_C and its bounds, as the sentence below the picture says them."""
    text = outcome(page)
    found = re.match(r"η_C = (\S+)\. This v gives η_C ≤ (\S+), this x gives η_C ≥ (\S+)\. ", text)
    assert found, text
    return [float(number) for number in found.groups()]


def test_best_direction_and_scale_close_the_gap(explore):
    page = explore("critical_step")
    for name in ("tilted", "kink", "one output", "whitened"):
        page.locator("input[type=range]").nth(1).fill("120")  # the direction
        page.get_by_label("Scale x").fill("0.8")
        page.get_by_role("button", name=name).click()
        value, above, below = bounds(page)
        assert below < value < above
        page.get_by_role("button", name="Best v and x").click()
        value, above, below = bounds(page)
        assert abs(above / value - 1) < 1e-3
        assert abs(below / value - 1) < 1e-3


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


def test_a_matrix_holds_the_numbers_in_use_or_the_page_says_which_are(explore):
    page = explore("critical_step")
    before = bounds(page)
    names = ("W⋆ row 1, column 1", "Σ row 1, column 2", "Σ row 2, column 2")
    for name, typed in zip(names, ("-99", "", "-1"), strict=True):
        page.get_by_label(name).fill(typed)
    assert bounds(page) == before
    assert page.locator(".complaint").inner_text() == (
        "W⋆ row 1, column 1 takes numbers from −5 to 5; 0.6 is still in use. "
        "Σ row 1, column 2 takes numbers from −10 to 10; 1 is still in use. "
        "Σ row 2, column 2 takes numbers from 0 to 10; 1.1 is still in use."
    )
    page.get_by_role("button", name="kink").click()
    assert page.locator(".complaint").inner_text() == ""
    assert bounds(page)[0] == 0.2
    for place in ("row 1, column 1", "row 2, column 2"):
        page.get_by_label(f"W⋆ {place}").fill("0.001")
    page.get_by_role("button", name="Best v and x").click()
    assert "is beyond the end of its slider" in page.locator(".note").inner_text()


# The slack line -------------------------------------------------------------------------------


def test_far_out_on_the_line_the_sharpness_is_the_same(explore):
    page = explore("slack_line", "#T=0&eta=0.3&logdelta=-2")
    assert "|θ| = 1.732, sharpness 6: below 2/η" in outcome(page)
    page.get_by_label("Weight T").focus()
    page.keyboard.press("End")
    text = outcome(page)
    assert "loss 0, |θ| = 1000, sharpness 6: below 2/η = 6.67, stable" in text
    assert "does not stay near" in text
    shift = page.get_by_label("Shift δ")
    shift.focus()
    page.keyboard.press("Home")  # 1e-7: near enough, even here
    assert text != outcome(page)
    assert "The start at distance δ stays near" in outcome(page)


def test_beyond_a_third_the_line_is_unstable(explore):
    page = explore("slack_line", "#T=3&eta=0.34")
    assert "above 2/η = 5.88, unstable" in outcome(page)
