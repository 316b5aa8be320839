"""The page "Your own data" reads and refuses what the command does, in the same words."""

import re
import runpy
from pathlib import Path

import numpy as np
from own_data_answers import SEED, agree_with_command

from edge_of_stability.tables.prepare import prepare
from edge_of_stability.tables.read import read_table


def files() -> list[tuple[bytes, dict]]:
    """Tables and options of `read_table`: those of test_tables.py, and what no one would write."""
    path = Path(__file__).parents[1] / "edge_of_stability" / "test_tables.py"
    tables = runpy.run_path(str(path))
    good, semicolons = tables["GOOD"], tables["GOOD"].replace(",", ";")
    found = [
        *((content, options) for content, options, *_ in tables["READ"].values()),
        *((content, {}) for content, *_ in tables["BAD"].values()),
        (semicolons.replace("5", "5,5"), {"decimal_comma": True}),
        (semicolons.replace("5", "1.5"), {"decimal_comma": True}),
        (good.replace(",", "|"), {"separator": "|"}),
        (good.replace("z", "größe").encode("cp1252"), {"encoding": "windows-1252"}),
        (b"x,\x81,y\n1,2,3\n4,1,2\n", {"encoding": "windows-1252"}),
        *((content, {}) for content in made_up_files(600)),
    ]
    return [(c if isinstance(c, bytes) else c.encode(), options) for c, options in found]


def made_up_files(count):
    rng = np.random.default_rng(SEED + 1)
    alphabet = list("0123456789.eE+-,;\"\n\r\t nain'\\\u00a0\u2212\u2028\x1cé𝒙")
    for _ in range(count):
        lines = ["x,z,y"] if rng.random() < 0.8 else []
        for _ in range(int(rng.integers(0, 7))):
            if rng.random() < 0.6:
                lines.append(",".join(str(cell) for cell in rng.integers(-9, 9, 3)))
            else:
                lines.append("".join(rng.choice(alphabet, int(rng.integers(0, 12)))))
        yield str(rng.choice(["\n", "\r\n", "\r", "\n\n"])).join(lines)


def said_by_the_package(path: Path, content: bytes, options) -> str | None:
    path.write_bytes(content)
    try:
        prepare(read_table(path, **options), ["y"])
    except ValueError as error:
        return str(error)
    return None


def test_files_are_read_and_refused_in_the_same_words(in_browser, tmp_path):
    cases = []
    for content, options in files():
        how = {"decimalComma": "decimal_comma" in options}
        how |= {key: options[key] for key in ("separator", "encoding") if key in options}
        cases.append((content, {"depth": 1}, how, 0.0))
    answered = 0
    for (content, options), ours in zip(files(), in_browser(cases), strict=True):
        if content.startswith(b"\x1f\x8b"):
            assert "cannot be read: the gzip file is damaged" in ours["fault"]
            continue
        expected = said_by_the_package(tmp_path / "data.csv", content, options)
        if expected and expected.startswith("no column 'y'"):
            continue  # the page offers the columns that there are
        assert ours.get("fault") == expected, content
        # What the page shows names its controls, and no option of the command.
        assert not any(re.search(r"\(--[a-z]", said) for said in ours["onPage"]), content
        for remedy in ours.get("remedies", ()):
            assert not {"x", "z"} <= set(remedy.get("choice", {}).get("leaveOut", ()))
        answered += expected is None
    assert answered > 40


def test_rows_with_missing_values(in_browser, tmp_path):
    rng = np.random.default_rng(SEED + 3)
    cases = []
    for _ in range(20):
        cells = [[f"{number:.6f}" for number in row] for row in rng.standard_normal((40, 4))]
        for row, column in zip(rng.integers(0, 40, 5), rng.integers(0, 4, 5), strict=True):
            cells[row][column] = str(rng.choice(["", "NA", "NaN", "?", "-inf", "#N/A", " "]))
        content = "\n".join(map(",".join, [["a", "b", "c", "y"], *cells])).encode()
        cases.append((content, {"dropMissing": True, "leaveOut": ["c"]}, {}, 0.0))
        assert "missing value (of 40)" in str(in_browser([(content, {}, {}, 0.0)])[0]["remedies"])
    answers = in_browser(cases)
    agree_with_command(cases, answers, tmp_path)
    assert all(ours["notes"] for ours in answers)
