"""The page "Your own data" reads and refuses what the command does, in the same words."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
from own_data_answers import CHOICE, SEED, agree, by_command

from edge_of_stability.tables.prepare import prepare
from edge_of_stability.tables.read import read_table


def tables_of_the_package():
    """The cases of tests/edge_of_stability/test_tables.py, read and refused."""
    path = Path(__file__).parents[1] / "edge_of_stability" / "test_tables.py"
    module = importlib.util.module_from_spec(
        spec := importlib.util.spec_from_file_location("tables_of_the_package", path)
    )
    spec.loader.exec_module(module)
    encoded = {
        f"{name} ({kind})": (
            case[0] if isinstance(case[0], bytes) else case[0].encode(),
            case[1] if kind == "read" else {},
        )
        for kind, cases in (("read", module.READ), ("refused", module.BAD))
        for name, case in cases.items()
    }
    encoded["decimal commas"] = (
        module.SEMICOLONS.replace("5", "5,5").encode(),
        {"decimal_comma": 1},
    )
    encoded["points among them"] = (
        module.SEMICOLONS.replace("5", "1.5").encode(),
        {"decimal_comma": 1},
    )
    encoded["named separator"] = (module.GOOD.replace(",", "|").encode(), {"separator": "|"})
    encoded["Windows"] = (
        "x,größe,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n".encode("cp1252"),
        {"encoding": "windows-1252"},
    )
    encoded["no Windows"] = (b"x,\x81,y\n1,2,3\n4,1,2\n", {"encoding": "windows-1252"})
    return encoded


def made_up_files(count):
    """Files no one would write."""
    rng = np.random.default_rng(SEED + 1)
    alphabet = [
        *"0123456789.eE+-,;\"\n\r\t nain'\\",
        "\u00a0",
        "\u2212",
        "\u2028",
        "\x1c",
        "é",
        "𝒙",
    ]
    for _ in range(count):
        lines = ["x,z,y"] if rng.random() < 0.8 else []
        for _ in range(int(rng.integers(0, 7))):
            if rng.random() < 0.6:
                lines.append(",".join(str(cell) for cell in rng.integers(-9, 9, 3)))
            else:
                lines.append("".join(rng.choice(alphabet, int(rng.integers(0, 12)))))
        yield str(rng.choice(["\n", "\r\n", "\r", "\n\n"])).join(lines).encode()


def said_by_the_package(path: Path, content: bytes, options) -> str | None:
    path.write_bytes(content)
    try:
        prepare(read_table(path, **options), ["y"])
    except ValueError as error:
        return str(error)
    return None


def test_files_are_read_and_refused_in_the_same_words(in_browser, tmp_path):
    files = tables_of_the_package()
    files |= {f"made up {i}": (content, {}) for i, content in enumerate(made_up_files(600))}
    reading = [
        {
            "separator": options.get("separator"),
            "encoding": options.get("encoding", "utf-8"),
            "decimalComma": bool(options.get("decimal_comma")),
        }
        for _, options in files.values()
    ]
    cases = [
        (content, {"depth": 1}, how, 0.0)
        for (content, _), how in zip(files.values(), reading, strict=True)
    ]
    answered = 0
    for (name, (content, options)), ours in zip(files.items(), in_browser(cases), strict=True):
        if content.startswith(b"\x1f\x8b"):
            assert "cannot be read: the gzip file is damaged" in ours["fault"]
            continue
        expected = said_by_the_package(tmp_path / "data.csv", content, options)
        if expected and expected.startswith("no column 'y'"):
            continue  # the page offers the columns that there are
        assert ours.get("fault") == expected, (name, content)
        # What the page shows names its controls, and no option of the command.
        assert not any(re.search(r"\(--[a-z]", said) for said in ours["onPage"]), name
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
    for (content, choice, _, _), ours in zip(cases, in_browser(cases), strict=True):
        agree(ours, by_command(tmp_path / "DATA.csv", content, CHOICE | choice))
        assert ours["notes"]
