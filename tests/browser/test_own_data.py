""" "Your own data" as its reader uses it: drop, choose or paste a table, and read the answer."""

from pathlib import Path

import numpy as np
import pytest
from own_data_page import (
    GOOD,
    agrees_with_command,
    choose,
    command_says,
    live,
    press,
    settled,
    shown,
    source_says,
    step,
    unfold,
)


def test_there_is_an_answer_before_there_is_a_file_and_on_paper(own_data, tmp_path, capsys):
    page = own_data()
    assert "for MSELoss() and SGD(lr=η, momentum=0)" in shown(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the table as DATA.csv").click()
    assert waiting.value.suggested_filename == "DATA.csv"
    saved = Path(waiting.value.path()).read_bytes()
    agrees_with_command(page, saved, tmp_path, capsys)
    page.emulate_media(media="print")
    assert page.locator(".own-data .outcome").is_visible()
    assert not page.get_by_text("The explorer needs JavaScript").is_visible()
    assert page.locator(".own-data button:visible").count() == 0
    page.emulate_media(media="screen")
    assert page.locator(".explorer > p").first.is_hidden()


def test_a_chosen_file_and_every_choice(own_data, tmp_path, capsys):
    rng = np.random.default_rng(1)
    rows = [",".join(f"{cell:.6f}" for cell in row) for row in rng.standard_normal((30, 5))]
    content = "\n".join(["a,it's b,-c,d e,y", *rows]).replace(",", ";").replace(".", ",")
    page = own_data()
    choose(page, content)
    assert "No answer: line 2, column 'a': " in shown(page)
    unfold(page, "How the file is written")
    live(page).get_by_label("decimal commas").check()
    settled(page)
    assert page.locator(".own-data .source").inner_text() == (
        "Shown is my table.csv: 30 rows, 5 columns; semicolon, UTF-8, decimal comma."
    )
    assert live(page).get_by_label("Target", exact=True).input_value() == "y"
    assert not page.get_by_role("button", name="Save the table").is_visible()
    live(page).get_by_label("Target", exact=True).select_option("it's b")
    unfold(page, "Columns and rows")
    live(page).get_by_label("y", exact=True).select_option("target")
    live(page).get_by_label("-c", exact=True).select_option("left out")
    settled(page)
    assert "2 features, 2 targets, 1 left out" in live(page).inner_text()
    live(page).get_by_label("Layers", exact=True).fill("3")
    live(page).get_by_label("Momentum β").fill("0,9")
    unfold(page, "Preparation")
    live(page).get_by_label("Features").select_option("centre")
    live(page).get_by_label("Targets").select_option("standardise")
    live(page).get_by_label("add a constant feature").check()
    step(page)
    found = command_says(page, content, tmp_path, capsys)
    line = page.locator(".own-data pre").inner_text()
    assert "'my table.csv' --target 'it'\"'\"'s b' --target y --leave-out=-c --depth 3" in line
    rest = "--centre --target-preparation standardise --intercept --momentum 0.9 --decimal-comma"
    assert rest in line
    assert "30 rows. Features and an intercept: centred" in shown(page)
    losses = live(page).get_by_label("Loss")
    values = losses.locator("option").evaluate_all("all => all.map(each => each.value)")
    assert sorted(values) == sorted(found)
    for loss in values:
        losses.select_option(loss)
        assert step(page) == pytest.approx(found[loss]["value"], 1e-5)
    unfold(page, "For every loss")
    table = [float(cell) for cell in page.locator(".own-data td").all_inner_texts()]
    assert table == pytest.approx([found[loss]["value"] for loss in values], 1e-5)
    assert "With momentum, a null set is one of pairs of a starting point" in shown(page)


def test_choices_made_before_there_is_an_answer_all_count(own_data):
    page = own_data()
    choose(page, "a,b,c,d,y\n1,2,3,4,5\n4,1,2,2,0\n0,5,1,1,1\n2,2,7,0,3\n3,3,3,2,2\n1,0,1,1,4\n")
    unfold(page, "Columns and rows")
    page.evaluate("""() => {
      for (const [column, role] of [["a", "target"], ["b", "out"], ["c", "out"]]) {
        const select = document.querySelector(`.own-data [data-column=${column}] select`);
        select.value = role;
        select.dispatchEvent(new Event("change"));
      }
    }""")
    settled(page)
    assert "1 feature, 2 targets, 2 left out" in live(page).inner_text()
    line = page.locator(".own-data pre").inner_text()
    assert "--target a --target y --leave-out b --leave-out c" in line


DROP = """([text, name]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, {type: "text/csv"}));
  const target = document.querySelector(".own-data .choices");
  for (const kind of ["dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind,
      {dataTransfer: transfer, bubbles: true, cancelable: true}));
  }
}"""


def test_a_dropped_file_and_a_pasted_table_do_not_leave_the_machine(own_data):
    page = own_data()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(DROP, [GOOD, "dropped.csv"])
    source_says(page, "dropped.csv: 5 rows, 3 columns")
    before = step(page)
    unfold(page, "Paste a table instead")
    live(page).get_by_label("Table, with the names").fill(GOOD.replace("7", "70"))
    source_says(page, "pasted")
    assert step(page) != before
    live(page).get_by_label("Layers", exact=True).fill("3")
    step(page)
    assert [url for url in asked if not url.startswith("blob:")] == []
    assert "Nothing leaves your machine" in page.locator(".own-data .promise").inner_text()
    kept = page.evaluate("[document.cookie, JSON.stringify(localStorage)].join()")
    assert "dropped" not in kept


def test_what_is_too_large_is_left_to_the_command(own_data):
    page = own_data()
    names = ",".join(f"c{k}" for k in range(502))
    choose(page, names + "\n" + (",".join(["1"] * 502) + "\n") * 2)
    assert "No answer: features: 501, and this page computes with 500 at most" in shown(page)
    assert "'my table.csv' --target c501" in page.locator(".own-data pre").inner_text()
    page.evaluate(f"""() => ({DROP})(["x".repeat(20_000_001), "large.csv"])""")
    source_says(page, "large")
    assert "No answer: larger than 20 MB" in shown(page)


def test_the_command_is_copied(own_data):
    page = own_data(permissions=["clipboard-read", "clipboard-write"])
    press(page, "Copy the command")
    page.wait_for_function("document.querySelector('.proof .note').textContent === 'Copied.'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".own-data pre").inner_text()
    choose(page, "a,b,label\n1,2,1\n2,1,0\n4,4,1\n3,3,0\n5,2,1\n")
    assert "The target has two values." in shown(page)
    press(page, "Copy the command for it")
    page.wait_for_function("document.querySelector('.outcome .note[role]').textContent")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith("--target label --depth 2 --intercept --loss logistic")


def test_the_command_is_there_where_no_script_runs(visit):
    page = visit("book/owndata/index.html", java_script_enabled=False).page
    fallback = page.locator(".explorer pre:visible").inner_text()
    assert "critical-step DATA.csv --target COLUMN --depth N" in fallback
