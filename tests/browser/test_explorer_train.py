"""The explorer that trains networks, and the plot of the first page: what a reader does."""

from __future__ import annotations

import contextlib
import io
import json
import re

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


def run_with_a_change(page, change: int, eta: float, end: int) -> dict:
    """The run that is paused after step `end`; its step size becomes `eta` after step `change`."""
    press(page, "Run")
    wait_for_step(page, change)
    move_eta(page, eta)
    paused_after(page, end)
    (run,) = saved_runs(page)
    return run


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


def test_the_step_size_moves_past_the_threshold_while_the_network_learns(explore):
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
    # The lines of Python make the same run, past the change.
    loss, sharpness = end_in_python(page)
    assert steps[-1] == run["step"]
    assert run["records"]["losses"][-1] == pytest.approx(loss, rel=1e-6)
    assert run["records"]["sharpnesses"][-1] == pytest.approx(sharpness, rel=1e-6)


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
    loss, sharpness = end_in_python(page)
    assert run["records"]["losses"][-1] == pytest.approx(loss, rel=1e-9)
    assert run["records"]["sharpnesses"][-1] == pytest.approx(sharpness, rel=1e-9)


def test_a_link_repeats_a_run(explore):
    page = ready(explore("train"))
    run = run_with_a_change(page, 40, 0.2, 80)
    page.wait_for_function("step => location.hash.includes(`until=${step}`)", arg=run["step"])
    again = ready(explore("train", "#" + page.url.partition("#")[2]))
    assert step_of(again) == 0
    press(again, "Run")
    wait_for_step(again, run["step"])
    (repeated,) = saved_runs(again)
    assert repeated == run


def test_start_again_is_a_new_run_and_replay_the_same_one(explore):
    page = ready(explore("train"))
    run = run_with_a_change(page, 30, 0.27, 60)
    press(page, "Replay")
    page.wait_for_function(
        "document.querySelector('.outcome').textContent.startsWith('The run that is repeated ends')"
    )
    assert saved_runs(page) == [run]
    press(page, "Start again")
    page.wait_for_function("document.querySelector('.readout').textContent.startsWith('step 0')")
    assert page.get_by_label("Step size η").input_value() == "0.27"
    assert page.get_by_role("button", name="Replay").is_disabled()
    press(page, "Run")
    paused_after(page, run["step"] + 5)  # it does not stop where the other run stopped
    assert saved_runs(page)[0]["schedule"] == [[0, 0.27]]


def test_link_and_python_are_of_the_run_as_it_goes_on(explore):
    page = ready(explore("train", permissions=["clipboard-read", "clipboard-write"]))
    page.locator("summary", has_text="As Python").click()
    press(page, "Run")
    wait_for_step(page, 30)
    press(page, "Copy link")
    page.wait_for_function("/until=[1-9]/.test(location.hash)")
    page.wait_for_function(
        "/ in .\\(0.32, \\d\\d+\\)/.test(document.querySelector('.python').textContent)"
    )
    assert page.get_by_role("button", name="Pause").is_visible()


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
    kept = page.locator(".kept-runs li")
    assert "<b>bold</b>: wine, 3 linear layers, width 6, η = 0.32, " in kept.inner_text()
    assert page.locator("path.kept-0").count() == 3
    length = len(page.locator("path.kept-0").first.get_attribute("d"))
    press(page, "small step")
    page.wait_for_function("document.querySelector('.readout').textContent.startsWith('step 3')")
    assert len(page.locator("path.kept-0").first.get_attribute("d")) > 0.8 * length
    press(page, "Pause")
    assert "<b>bold</b>" in page.locator(".legend").inner_text()
    runs = saved_runs(page)  # the kept one and the one that is shown
    assert [run["name"] for run in runs] == ["<b>bold</b>", "run 2"]
    runs.pop()

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
    assert "The run that is repeated ends here" in words(other)
    (repeated,) = saved_runs(other)  # the same run is not saved twice
    assert repeated["records"] == runs[0]["records"]
    other.get_by_role("button", name="Remove <b>bold</b>").click()
    assert other.locator(".kept-runs li").count() == 0


@pytest.mark.slow
def test_a_frame_of_training_leaves_the_page_most_of_its_time(explore, browser):
    """In time of the processor, not of the clock; 430 weights, as many records as are kept."""
    page = ready(explore("train", "#depth=5&width=10&first=0.7&rest=0.7&eta=0:0.05"))
    press(page, "500 steps at once")
    wait_for_step(page, 500)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def thread_time() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return {each["name"]: each["value"] for each in metrics}["ThreadTime"]

    page.evaluate(
        "window.drawn = 0, new MutationObserver(() => { drawn += 1 })"
        ".observe(document.querySelector('.readout'), {childList: true})"
    )
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    press(page, "Run")
    page.wait_for_function("drawn > 10")
    before = page.evaluate("drawn"), thread_time()
    page.wait_for_function("drawn > 100")
    after = page.evaluate("drawn"), thread_time()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    frames, seconds = np.subtract(after, before)
    assert seconds / frames < 1 / 60
    main = {
        (each["pid"], each["tid"])
        for each in events
        if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        each["tdur"] / 1000  # ms of the processor
        for each in events
        if each["name"] == "RunTask" and (each["pid"], each["tid"]) in main and "tdur" in each
    ]
    assert len(tasks) > 100
    assert max(tasks) < 50
