"""The explorers in Chromium: by mouse, touch and keyboard, with and without scripts, on paper."""

import re

import pytest
from conftest import SITE, press, settle
from visiting import NARROW, SCHEMES, WIDE, show

from companion import style

AT_ONCE = ("scalar_net", "critical_step", "slack_line")  # they draw in the frame of a change
EXPLORERS = (*AT_ONCE, "train")
MODULES = SITE / "_static" / "explorers"


def caption_of_still(page) -> str:
    """The caption of the only picture that is shown; the explorer is not."""
    still = page.locator(".explorer figure.published img:visible")
    still.wait_for()
    assert still.count() == 1
    assert len(still.get_attribute("alt")) > 100
    assert page.locator(".explorer-live:visible").count() == 0
    (caption,) = page.locator(".explorer .caption-text:visible").all_inner_texts()
    return caption


@pytest.mark.parametrize(
    "name", ["train", *(pytest.param(name, marks=pytest.mark.slow) for name in AT_ONCE)]
)
def test_without_scripts_there_is_a_still(visit, name):
    assert caption_of_still(visit(f"book/explorers/{name}.html", java_script_enabled=False).page)


def test_where_the_explorer_does_not_come_there_is_a_still(visit):
    page = visit("book/explorers/scalar_net.html").page
    page.route("**/explorers/scalar_net.js", lambda route: route.abort())
    page.reload()
    assert caption_of_still(page)


@pytest.mark.parametrize("name", [*EXPLORERS, "owndata/index"])
def test_each_control_has_a_name_and_is_reached_by_keyboard_in_order(explore, name):
    page = explore(name)
    page.wait_for_selector(".explorer-live :is(.outcome, .note):visible")
    kinds = "button, input, select, summary, [tabindex='0']"
    controls = page.locator(f".explorer-live :is({kinds}):not(:disabled):visible")
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
def test_an_explorer_in_both_schemes_and_on_paper(explore, name):
    page = explore(name)
    inks = set()
    for scheme in SCHEMES:
        show(page, scheme=scheme)
        inks.add(page.evaluate("getComputedStyle(document.querySelector('.chart text')).fill"))
    assert len(inks) == 2
    page.emulate_media(media="print")
    printed = caption_of_still(page)
    page.emulate_media(media="screen")
    assert page.locator(".explorer-live").is_visible()
    (live,) = page.locator(".explorer .caption-text:visible").all_inner_texts()
    assert (live != printed) == (name == "train")  # where the still shows something else


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_redraw_is_bounded(explore, name):
    """However many changes one frame brings, they are drawn once, and nothing piles up."""
    grown, drawings = explore(name).evaluate(
        """async () => {
          const frame = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r)));
          const input = document.querySelector('.explorer-live input[type=range]');
          const set = (part) => {
            input.value = String(Number(input.min) + part * (input.max - input.min));
            input.dispatchEvent(new Event('input'));
          };
          const count = () => document.querySelectorAll('.explorer-live *').length;
          const drawings = new Map();
          const observer = new MutationObserver((records) => {
            for (const { target } of records) drawings.set(target, (drawings.get(target) ?? 0) + 1);
          });
          await frame();
          const before = count();
          for (const path of document.querySelectorAll('.explorer-live path.orbit')) {
            observer.observe(path, { attributeFilter: ['d'] });
          }
          for (let i = 0; i < 100; i += 1) set(i / 100);
          await frame();
          const most = Math.max(...drawings.values());
          for (let i = 0; i < 40; i += 1) {
            set((i % 7) / 7);
            await frame();
          }
          return [count() - before, most];
        }"""
    )
    assert drawings == 1
    assert abs(grown) < 30  # ticks come and go with the axes


@pytest.mark.parametrize(
    ("name", "parts", "width", "height"),
    [
        ("index", ".first-screen :is(.chart, input[type=range])", WIDE, 800),
        ("index", ".first-screen :is(.chart, input[type=range])", NARROW, 844),
        ("owndata/index", ".own-data .step strong", WIDE, 800),
        ("owndata/index", ".own-data .step strong", 820, 1000),
        ("owndata/index", ".own-data .step strong", NARROW, 844),
    ],
)
def test_what_a_page_is_for_is_on_its_first_screen(visit, name, parts, width, height):
    page = visit(f"book/{name}.html", width=width, height=height).page
    page.wait_for_selector(".explorer.is-live :is(.slider-mark, .step strong)")
    for box in (each.bounding_box() for each in page.locator(parts).all()):
        assert box["y"] + box["height"] < height
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("shifted") < 0.1  # there was room for it


