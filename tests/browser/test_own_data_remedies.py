""" "Your own data" says what is wrong with a table, and offers a button that mends it."""

import numpy as np
from own_data_page import (
    GOOD,
    agrees_with_command,
    choose,
    command_says,
    live,
    press,
    shown,
    step,
    unfold,
)


def test_what_is_wrong_is_said_and_text_is_left_out_by_a_click(own_data, tmp_path, capsys):
    page = own_data()
    content = GOOD.replace("\n", ",red,NA\n").replace("y,red,NA", "y,colour,gap")
    choose(page, content)
    # The last column of numbers is the target; the text is refused in the command's words.
    assert live(page).get_by_label("Target", exact=True).input_value() == "y"
    refused = "No answer: line 2, column 'colour': 'red' is not a number; delete the line"
    assert refused in shown(page)
    assert not page.locator(".own-data pre").is_visible()
    press(page, "Leave out 'colour', 'gap'")
    agrees_with_command(page, content, tmp_path, capsys)

    choose(page, GOOD.replace("z", "id").replace("y", "Unnamed: 0"))
    assert "No answer" not in shown(page)
    choose(page, "a,x,y\n1,3,3\n2,1,2\n3,5,1\n4,2,7\n")
    assert "Warning: column 'a' only numbers the rows, it seems" in shown(page)
    press(page, "Leave out 'a'")
    assert "Warning" not in shown(page)
    choose(page, b"PK\x03\x04\x14\0")
    assert "No answer: not UTF-8 text; save the table as CSV" in shown(page)
    choose(page, GOOD)
    live(page).get_by_label("Layers", exact=True).fill("2.5")
    complaint = page.locator(".own-data .complaint").inner_text()
    assert complaint == "Layers takes whole numbers from 1 to 100; 2 is still in use."
    live(page).get_by_label("Layers", exact=True).fill("1")
    assert "regression converges from every starting point" in shown(page)


def test_a_click_reads_decimal_commas_and_another_click_takes_it_back(own_data):
    page = own_data()
    choose(page, "\ufeffx;z;y\r\n1,5;2,5;3\r\n4,0;1,25;2\r\n0,5;5;1\r\n2,25;2;7\r\n", "excel.csv")
    assert "with a decimal comma (“decimal commas”)" in shown(page)
    remedies = page.locator(".own-data .outcome button").all_inner_texts()
    assert remedies == ["Read commas as decimal commas"]  # not: leave out every feature
    press(page, remedies[0])
    assert step(page) > 0
    assert live(page).get_by_label("decimal commas").is_checked()
    press(page, "Undo: Read commas as decimal commas")
    assert page.locator(".own-data .outcome button").all_inner_texts() == remedies
    press(page, remedies[0])
    choose(page, GOOD, "next.csv")  # which has decimal points again
    assert step(page) > 0
    assert "comma, UTF-8, decimal point" in page.locator(".own-data .source").inner_text()
    assert not page.get_by_role("button", name="Undo").count()


def test_a_click_for_another_encoding_constant_and_dependent_columns(own_data):
    page = own_data()
    rows = "\n".join(f"{k},7,{k % 3},{1 - k % 3},8,{k * k % 7}" for k in (3, 1, 4, 8, 5, 9))
    choose(page, ("größe,c,male,other,d,y\n" + rows).encode("windows-1252"))
    assert "not UTF-8 text" in shown(page)
    press(page, "Read as Windows-1252")
    assert "vary too little against their size: 'c', 'd'; leave" in shown(page)
    press(page, "Leave out 'c', 'd'")
    assert "the features 'male', 'other' are linearly dependent" in shown(page)
    press(page, "Leave out 'male'")
    assert step(page) > 0
    line = page.locator(".own-data pre").inner_text()
    assert "--leave-out c --leave-out d --leave-out male" in line
    assert "--encoding windows-1252" in line


def test_rows_with_missing_values_are_dropped_by_a_click(own_data, tmp_path, capsys):
    page = own_data()
    content = GOOD.replace("4,1,2", "NA,1,2").replace("3,3,3", "3,3,3\n5,1,0\n6,,2")
    choose(page, content)
    press(page, "Drop the 2 rows with a missing value (of 7)")
    assert "5 rows. Features and targets standardised" in shown(page)
    assert "2 of 7 rows have a missing value: dropped" in live(page).inner_text()
    assert "--drop-missing" in page.locator(".own-data pre").inner_text()
    agrees_with_command(page, content, tmp_path, capsys)


def random_table(names, rows: int) -> str:
    cells = np.random.default_rng(2).standard_normal((rows, len(names)))
    lines = [",".join(f"{cell:.6f}" for cell in row) for row in cells]
    return "\n".join([",".join(names), *lines])


def test_biases_come_first_when_they_matter(own_data, tmp_path, capsys):
    page = own_data()
    content = random_table("abcy", 40)
    choose(page, content)
    first = page.locator(".own-data .outcome > *").first.inner_text()
    assert "With biases in every layer, the default of nn.Linear, η" in first
    assert "--biases" not in page.locator(".own-data pre").inner_text()
    live(page).get_by_label("biases in every layer").check()
    bound = step(page)
    assert "≤" in page.locator(".own-data .step").inner_text()
    assert f"at most {bound:g}." in first
    assert "2 layers, with biases" in shown(page)
    found = command_says(page, content, tmp_path, capsys)
    assert found["mean_of_entries"]["value"] <= bound


def test_among_many_columns_one_is_found(own_data):
    page = own_data()
    choose(page, random_table([f"c{k}" for k in range(30)], 50))
    unfold(page, "Columns and rows")
    press(page, "Leave out every feature")
    assert "0 features, 1 target, 29 left out" in live(page).inner_text()
    assert "No answer: features: need at least one" in shown(page)
    live(page).get_by_label("Find a column").fill("c1")
    seen = page.locator(".own-data .roles .field:visible label").all_inner_texts()
    assert seen == ["c1", *(f"c1{k}" for k in range(10))]
    live(page).get_by_label("c11", exact=True).select_option("feature")
    assert step(page) > 0
