"""What the page "Your own data" computes in the browser, and what the command prints."""

import base64
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from edge_of_stability.tables.command import main

SEED = 20240220
TOLERANCE = 1e-9  # of η_C, relative

ANSWER = """async ([base, cases]) => {
  const load = (name) => import(base + name);
  const [{ TableError, textOf }, { tableOf }, { answer }, { remedies }, words] = await Promise.all(
    ["maths/csv.js", "maths/table.js", "maths/own_data.js", "maths/remedies.js",
     "own_data_words.js"].map(load));
  const result = [];
  for (const { bytes, reading, choice, momentum } of cases) {
    let table = null;
    try {
      const content = Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
      table = tableOf((await textOf(content, reading.encoding)).text, reading);
      const found = answer(table, choice);
      const meaning = words.meaning({ ...choice, momentum });
      const onPage = found.warnings.map(words.forPage);
      result.push({ ...found, steps: words.steps(found, momentum), meaning, onPage });
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      const onPage = [words.forPage(error.message)];
      result.push({ fault: error.message, onPage, remedies: remedies(error.cure, table, choice) });
    }
  }
  return result;
}"""

READING = {"encoding": "utf-8", "separator": None, "decimalComma": False}
CHOICE = {
    "targets": ["y"],
    "leaveOut": [],
    "dropMissing": False,
    "depth": 2,
    "biases": False,
    "preparation": "standardise",
    "targetPreparation": "",
    "intercept": False,
}


def in_browser_of(tab):
    """A function that gives the answers for cases (content, choice, reading, momentum)."""
    tab.open("book/explorers/index.html")

    def answered(cases):
        messages = [
            {
                "bytes": base64.b64encode(content).decode(),
                "choice": CHOICE | choice,
                "reading": READING | reading,
                "momentum": momentum,
            }
            for content, choice, reading, momentum in cases
        ]
        return tab.page.evaluate(ANSWER, [f"{tab.address}_static/explorers/", messages])

    return answered


def csv_of(names, columns) -> bytes:
    rows = [",".join(repr(float(cell)) for cell in row) for row in np.transpose(columns)]
    return "\n".join([",".join(names), *rows, ""]).encode()


def by_command(path: Path, content: bytes, choice, momentum=0.0) -> dict:
    """The command's JSON, or {"fault": what it says}."""
    path.write_bytes(content)
    choice = CHOICE | choice
    flags = {"intercept": "intercept", "biases": "biases", "drop-missing": "dropMissing"}
    arguments = [
        *("critical-step", str(path), "--json", f"--{choice['preparation']}"),
        *(f"--depth={choice['depth']}", f"--momentum={momentum}"),
        *(f"--target={name}" for name in choice["targets"]),
        *(f"--leave-out={name}" for name in choice["leaveOut"]),
        *(f"--{flag}" for flag, key in flags.items() if choice[key]),
    ]
    if choice["targetPreparation"]:
        arguments.append(f"--target-preparation={choice['targetPreparation']}")
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return json.loads(out.getvalue()) if code == 0 else {"fault": err.getvalue()}


def agree(ours, command):
    """One answer of the page and the command's for the same choices."""
    assert dict(ours["steps"]) == pytest.approx(
        {name: eta["value"] for name, eta in command["critical_step_size"].items()}, TOLERANCE
    )
    assert ours["rounding"] == pytest.approx(command["rounding"], 1e-6)
    assert ours["rowCount"] == command["rows"]
    for key in ("features", "targets", "notes", "warnings"):
        assert ours[key] == command[key]
    assert ours["biasesLower"] == command["biases_lower"]
    assert ours["twoValues"] == command["two_values"]


def agree_with_command(cases, answers, folder: Path) -> None:
    for (content, choice, _, momentum), ours in zip(cases, answers, strict=True):
        agree(ours, by_command(folder / "DATA.csv", content, choice, momentum))