TOGETHER = {  # numbers of charts and labels of sliders that one screen of a phone shows
    "plane, cascade and step size": ("scalar_net", (0, 3), ("Step size η",)),
    "an orbit and its curves": ("scalar_net", (1, 2), ("Steps shown",)),
    "both sides of the bracket": ("critical_step", (0, 1), ("Direction v", "Scale x", "Depth N")),
    "the way to infinity": ("slack_line", (0, 1, 2), ("Weight T", "Shift δ", "Step size η")),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_on_a_phone_pictures_and_their_sliders_share_a_screen(explore, case):
    name, charts, labels = TOGETHER[case]
    page = explore(name, width=NARROW, height=844)
    inputs = page.locator("input")
    sliders = [page.get_by_label(label, exact=True).and_(inputs) for label in labels]
    pictures = [page.locator(".explorer-live svg.chart").nth(i) for i in charts]
    boxes = [each.bounding_box() for each in (*pictures, *sliders)]
    top, bottom = min(b["y"] for b in boxes), max(b["y"] + b["height"] for b in boxes)
    assert bottom - top < 844 - 60  # below the bar of the page
    assert min(box["width"] for box in boxes) > 300


def test_on_a_phone_the_sharpness_stays_in_sight_of_every_control(explore):
    page = explore("train", width=NARROW, height=844)
    for label in ("Layers", "Momentum β"):
        control = page.get_by_role("slider", name=label, exact=True)
        control.scroll_into_view_if_needed()
        chart = page.locator(".explorer-live svg.chart").first.bounding_box()
        assert 0 < chart["y"] < chart["y"] + chart["height"] < control.bounding_box()["y"] + 30


ADDRESSES = {
    "scalar_net": ("x=50&eta=-1&t=2.6&y=", "x = 3.2, eta = 0, t = 3, y = 0.42"),
    "critical_step": ("w11=1e999&s12=1,5&N=2.5", "w11 = 5, s12 = 1, N = 3"),
    "slack_line": ("T=NaN&eta=0.3333&logdelta=-99", "T = 10, eta = 0.333, logdelta = -7"),
    "train": ("depth=9&eta=5:1&seed=x", "depth = 5, eta = 0:0.32, seed = 1"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_what_an_address_asks_in_vain_is_said(explore, name):
    asked, shown = ADDRESSES[name]
    page = explore(name, f"#{asked}&toString=1")
    note = page.locator(".note[role=status]", has_text="The link asks for")
    said = f"The link asks for {asked.replace('=', ' = ').replace('&', ', ')}; shown is {shown}."
    assert note.inner_text().split() == said.split()
    if name == "train":
        page.wait_for_function("document.querySelector('.python').textContent")
    page.locator("input[type=range]").first.press("ArrowRight")
    note.wait_for(state="detached")
    page.evaluate(f"location.hash = '{asked}'")  # an address that is changed by hand
    note.wait_for()
    page.evaluate("location.hash = 'explore'")  # a link to a place on the page is no state
    page.evaluate("new Promise(resolve => setTimeout(resolve, 400))")  # in turn with its timers
    assert page.evaluate("location.hash") == "#explore"


def inputs_of(page) -> list:
    return page.locator(".explorer-live :is(input, select):visible").evaluate_all(
        "all => all.map(each => each.type === 'checkbox' ? each.checked : each.value)"
    )


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_link_that_is_copied_holds_the_state(explore, name):
    page = explore(name, permissions=["clipboard-read", "clipboard-write"])
    sliders = page.locator(".explorer-live input[type=range]:not(:disabled)")
    for slider in sliders.all()[:3]:
        slider.press("ArrowLeft")
    settle(page)
    state = inputs_of(page)
    press(page, "Copy link")
    page.locator(".note", has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    again = explore(name, "#" + copied.partition("#")[2])
    settle(again)
    assert inputs_of(again) == state != inputs_of(explore(name))


def test_colours_are_those_of_the_figures():
    sheet = (MODULES / "explorers.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--explorer-(\w+): (#\w+);", sheet))
    names = ("BLUE", "ORANGE", "GREEN", "PINK", "GREY")
    assert colours == {name.lower(): getattr(style, name) for name in names}
