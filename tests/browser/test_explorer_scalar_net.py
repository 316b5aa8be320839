"""The explorer of the scalar net in Chromium."""

import pytest
from conftest import centre, outcome, press, settle
from visiting import NARROW

PRESETS = {
    "descent": "converges to the minimizer",
    "edge": "converges to the minimizer",
    "catapult": "converges to the minimizer",
    "2-cycle": "a cycle of period 2",
    "chaos": "stays bounded and has not settled",
    "divergence": "diverges",
}
# By how much curves leave the frame of their picture above or below, at most.
OUTSIDE = """() => Math.max(...[...document.querySelectorAll('.chart .faint')].map((path) => {
  const curve = path.getBBox();
  const frame = path.ownerSVGElement.querySelector('clipPath rect').getBBox();
  return Math.max(frame.y - curve.y, curve.y + curve.height - frame.y - frame.height);
}))"""
# Whether the orbit in the plane, the first picture, is all in its frame.
IN_FRAME = """() => {
  const path = document.querySelector('.chart .orbit'), orbit = path.getBBox();
  const frame = path.ownerSVGElement.querySelector('clipPath rect').getBBox();
  return orbit.x >= frame.x && orbit.y >= frame.y
    && orbit.x + orbit.width <= frame.x + frame.width
    && orbit.y + orbit.height <= frame.y + frame.height;
}"""


def start_of(page) -> tuple[float, float]:
    settle(page)
    fields = page.locator(".explorer-live .field input")
    return tuple(float(fields.nth(i).input_value()) for i in range(2))


def test_presets_say_what_they_show(explore):
    page = explore("scalar_net", motion="reduce")
    assert page.get_by_role("button", name="catapult").get_attribute("aria-pressed") == "true"
    legend = page.locator(".legend")
    for name, words in PRESETS.items():
        press(page, name)
        assert words in outcome(page)
        # Less motion is asked for: the whole orbit is there at once, as far as it goes.
        last = {"divergence": "6"}.get(name, "60")
        assert page.get_by_label("Steps shown").input_value() == last
        # The legend names what is drawn, and nothing else.
        assert ("stable" in legend.inner_text()) == (name != "2-cycle")
        assert ("two-cycle" in legend.inner_text()) == (name in ("2-cycle", "chaos"))
        assert ("two-cycle (unstable)" in legend.inner_text()) == (name == "chaos")
        assert (page.evaluate(OUTSIDE) < 0.1) == (name != "divergence")
        assert page.evaluate(IN_FRAME) or name == "divergence"
    page.get_by_label("Step size").fill("1.05")
    settle(page)
    assert "ellipse" not in legend.inner_text()


def test_an_example_plays_and_can_be_stopped(explore):
    page = explore("scalar_net")
    steps = page.get_by_label("Steps shown")
    assert steps.input_value() == "60"  # nothing moves until the reader asks for it
    # In one call: on a slow machine it could be over before a second one.
    page.evaluate("""() => {
        const press = name => [...document.querySelectorAll(".explorer-live button")]
            .find(button => button.textContent === name).click()
        press("catapult")
        press("Pause")
    }""")
    settle(page)
    stopped = int(steps.input_value())
    assert stopped < 60
    press(page, "One step on")
    settle(page)
    assert int(steps.input_value()) == stopped + 1
    press(page, "Play")
    page.wait_for_function(
        "([range, t]) => range.valueAsNumber > t", arg=[steps.element_handle(), stopped + 3]
    )


