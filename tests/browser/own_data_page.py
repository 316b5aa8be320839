"""What a reader does on the page "Your own data", and what it shows then."""

import json
import shlex
from pathlib import Path

import pytest
from conftest import settle

from edge_of_stability.tables.command import main

GOOD = "x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n3,3,3\n"


def live(page):
    return page.locator(".own-data")


def settled(page) -> None:
    page.wait_for_function("document.querySelector('.own-data .outcome').ariaBusy === 'false'")
    settle(page)


def choose(page, content: str | bytes, name: str = "my table.csv") -> None:
    content = content if isinstance(content, bytes) else content.encode()
    file = {"name": name, "mimeType": "text/csv", "buffer": content}
    with page.expect_file_chooser() as waiting:
        live(page).get_by_role("button", name="Choose a CSV file…").click()
    waiting.value.set_files(file)
    source_says(page, name)
    settled(page)


def source_says(page, words: str) -> None:
    """Wait until the page names the table that it shows, in these words."""
    page.locator(".own-data .source", has_text=words).wait_for()


def press(page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()
    settled(page)


def unfold(page, words: str) -> None:
    page.locator(".own-data summary", has_text=words).click()


def shown(page) -> str:
    settled(page)
    return page.locator(".own-data .outcome").inner_text()


def step(page) -> float:
    settled(page)
    return float(page.locator(".own-data .step strong").inner_text())


def command_says(page, content: str | bytes, folder: Path, capsys) -> dict:
    """What the command line on the page prints, for this file in this folder."""
    words = shlex.split(page.locator(".own-data pre").inner_text())
    assert words[0] == "critical-step"
    path = folder / words[1]
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["critical-step", str(path), *words[2:], "--json"]) == 0
    return json.loads(capsys.readouterr().out)["critical_step_size"]


def agrees_with_command(page, content: str | bytes, folder: Path, capsys) -> None:
    found = command_says(page, content, folder, capsys)
    assert step(page) == pytest.approx(found["mean_of_entries"]["value"], 1e-5)
