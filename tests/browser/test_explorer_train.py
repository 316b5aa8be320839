"""The explorer that trains networks, and the plot of the first page: what a reader does."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import pytest
from conftest import settle
from inspection import NARROW, WIDE

import edge_of_stability as eos
from edge_of_stability import datasets


def ready(page):
    page.wait_for_function("document.querySelector('.readout').textContent.startsWith('step')")
    return page


def step_of(page) -> int:
    return int(page.locator(".readout").inner_text().split()[1])


def wait_for_step(page, step: int) -> None:
    page.wait_for_function(
        "least => Number(document.querySelector('.readout').textContent.split(' ')[1]) >= least",
        arg=step,
    )


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def move_eta(page, value: float) -> None:
    page.get_by_label("Step size η").fill(str(value))


def words(page) -> str:
    page.wait_for_function("document.querySelector('.outcome').textContent.length > 20")
    return page.locator(".outcome").inner_text()


def paused_after(page, step: int) -> None:
    wait_for_step(page, step)
    press(page, "Pause")
    words(page)


def python_of(page) -> str:
    return page.locator(".python").text_content()


def end_in_python(page) -> tuple[float, float]:
    """Run the lines that the page gives; the loss and the sharpness that they print."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(python_of(page), {})
    loss, sharpness = map(float, printed.getvalue().split())
    return loss, sharpness


def saved_runs(page) -> list:
    with page.expect_download() as download:
        press(page, "Save to a file")
    return json.loads(download.value.path().read_text("utf-8"))["runs"]


def test_nothing_moves_until_the_reader_starts_it(explore):
    page = ready(explore("train"))
    settle(page)
    assert step_of(page) == 0
    assert "Step 0: the loss is" in words(page)
    press(page, "Run")
    wait_for_step(page, 20)
    press(page, "Pause")
    stopped = step_of(page)
    settle(page)
    assert step_of(page) == stopped >= 20


def test_the_step_size_moves_past_the_threshold_while_the_network_learns(explore):
    page = ready(explore("train"))
    press(page, "Run")
    wait_for_step(page, 100)
    move_eta(page, 0.41)
    paused_after(page, step_of(page) + 60)
    problem_step = eos.critical_step_size(*map(datasets.standardised, datasets.wine()), depth=3)
    text = words(page)
    assert "η is above η_C" in text
    assert f"between {problem_step.lower!r} and {problem_step.upper!r}" in text
    (run,) = saved_runs(page)
    (zero, first), (changed, second) = run["schedule"]
    assert (zero, first, second) == (0, 0.32, 0.41)
    assert 100 <= changed < run["step"]
    edges, steps = np.array(run["records"]["edges"]), np.array(run["records"]["steps"])
    np.testing.assert_allclose(edges[steps < changed], 2 / 0.32)
    np.testing.assert_allclose(edges[steps >= changed], 2 / 0.41)
    # The lines of Python make the same run, past the change.
    loss, sharpness = end_in_python(page)
    assert steps[-1] == run["step"]
    assert run["records"]["losses"][-1] == pytest.approx(loss, rel=1e-6)
    assert run["records"]["sharpnesses"][-1] == pytest.approx(sharpness, rel=1e-6)


@pytest.mark.parametrize(
    "state",
    [
        "data=0&depth=3&width=5&first=1.2&rest=0.4&seed=3&eta=0:0.05",
        "data=2&depth=4&width=4&first=0.5&rest=0.5&seed=9&beta=0.6&eta=0:0.05",
        "data=1&tanh=1&depth=2&width=6&first=1&rest=1&seed=2&eta=0:0.05",
        "data=2&tanh=1&depth=1&width=6&seed=2&eta=0:0.2",
    ],
)
def test_as_python_gives_the_same_run(explore, state):
    page = ready(explore("train", f"#{state}"))
    press(page, "500 steps at once")
    wait_for_step(page, 500)
    page.wait_for_function("document.querySelector('.python').textContent.includes(', 500)')")
    (run,) = saved_runs(page)
    assert run["step"] == 500
    loss, sharpness = end_in_python(page)
    assert run["records"]["losses"][-1] == pytest.approx(loss, rel=1e-9)
    assert run["records"]["sharpnesses"][-1] == pytest.approx(sharpness, rel=1e-9)


def test_a_link_repeats_a_run(explore):
    page = ready(explore("train"))
    press(page, "Run")
    wait_for_step(page, 40)
    move_eta(page, 0.2)
    paused_after(page, 80)
    (run,) = saved_runs(page)
    page.wait_for_function("step => location.hash.includes(`until=${step}`)", arg=run["step"])
    again = ready(explore("train", "#" + page.url.partition("#")[2]))
    assert step_of(again) == 0
    press(again, "Run")
    wait_for_step(again, run["step"])
    (repeated,) = saved_runs(again)
    assert repeated == run