def test_keys_and_mouse_move_the_start_and_the_step_size(explore):
    page = explore("scalar_net", "#eta=0.495&x=1&y=0.9")
    assert "converges to the minimizer" in outcome(page)
    page.get_by_label("Step size").focus()
    for _ in range(17):
        page.keyboard.press("ArrowRight")
    assert "a cycle of period 2" in outcome(page)
    assert "almost every orbit from there stays bounded" in outcome(page)

    page.evaluate("location.hash = '#eta=0.4&x=1&y=1'")
    handle = page.get_by_role("slider", name="Start")
    handle.press("ArrowRight")
    handle.press("Shift+ArrowDown")
    assert start_of(page) == (1.05, 0.99)
    assert handle.get_attribute("aria-valuetext") == "x = 1.05, y = 0.99"
    x, y = centre(page, ".handle-dot")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 30, steps=5)
    settle(page)
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
    page = explore("scalar_net", "#eta=0.4&x=1&y=1", width=NARROW, height=800, has_touch=True)
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
    assert max(tapped) < 0
    # Elsewhere on the plane a finger scrolls the page.
    touch(page, [(x + 60, y + 60)] + [(x + 60, y + 60 - 25 * i) for i in range(1, 6)])
    page.wait_for_function("before => scrollY > before + 20", arg=scrolled)
    assert start_of(page) == tapped


def test_a_box_holds_the_start_that_is_shown_or_the_page_says_which_is(explore):
    page = explore("scalar_net", "#eta=0.4&x=1&y=0.5")
    x, y = page.get_by_label("Start x"), page.get_by_label("y", exact=True)
    complaint = page.locator(".complaint")
    # Each beginning is an input, too: the last one that is a number of the range is in use.
    for typed, used in (("50", "1"), ("3.201", "3.2"), ("-3.3", "−3"), ("1e400", "1"), ("-", "1")):
        x.fill("1")
        x.fill("")
        x.press_sequentially(typed)
        settle(page)
        words = page.get_by_role("slider", name="Start").get_attribute("aria-valuetext")
        assert words.startswith(f"x = {used}, "), typed
        said = f"Start x takes numbers from −3.2 to 3.2; {used} is still in use."
        assert complaint.inner_text() == said
        assert x.get_attribute("aria-invalid") == "true"
    y.fill("50")
    # A number that is in use again, or any other way to a start, ends it.
    x.fill("1.25")
    assert complaint.inner_text().startswith("y takes")
    press(page, "divergence")
    assert start_of(page) == (2.2, 1.6)
    assert complaint.inner_text() == ""
    # It plays now, and redraws; what is being typed is left alone.
    x.fill("")
    x.press_sequentially("-1.5", delay=120)
    assert start_of(page)[0] == -1.5


def test_slow_convergence_is_called_slow(explore):
    page = explore("scalar_net", "#eta=0.5&x=-0.2&y=0.53")
    assert outcome(page).endswith("from there converges (slowly, like 1/√k).")
    page.evaluate("location.hash = '#eta=0.499&x=1.172&y=-0.108'")
    assert "has not settled" in outcome(page)
    assert outcome(page).endswith("from there converges, some slowly.")
    page.evaluate("location.hash = '#eta=0&x=1.5&y=1.5'")
    assert outcome(page) == "With η = 0 nothing moves."


def test_basin_and_cascade_follow_the_step_size(explore):
    page = explore("scalar_net", "#eta=0.3&x=1&y=0.5")
    widths = """() => ['plus', 'minus', 'both'].map((name) => {
      const path = document.querySelector(`.fate.${name}`);
      return path.getAttribute('d') === '' ? 0 : path.getBBox().width;
    })"""
    plus, minus, both = page.evaluate(widths)
    assert plus == minus > 250
    assert both == 0
    page.get_by_label("Step size").fill("0.8")
    settle(page)
    assert 100 < page.evaluate(widths)[2] < 250  # the ellipse has shrunk, and orbits change sides
    page.get_by_label("Step size").fill("1.05")
    settle(page)
    assert page.evaluate(widths) == [0, 0, 0]
    # A click on the cascade chooses its step size.
    cascade = page.locator(".chart.chooses")
    box = cascade.bounding_box()
    cascade.click(position={"x": box["width"] * 0.55, "y": box["height"] * 0.4})
    settle(page)
    assert 0.4 < float(page.get_by_label("Step size").input_value()) < 0.7
