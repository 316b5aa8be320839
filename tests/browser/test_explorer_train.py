"""The explorer that trains networks, and the plot of the first page: what a reader does."""

import contextlib
import io
import json
import re
from urllib.parse import unquote

import numpy as np
import pytest
from conftest import press, settle

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


def says(page, words: str) -> None:
    page.wait_for_function(
        "words => document.querySelector('.outcome')?.textContent.includes(words)", arg=words
    )


def move_eta(page, value: float) -> None:
    page.get_by_label("Step size η").fill(str(value))


def words(page) -> str:
    """What is said of the run, once it rests."""
    page.wait_for_function(
        "document.querySelector('.outcome:not(.is-stale)')?.textContent.length > 20"
    )
    return page.locator(".outcome").inner_text()


def paused_after(page, step: int) -> None:
    wait_for_step(page, step)
    press(page, "Pause")
    words(page)


def ends_as_in_python(page, run, tolerance: float) -> None:
    """Run the lines of Python that the page gives; they print the loss and the sharpness."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(page.locator(".python").text_content(), {})
    loss, sharpness = map(float, printed.getvalue().split())
    assert run["records"]["steps"][-1] == run["step"]
    assert run["records"]["losses"][-1] == pytest.approx(loss, rel=tolerance)
    assert run["records"]["sharpnesses"][-1] == pytest.approx(sharpness, rel=tolerance)


def saved_runs(page) -> list:
    with page.expect_download() as download:
        press(page, "Save to a file")
    return json.loads(download.value.path().read_text("utf-8"))["runs"]


def test_nothing_moves_but_the_curves_and_only_when_the_reader_starts_them(explore):
    page = ready(explore("train"))
    assert "Step 0: the loss is" in words(page)
    below = "document.querySelector('.explorer-live details').getBoundingClientRect().y"
    before = page.evaluate(below)
    press(page, "Run")
    wait_for_step(page, 20)
    assert page.evaluate(below) == before
    press(page, "Pause")
    words(page)
    assert page.evaluate(below) == before
    stopped = step_of(page)
    settle(page)
    assert step_of(page) == stopped >= 20


def test_a_step_size_that_is_not_yet_shown_is_that_of_the_next_run(explore):
    page = ready(explore("train"))
    page.evaluate("""() => {
      for (const [label, value] of [["Step size η", 0.41], ["Momentum β", 0.5]]) {
        const name = [...document.querySelectorAll("label")].find((l) => l.textContent === label);
        name.control.value = value;
        name.control.dispatchEvent(new Event("input"));
      }
    }""")
    page.wait_for_function("location.hash.includes('beta=0.5')")
    words(page)
    assert page.get_by_label("Step size η").input_value() == "0.41"
    assert "eta=0:0.41" in unquote(page.url)


def test_the_step_size_moves_past_the_threshold_and_a_link_repeats_it_all(explore):
    page = ready(explore("train"))
    press(page, "Run")
    wait_for_step(page, 100)
    move_eta(page, 0.41)
    paused_after(page, step_of(page) + 60)
    exact = eos.critical_step_size(*map(datasets.standardised, datasets.wine()), depth=3)
    known = re.search(r"η is above ηC = (\S+) \(proved to (\d+) digits\)", words(page))
    digits = int(known[2])
    assert digits > 12
    assert known[1] == f"{exact.lower:.{digits}g}" == f"{exact.upper:.{digits}g}"
    (run,) = saved_runs(page)
    (zero, first), (changed, second) = run["schedule"]
    assert (zero, first, second) == (0, 0.32, 0.41)
    assert 100 <= changed < run["step"]
    edges, steps = np.array(run["records"]["edges"]), np.array(run["records"]["steps"])
    np.testing.assert_allclose(edges[steps < changed], 2 / 0.32)
    np.testing.assert_allclose(edges[steps >= changed], 2 / 0.41)
    ends_as_in_python(page, run, 1e-6)

    page.wait_for_function("step => location.hash.includes(`until=${step}`)", arg=run["step"])
    link = page.url.partition("#")[2]
    press(page, "Replay")
    says(page, "The run that is repeated ends")
    assert saved_runs(page) == [run]
    # A new start is another run, which does not stop where that one stopped.
    press(page, "Start again")
    page.wait_for_function("document.querySelector('.readout').textContent.startsWith('step 0')")
    assert page.get_by_role("button", name="Replay").is_disabled()
    press(page, "Run")
    paused_after(page, run["step"] + 5)
    assert saved_runs(page)[0]["schedule"] == [[0, 0.41]]

    again = ready(explore("train", f"#{link}"))
    assert step_of(again) == 0
    press(again, "Run")
    wait_for_step(again, run["step"])
    assert saved_runs(again) == [run]


@pytest.mark.parametrize(
    "state",
    [
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
    ends_as_in_python(page, run, 1e-9)


def test_what_a_network_does_not_have_is_not_shown(explore):
    page = ready(explore("train", "#tanh=1"))
    third = page.locator(".chart").nth(2)
    assert not third.is_visible()
    assert "W" not in page.locator(".legend").inner_text()
    assert "2/ηC" not in page.locator(".legend").inner_text()
    page.get_by_role("slider", name="Layers", exact=True).fill("1")
    third.wait_for(state="visible")  # one layer is linear
    for label in ("Width of hidden layers", "Initial size of the other layers", "Network"):
        assert page.get_by_label(label, exact=True).is_disabled()


def test_runs_are_kept_named_saved_loaded_and_opened(explore, tmp_path):
    page = ready(explore("train"))
    press(page, "Run")
    paused_after(page, 60)
    page.get_by_label("Name of this run").fill("<b>bold</b>")
    press(page, "Keep for comparison")
    assert "<b>bold</b>: wine, 3 linear layers, width 6, η = 0.32, " in page.inner_text(
        ".kept-runs li"
    )
    press(page, "small step")
    page.wait_for_function("document.querySelector('.readout').textContent.startsWith('step 3')")
    press(page, "Pause")
    assert page.locator("path.kept-0").count() == 3
    assert "<b>bold</b>" in page.locator(".legend").inner_text()
    runs = saved_runs(page)  # the kept one and the one that is shown
    assert [run["name"] for run in runs] == ["<b>bold</b>", "run 2"]
    runs.pop()

    file = tmp_path / "runs.json"
    content = {"format": "runs of the edge-of-stability explorer", "version": 1, "runs": runs}
    file.write_text(json.dumps(content), "utf-8")
    other = ready(explore("train"))
    with other.expect_file_chooser() as chooser:
        press(other, "Load from a file")
    chooser.value.set_files(file)
    other.get_by_text("Loaded 1 run from runs.json.").wait_for()
    press(other, "Open <b>bold</b>")
    press(other, "Run")
    wait_for_step(other, runs[0]["step"])
    assert "The run that is repeated ends here" in words(other)
    (repeated,) = saved_runs(other)  # the same run is not saved twice
    assert repeated["records"] == runs[0]["records"]
    press(other, "Remove <b>bold</b>")
    assert other.locator(".kept-runs li").count() == 0


# The first page -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["book/explorers/train.html", "book/index.html"])
def test_without_the_data_the_page_says_so(visit, name):
    page = visit(name, service_workers="block").page
    page.route("**/*.npz", lambda route: route.fulfill(status=404))
    page.reload()
    says(page, "404")
    assert "The data cannot be loaded" in page.locator(".outcome").inner_text()
    press(page, "Run")  # does no harm
    assert page.get_by_role("button", name="Run", exact=True).is_visible()


def test_the_first_page_moves_and_crosses_the_threshold(visit):
    page = visit("book/index.html").page
    page.wait_for_function(
        "document.querySelector('.first-screen path.orbit')?.getAttribute('d')?.length > 600"
    )
    move_eta(page, 0.4)
    # On a slow machine the run may be over.
    toggle = page.locator(".first-screen button").first
    toggle.evaluate("button => button.textContent === 'Pause' && button.click()")
    says(page, "η is above ηC")


def test_where_less_motion_is_asked_for_the_first_page_stands_still(visit):
    page = visit("book/index.html", motion="reduce").page
    says(page, "300 steps")
    orbit = page.locator(".first-screen path.orbit").first
    before = orbit.get_attribute("d")
    settle(page)
    assert orbit.get_attribute("d") == before
    move_eta(page, 0.4)
    says(page, "η is above ηC. After 300")
