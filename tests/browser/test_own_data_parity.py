"""The page "Your own data" answers what the command critical-step answers, in the browser."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_linnerud, load_wine

from edge_of_stability.tables.command import main
from edge_of_stability.tables.prepare import prepare
from edge_of_stability.tables.read import read_table

SEED = 20240220
TOLERANCE = 1e-9  # of η_C, relative

ANSWER = """async ([base, cases]) => {
  const load = (name) => import(base + name);
  const [{ TableError, textOf }, { Table }, { answer }, { steps, command }] = await Promise.all(
    ["maths/csv.js", "maths/table.js", "maths/own_data.js", "own_data_words.js"].map(load));
  const result = [];
  for (const { bytes, reading, choice, momentum } of cases) {
    try {
      const content = Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
      const table = new Table(await textOf(content, reading.encoding), reading);
      const found = answer(table, choice);
      const line = command({ ...choice, file: "DATA.csv", momentum, reading });
      result.push({ ...found, notes: table.notes, steps: steps(found, momentum), line });
    } catch (error) {
      if (!(error instanceof TableError)) throw error;
      result.push({ fault: error.message });
    }
  }
  return result;
}"""

READING = {"encoding": "utf-8", "separator": None, "decimalComma": False}
CHOICE = {"targets": ["y"], "leaveOut": [], "depth": 2, "preparation": "standardise"}


@pytest.fixture(scope="module")
def in_browser(tab):
    """What the page computes for each case (content, choice, reading, momentum)."""
    tab.open("book/explorers/index.html")

    def answered(cases):
        messages = [
            {
                "bytes": base64.b64encode(content).decode(),
                "choice": {**CHOICE, "intercept": False, **choice},
                "reading": {**READING, **reading},
                "momentum": momentum,
            }
            for content, choice, reading, momentum in cases
        ]
        return tab.page.evaluate(ANSWER, [f"{tab.address}_static/explorers/", messages])

    return answered


def csv_of(names, columns) -> bytes:
    rows = [",".join(repr(float(cell)) for cell in row) for row in np.transpose(columns)]
    return "\n".join([",".join(names), *rows, ""]).encode()


def by_command(path: Path, content: bytes, choice, momentum=0.0, *more: str) -> dict:
    """The command's JSON, or {"fault": what it says}."""
    path.write_bytes(content)
    arguments = ["critical-step", str(path), "--json", f"--depth={choice['depth']}", *more]
    arguments += [f"--target={name}" for name in choice["targets"]]
    arguments += [f"--leave-out={name}" for name in choice.get("leaveOut", ())]
    arguments += [f"--{choice['preparation']}", f"--momentum={momentum}"]
    arguments += ["--intercept"] * choice["intercept"]
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return json.loads(out.getvalue()) if code == 0 else {"fault": err.getvalue()}


def data_sets():
    wine, diabetes, linnerud = load_wine(), load_diabetes(scaled=False), load_linnerud()
    yield csv_of(wine.feature_names, wine.data.T), ["alcohol"]
    names = [*diabetes.feature_names, "progression"]
    yield csv_of(names, [*diabetes.data.T, diabetes.target]), ["progression"]
    names = [*linnerud.feature_names, *linnerud.target_names]
    yield csv_of(names, [*linnerud.data.T, *linnerud.target.T]), list(linnerud.target_names)


def random_tables(count):
    """Correlated columns of all sizes and offsets, few and many, some numbered or with a code."""
    rng = np.random.default_rng(SEED)
    for i in range(count):
        features = 45 if i % 25 == 0 else int(rng.integers(1, 9))
        targets = int(rng.integers(1, 4))
        d = features + targets
        n = d + int(rng.integers(3, 40))
        columns = rng.standard_normal((d, d)) @ rng.standard_normal((d, n))
        columns *= 10 ** rng.uniform(-3, 3, (d, 1))
        columns += 10 ** rng.uniform(-1, 2) * rng.standard_normal((d, 1))
        if i % 7 == 0:
            columns[0] = np.arange(n)
        if i % 5 == 0:
            columns[-1, :2] = -99999
        names = [f"c{k}" for k in range(d)]
        leave_out = names[1:2] if features > 2 and i % 3 == 0 else []
        choice = {
            "targets": names[features:],
            "leaveOut": leave_out,
            "depth": int(rng.integers(1, 9)),
            "preparation": ["standardise", "centre", "raw"][i % 3],
            "intercept": bool(rng.integers(2)),
        }
        yield csv_of(names, columns), choice, {}, round(float(rng.uniform(0, 0.99)), 3)


def agree(ours, command):
    """One answer of the page and the command's for the same choices."""
    assert dict(ours["steps"]) == pytest.approx(
        {name: eta["value"] for name, eta in command["critical_step_size"].items()}, TOLERANCE
    )
    assert ours["rounding"] == pytest.approx(command["rounding"], 1e-6)
    assert ours["rowCount"] == command["rows"]
    for key in ("features", "targets", "notes", "warnings"):
        assert ours[key] == command[key]


@pytest.mark.parametrize("depth", [1, 2, 3, 10])
def test_the_data_sets_of_the_book(in_browser, tmp_path, depth):
    cases = [
        (content, {"targets": targets, "depth": depth, "preparation": how, "intercept": on}, {}, m)
        for content, targets in data_sets()
        for how, on in (("standardise", False), ("centre", True), ("raw", False))
        for m in (0.0, 0.9)
    ]
    for case, ours in zip(cases, in_browser(cases), strict=True):
        content, choice, _, momentum = case
        agree(ours, by_command(tmp_path / "DATA.csv", content, choice, momentum))