def test_a_link_that_makes_no_sense_changes_nothing(explore):
    page = ready(explore("train", "#depth=9&eta=5:1&seed=x&data=7"))
    note = page.locator(".explorer-live .buttons > .note").last
    assert "The link asks for depth = 9, eta = 5:1, seed = x, data = 7" in note.inner_text()
    assert page.get_by_role("slider", name="Layers", exact=True).input_value() == "5"
    assert "(0.32, " not in python_of(page)  # no step has been made
    assert page.get_by_label("Step size η").input_value() == "0.32"


def test_runs_are_kept_named_saved_loaded_and_opened(explore, tmp_path):
    page = ready(explore("train"))
    press(page, "Run")
    paused_after(page, 60)
    page.get_by_label("Name of this run").fill("<b>bold</b>")
    press(page, "Keep for comparison")
    kept = page.locator(".kept-runs li")
    assert "<b>bold</b>: wine, 3 linear layers, width 6, η = 0.32, " in kept.inner_text()
    assert page.locator("path.kept-0").count() == 3
    length = len(page.locator("path.kept-0").first.get_attribute("d"))
    press(page, "small step")
    page.wait_for_function("document.querySelector('.readout').textContent.startsWith('step 3')")
    assert len(page.locator("path.kept-0").first.get_attribute("d")) > 0.8 * length
    press(page, "Pause")
    runs = saved_runs(page)
    assert [run["name"] for run in runs] == ["<b>bold</b>"]

    file = tmp_path / "runs.json"
    content = {"format": "runs of the edge-of-stability explorer", "version": 1, "runs": runs}
    file.write_text(json.dumps(content), "utf-8")
    other = ready(explore("train"))

    def load(path) -> str:
        with other.expect_file_chooser() as chooser:
            press(other, "Load from a file")
        chooser.value.set_files(path)
        other.wait_for_function(
            "document.querySelector('[aria-label=\"Runs to compare\"] .note').textContent"
        )
        return other.get_by_role("group", name="Runs to compare").locator(".note").inner_text()

    assert load(file) == "Loaded 1 run from runs.json."
    other.get_by_role("button", name="Open <b>bold</b>").click()
    press(other, "Run")
    wait_for_step(other, runs[0]["step"])
    (repeated,) = saved_runs(other)
    assert repeated["records"] == runs[0]["records"]
    other.get_by_role("button", name="Remove <b>bold</b>").click()
    assert other.locator(".kept-runs li").count() == 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (None, "it is not JSON"),
        ({"format": "x"}, "this page did not write it"),
        ({"version": 2}, "its version is not 1"),
        ({"runs": 3}, "it needs a list of at most 20 runs"),
        ({"runs": [None]}, "run 1: it has no name"),
        ({"runs": [{"name": "a", "parameters": {"data": "iris"}}]}, "its data set is unknown"),
        ({"runs": [{"name": "a", "parameters": {"data": "wine", "tanh": 0, "depth": 9}}]}, "depth"),
    ],
)
def test_a_file_of_another_kind_is_refused(tab, change, complaint):
    tab.open("book/explorers/index.html")
    content = {"format": "runs of the edge-of-stability explorer", "version": 1, "runs": []}
    text = "{" if change is None else json.dumps({**content, **change})
    found = tab.page.evaluate(
        """async ([url, text]) => {
          const { readRuns } = await import(url);
          try { readRuns(text); return "read"; } catch (error) { return error.message; }
        }""",
        [f"{tab.address}_static/explorers/maths/training_file.js", text],
    )
    assert complaint in found


@pytest.mark.parametrize("name", ["book/explorers/train.html", "book/index.html"])
def test_without_the_data_the_page_says_so(visit, name):
    page = visit(name, service_workers="block").page
    page.route("**/*.npz", lambda route: route.fulfill(status=404))
    page.reload()
    page.wait_for_function("document.querySelector('.outcome')?.textContent.includes('404')")
    assert "The data cannot be loaded" in page.locator(".outcome").inner_text()
    press(page, "Run")  # does no harm
    assert page.get_by_role("button", name="Run", exact=True).is_visible()


# The first page -------------------------------------------------------------------------------


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
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(
        "document.querySelector('.outcome').textContent.startsWith('η is above η_C')"
    )


def test_where_less_motion_is_asked_for_the_first_page_stands_still(visit):
    page = visit("book/index.html", motion="reduce").page
    page.wait_for_function("document.querySelector('.outcome').textContent.includes('300 steps')")
    before = page.locator(".first-screen path.orbit").first.get_attribute("d")
    settle(page)
    assert page.locator(".first-screen path.orbit").first.get_attribute("d") == before
    page.get_by_label("Step size η").fill("0.4")
    page.wait_for_function(
        "document.querySelector('.outcome').textContent.startsWith('η is above η_C. After 300')"
    )
