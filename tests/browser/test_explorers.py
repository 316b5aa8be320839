"""The explorers in Chromium: by mouse, touch and keyboard, with and without scripts, on paper."""

from __future__ import annotations

import re

import pytest
from conftest import SITE

from companion import style

EXPLORERS = ("scalar_net", "critical_step", "slack_line")
MODULES = SITE / "_static" / "explorers"


@pytest.fixture
def explore(browser, address):
    """Open an explorer's page in a context of its own; returns the page."""
    contexts = []

    def opened(name: str, fragment: str = "", **options):
        options = {"viewport": {"width": 1280, "height": 1000}, **options}
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)
        page.goto(f"{address}book/explorers/{name}.html{fragment}", wait_until="load")
        if options.get("java_script_enabled", True):
            page.wait_for_selector(".explorer.is-live")
        return page

    yield opened
    for context in contexts:
        context.close()


def settle(page) -> None:
    """Wait until a change is drawn: two frames."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def outcome(page) -> str:
    settle(page)
    return page.locator(".outcome").inner_text()


def centre(page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


# For every explorer ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLORERS)
@pytest.mark.parametrize("options", [{"java_script_enabled": False}, {}], ids=["no-js", "print"])
def test_a_still_stands_where_nothing_moves(explore, name, options):
    page = explore(name, **options)
    page.emulate_media(media="print")
    still = page.locator(".explorer figure.published img:visible")
    assert still.count() == 1
    assert len(still.get_attribute("alt")) > 100
    assert not page.locator(".explorer-live").is_visible()


@pytest.mark.parametrize("name", EXPLORERS)
def test_on_screen_the_explorer_stands_in_the_place_of_the_still(explore, name):
    page = explore(name)
    assert page.locator(".explorer-live").is_visible()
    assert page.locator(".explorer figure.published img:visible").count() == 0
    assert page.locator(".explorer figcaption").is_visible()
    assert page.problems == []


def test_other_pages_do_not_load_explorers(visit):
    page = visit("book/setting/index.html").page
    sources = page.evaluate("[...document.scripts].map(script => script.src)")
    assert sources
    assert not [source for source in sources if "/explorers/" in source]


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_control_has_a_name_and_is_reached_by_tab(explore, name):
    page = explore(name)
    controls = page.locator(".explorer-live :is(button, input, [role=slider])")
    nameless = controls.evaluate_all(
        "all => all.filter(c => !(c.labels?.[0]?.textContent || c.getAttribute('aria-label')"
        " || c.textContent).trim()).map(c => c.outerHTML)"
    )
    assert nameless == []
    controls.first.focus()
    for _ in range(controls.count() - 1):
        page.keyboard.press("Tab")
    is_last = "all => document.activeElement === all[all.length - 1]"
    assert controls.evaluate_all(is_last)


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_focused_control_is_seen(explore, name):
    page = explore(name)
    controls = page.locator(".explorer-live :is(button, input, [role=slider])")
    controls.first.focus()
    for _ in range(controls.count()):
        seen = page.evaluate(
            "() => { const f = document.activeElement, ring = f.querySelector('.handle-focus');"
            " return ring ? getComputedStyle(ring).stroke !== 'none'"
            " : parseFloat(getComputedStyle(f).outlineWidth) >= 2; }"
        )
        assert seen, page.evaluate("document.activeElement.outerHTML")
        page.keyboard.press("Tab")


@pytest.mark.parametrize("name", EXPLORERS)
def test_colours_follow_the_theme(explore, name):
    page = explore(name)
    ink = "getComputedStyle(document.querySelector('.chart text')).fill"
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    light = page.evaluate(ink)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert page.evaluate(ink) != light


@pytest.mark.parametrize("name", EXPLORERS)
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


@pytest.mark.parametrize("name", EXPLORERS)
def test_on_a_phone_the_first_picture_and_the_sliders_are_seen_together(explore, name):
    page = explore(name, viewport={"width": 390, "height": 844})
    picture = page.locator(".explorer-live svg.chart").first.bounding_box()
    sliders = [slider.bounding_box() for slider in page.locator("input[type=range]").all()]
    assert max(s["y"] + s["height"] for s in sliders) - picture["y"] < 600
    assert min(s["width"] for s in sliders) > 300


ADDRESSES = {
    "scalar_net": ("x=50&eta=-1&t=2.6&y=", "x = 3.2, eta = 0, t = 3, y = -1"),
    "critical_step": ("w11=1e999&s12=1,5&N=2.5", "w11 = 5, s12 = 1, N = 3"),
    "slack_line": ("T=NaN&eta=0.3333&logdelta=-99", "T = 10, eta = 0.333, logdelta = -7"),
}


@pytest.mark.parametrize("name", EXPLORERS)
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
    assert page.problems == []


def test_colours_are_those_of_the_figures():
    sheet = (MODULES / "explorers.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--explorer-(\w+): (#\w+);", sheet))
    names = ("BLUE", "ORANGE", "GREEN", "PINK", "GREY")
    assert colours == {name.lower(): getattr(style, name) for name in names}


def test_modules_are_small_and_need_no_lenient_policy():
    modules = sorted(MODULES.rglob("*.js"))
    assert {f"{name}.js" for name in EXPLORERS} <= {path.name for path in modules}
    sources = {path: path.read_text(encoding="utf-8") for path in modules}
    assert sum(len(text.encode()) for text in sources.values()) < 80_000
    for path, text in sources.items():
        assert not re.search(
            r"\beval\(|new Function|innerHTML|https?://(?!www\.w3\.org/2000/svg)", text
        )
        if path.parent.name == "maths":
            assert not re.search(r"\b(document|window|location)\b", text)


# The scalar net -------------------------------------------------------------------------------


def start_of(page) -> tuple[float, float]:
    settle(page)
    fields = page.locator(".explorer-live .field input")
    return tuple(float(fields.nth(i).input_value()) for i in range(2))


def test_presets_say_what_they_show(explore):
    page = explore("scalar_net", reduced_motion="reduce")
    expected = {
        "descent": "converges to the minimizer",
        "edge": "converges to the minimizer",
        "catapult": "converges to the minimizer",
        "2-cycle": "a cycle of period 2",
        "chaos": "stays bounded and has not settled",
        "divergence": "diverges",
    }
    for name, words in expected.items():
        button = page.get_by_role("button", name=name, exact=True)
        button.click()
        assert words in outcome(page)
        assert button.get_attribute("aria-pressed") == "true"
        # Less motion is asked for: the whole orbit is there at once.
        assert page.get_by_label("Steps shown").input_value() == "60"


def test_an_example_plays_and_can_be_stopped(explore):
    page = explore("scalar_net")
    steps = page.get_by_label("Steps shown")
    assert steps.input_value() == "60"  # nothing moves until the reader asks for it
    page.get_by_role("button", name="catapult").click()
    page.get_by_role("button", name="Pause").click()
    settle(page)
    stopped = int(steps.input_value())
    assert stopped < 60
    page.get_by_role("button", name="One step on").click()
    settle(page)
    assert int(steps.input_value()) == stopped + 1
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "t => [...document.querySelectorAll('.explorer-live input[type=range]')]"
        ".at(-1).valueAsNumber > t",
        arg=stopped + 3,
    )


def test_arrow_keys_move_the_start(explore):
    page = explore("scalar_net", "#eta=0.4&x=1&y=0.5")
    assert "converges" in outcome(page)
    handle = page.get_by_role("slider", name="Start")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    assert start_of(page) == (1.05, 0.49)
    assert handle.get_attribute("aria-valuetext") == "x = 1.05, y = 0.49"
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    assert "diverges" in outcome(page)


def test_the_step_size_moves_by_keyboard(explore):
    page = explore("scalar_net", "#eta=0.495&x=1&y=0.9")
    assert "converges to the minimizer" in outcome(page)
    page.get_by_label("Step size").focus()
    for _ in range(17):
        page.keyboard.press("ArrowRight")
    assert "a cycle of period 2" in outcome(page)
    assert "almost every orbit from there stays bounded" in outcome(page)


def test_the_mouse_drags_the_start(explore):
    page = explore("scalar_net", "#eta=0.4&x=1&y=1")
    page.mouse.move(*centre(page, ".handle-dot"))
    page.mouse.down()
    x, y = centre(page, ".handle-dot")
    page.mouse.move(x + 60, y + 30, steps=5)
    assert page.locator(".outcome").get_attribute("aria-busy") == "true"
    page.mouse.up()
    moved = start_of(page)
    assert moved[0] > 1.3
    assert moved[1] < 0.9
    assert page.locator(".outcome").get_attribute("aria-busy") == "false"


def touch(page, points) -> None:
    """A finger goes along `points` and is lifted."""
    session = page.context.new_cdp_session(page)
    for i, (x, y) in enumerate(points):
        kind = "touchMove" if i else "touchStart"
        where = [{"x": x, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_drags_taps_and_scrolls(explore):
    page = explore(
        "scalar_net", "#eta=0.4&x=1&y=1", viewport={"width": 390, "height": 800}, has_touch=True
    )
    page.evaluate("scrollTo({top: 250, behavior: 'instant'})")
    settle(page)
    scrolled = page.evaluate("scrollY")
    x, y = centre(page, ".handle-dot")
    touch(page, [(x, y)] + [(x + 8 * i, y - 6 * i) for i in range(1, 6)])
    settle(page)
    # The handle keeps the finger to itself, to the end.
    assert centre(page, ".handle-dot") == pytest.approx((x + 40, y - 30), abs=1)
    assert page.evaluate("scrollY") == scrolled

    x, y = centre(page, ".chart")
    page.touchscreen.tap(x - 60, y + 60)
    tapped = start_of(page)
    assert tapped[0] < 0
    assert tapped[1] < 0

    # Elsewhere on the plane a finger scrolls the page.
    touch(page, [(x + 60, y + 60)] + [(x + 60, y + 60 - 25 * i) for i in range(1, 6)])
    page.wait_for_function("before => scrollY > before + 20", arg=scrolled)
    assert start_of(page) == tapped


def test_a_box_holds_the_start_that_is_shown_or_the_page_says_which_is(explore):
    page = explore("scalar_net", "#eta=0.4&x=1&y=0.5")
    x, y = page.get_by_label("Start x"), page.get_by_label("y", exact=True)
    complaint = page.locator(".complaint")

    def shown_x() -> str:
        settle(page)
        words = page.get_by_role("slider", name="Start").get_attribute("aria-valuetext")
        return words.removeprefix("x = ").partition(",")[0]

    for typed in ("50", "3.201", "-3.3", "", "-", "1e400", "1e-400", "1,5", "0,1", "2.50", "abc"):
        x.fill("")
        x.press_sequentially(typed)  # each beginning is an input, too
        used, number = shown_x(), x.evaluate("box => box.valueAsNumber")
        if number == float(used.replace("−", "-")):
            assert complaint.inner_text() == ""
            assert x.get_attribute("aria-invalid") is None
        else:
            said = f"Start x takes numbers from −3.2 to 3.2; {used} is still in use."
            assert complaint.inner_text() == said
            assert x.get_attribute("aria-invalid") == "true"
    x.fill("50")
    y.fill("50")
    used = shown_x()
    assert f"; {used} is still in use. y takes numbers" in complaint.inner_text()
    assert (x.input_value(), y.input_value()) == ("50", "50")
    # A number that is in use again, or any other way to a start, ends it.
    x.fill("1.25")
    assert complaint.inner_text().startswith("y takes")
    page.get_by_role("button", name="divergence").click()
    assert start_of(page) == (2.2, 1.6)
    assert complaint.inner_text() == ""
    # It plays now, and redraws; what is being typed is left alone.
    x.fill("")
    x.press_sequentially("-1.5", delay=120)
    assert start_of(page)[0] == -1.5
    assert page.problems == []


def test_the_sharpness_of_what_stays_bounded_stays_in_the_picture(explore):
    page = explore("scalar_net", reduced_motion="reduce")
    outside = """() => {
      const chart = [...document.querySelectorAll('.chart')].at(-1);
      const curve = chart.querySelector('.faint').getBBox();
      const frame = chart.querySelector('clipPath rect').getBBox();
      return frame.y - curve.y;
    }"""
    for name in ("descent", "edge", "catapult", "2-cycle", "chaos"):
        page.get_by_role("button", name=name, exact=True).click()
        settle(page)
        assert page.evaluate(outside) < 0, name
    page.get_by_role("button", name="divergence").click()
    settle(page)
    assert page.evaluate(outside) > 100


def test_slow_convergence_is_called_slow(explore):
    page = explore("scalar_net", "#eta=0.5&x=-0.2&y=0.53")
    assert outcome(page).endswith("from there converges (slowly, like 1/√k).")
    page.evaluate("location.hash = '#eta=0.499&x=1.172&y=-0.108'")
    assert "has not settled" in outcome(page)
    assert outcome(page).endswith("from there converges, some slowly.")


def test_the_address_holds_the_state(explore):
    page = explore("scalar_net", "#eta=0.58&x=0.9&y=0.2&t=7&nonsense=1")
    assert page.get_by_label("Step size").input_value() == "0.58"
    assert start_of(page) == (0.9, 0.2)
    assert page.get_by_label("Steps shown").input_value() == "7"
    page.get_by_label("Start x").fill("-1.25")
    page.wait_for_function("location.hash.includes('x=-1.25')")
    page.evaluate("location.hash = '#eta=9&x=oops&y=0.5&t=3'")  # out of range, and no number
    settle(page)
    assert page.get_by_label("Step size").input_value() == "1.1"
    assert start_of(page) == (-1.25, 0.5)


def test_the_link_is_copied(explore):
    page = explore("scalar_net", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_label("Start x").fill("0.75")
    page.get_by_role("button", name="Copy link").click()
    page.wait_for_function("document.querySelector('.note').textContent.startsWith('Copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    again = explore("scalar_net", "#" + copied.partition("#")[2])
    assert start_of(again)[0] == 0.75


def test_step_size_zero_moves_nothing(explore):
    page = explore("scalar_net", "#eta=0&x=1.5&y=1.5")
    assert outcome(page) == "With η = 0 nothing moves."
    assert page.problems == []


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
    assert page.problems == []


def test_kink_is_the_example_of_the_book(explore):
    page = explore("critical_step", "#N=2")
    page.get_by_role("button", name="kink").click()
    assert bounds(page)[0] == 0.2


def test_direction_moves_by_keyboard_and_mouse(explore):
    page = explore("critical_step", "#angle=20")
    handle = page.get_by_role("slider", name="Direction v").and_(page.locator("g"))
    handle.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    settle(page)
    assert handle.get_attribute("aria-valuetext") == "v at 21.8 degrees"
    x, y = centre(page, ".handle-dot")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 40, y - 60, steps=4)
    page.mouse.up()
    settle(page)
    assert float(handle.get_attribute("aria-valuenow")) > 25


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
    assert page.problems == []


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