def test_random_tables(in_browser, tmp_path):
    cases = list(random_tables(150))
    warned = 0
    for (content, choice, _, momentum), ours in zip(cases, in_browser(cases), strict=True):
        agree(ours, by_command(tmp_path / "DATA.csv", content, choice, momentum))
        warned += bool(ours["warnings"])
    assert warned > 20


def test_biases_rank_and_what_limits_the_step(in_browser, tmp_path):
    cases = [case for case in random_tables(60) if case[1]["preparation"] != "raw"]
    said = set()
    for (content, choice, _, _), ours in zip(cases, in_browser(cases), strict=True):
        path = tmp_path / "DATA.csv"
        path.write_bytes(content)
        data = prepare(
            read_table(path),
            choice["targets"],
            preparation=choice["preparation"],
            leave_out=choice["leaveOut"],
            intercept=choice["intercept"],
        )
        if choice["depth"] > 1:  # the rank does not depend on the units of the targets
            targets = data.Y / np.linalg.norm(data.Y, axis=1, keepdims=True)
            sizes = np.linalg.svd(targets @ np.linalg.qr(data.X.T)[0], compute_uv=False)
            assert ours["rank"] == (sizes > 1e-10 * sizes[0]).sum()
        assert all(abs(each["cosine"]) <= 1 + 1e-12 for each in ours["limiting"]["features"])
        assert 0 <= ours["limiting"]["share"] <= 1
        if choice["intercept"]:
            assert ours["biasesMatter"] is None
            continue
        command = by_command(path, content, choice, 0.0, "--biases")
        assert ours["biasesMatter"] is (not command["proven"])
        said.add(ours["biasesMatter"])
    assert said == {True, False}


def test_one_feature_is_the_direction_that_limits(in_browser):
    """With one target W⋆ and one layer more than none, by hand: cosines and the explained share."""
    x, noise = np.array([1.0, -1, 1, -1]), np.array([1.0, 1, -1, -1])
    content = csv_of(["x", "y"], [x, 3 * x + 4 * noise])
    [found] = in_browser([(content, {"preparation": "raw"}, {}, 0.0)])
    assert found["limiting"]["features"] == [{"name": "x", "cosine": pytest.approx(1)}]
    assert found["limiting"]["share"] == pytest.approx(9 / 25)
    assert found["value"] == pytest.approx(1 / (2 * 2 * 6))  # ‖X‖ = 2, ‖YQ‖ = 6


# -- files -----------------------------------------------------------------------------------------


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
    files |= {f"made up {i}": (content, {}) for i, content in enumerate(made_up_files(1500))}
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
        answered += expected is None
    assert answered > 100


# -- eigenvalues -----------------------------------------------------------------------------------

EIGEN = """async ([base, symmetric, rectangular]) => {
  const { symmetricEigen, singularValues } = await import(base + "maths/eigen.js");
  const plain = (found) => Object.fromEntries(
    Object.entries(found).map(([key, part]) => [key, part.map((x) => x.length ? [...x] : x)]));
  return [symmetric.map((A) => plain(symmetricEigen(A))),
          rectangular.map((rows) => plain(singularValues(rows)))];
}"""


def test_eigenvalues_and_singular_values(tab):
    rng = np.random.default_rng(SEED + 2)
    random = [rng.standard_normal((n, n)) for n in (1, 2, 3, 10, 60)]
    symmetric = [A + A.T for A in random]
    symmetric += [np.zeros((4, 4)), np.eye(5), np.diag([3.0, -1, 2, 2]), np.ones((6, 6))]
    symmetric += [
        np.kron(np.eye(3), [[0, 1.0], [1, 0]]),
        1e-150 * symmetric[3],
        1e150 * symmetric[3],
    ]
    rectangular = [rng.standard_normal(shape) for shape in ((1, 3), (5, 9), (4, 2), (30, 30))]
    graded = 10.0 ** -np.arange(12)[:, None] * rng.standard_normal((12, 12))
    rectangular += [graded, np.ones((3, 3)), np.zeros((2, 4))]
    tab.open("book/explorers/index.html")
    found = tab.page.evaluate(
        EIGEN,
        [
            f"{tab.address}_static/explorers/",
            [A.tolist() for A in symmetric],
            [A.tolist() for A in rectangular],
        ],
    )
    for A, ours in zip(symmetric, found[0], strict=True):
        values, V = np.array(ours["values"]), np.array(ours["vectors"])
        size = max(np.abs(A).max() * len(A), np.finfo(float).tiny)
        np.testing.assert_allclose(V @ V.T, np.eye(len(A)), atol=1e-13)
        np.testing.assert_allclose((A / size) @ V.T, V.T * (values / size), atol=1e-13)
        np.testing.assert_allclose(values / size, np.linalg.eigvalsh(A / size), atol=1e-13)
    for A, ours in zip(rectangular, found[1], strict=True):
        values, mixing = np.array(ours["values"]), np.array(ours["mixing"])
        expected = np.zeros(len(A))
        expected[: min(A.shape)] = np.linalg.svd(A, compute_uv=False)
        np.testing.assert_allclose(mixing @ mixing.T, np.eye(len(A)), atol=1e-13)
        np.testing.assert_allclose(np.linalg.norm(mixing @ A, axis=1), values, atol=1e-13)
        np.testing.assert_allclose(values, expected, rtol=1e-13, atol=1e-14 * expected[0])
    # NumPy's singular values of the graded rows have no digit left; the determinant tells.
    product = np.abs(np.linalg.det(graded * 10.0 ** np.arange(12)[:, None])) * 10.0**-66
    assert np.prod(found[1][4]["values"]) == pytest.approx(product, 1e-11)
