"""The command: its numbers, what it prints, and how it ends."""

import json
from fractions import Fraction

import numpy as np
import pytest

from edge_of_stability.minima.critical_step import CriticalStepSize, critical_step_size
from edge_of_stability.minima.variants import logistic_data
from edge_of_stability.tables.command import interval, loss_factors, main

PREPARE = {
    "standardise": lambda c: (c - c.mean()) / c.std(),
    "centre": lambda c: c - c.mean(),
    "raw": lambda c: c,
}


def write(path, names, columns):
    rows = zip(*(map(repr, map(float, column)) for column in columns), strict=True)
    path.write_text("\n".join(map(",".join, [names, *rows])), encoding="utf-8")
    return str(path)


def called(capsys, *arguments):
    """Exit code, stdout and stderr of the command."""
    code = main(["critical-step", *map(str, arguments)])
    return code, *capsys.readouterr()


def answer(capsys, *arguments):
    code, out, err = called(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def refusal(capsys, *arguments):
    code, out, err = called(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err


# -- the numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(9))
def test_the_number_is_that_of_the_prepared_columns(seed, tmp_path, capsys):
    rng = np.random.default_rng(seed)
    d_0, d_N, depth = map(int, rng.integers(1, 5, 3))
    columns = rng.standard_normal((d_N + d_0, d_N + d_0 + 20)) + 3 * rng.random()
    names = [f"y{i}" for i in range(d_N)] + [f"x{i}" for i in range(d_0)]
    file = write(tmp_path / "data.csv", names, columns)
    preparation = list(PREPARE)[seed % 3]
    chosen = [word for name in names[:d_N] for word in ("--target", name)]
    found = answer(capsys, file, *chosen, "--depth", depth, f"--{preparation}")
    Y, X = np.split(np.array([PREPARE[preparation](column) for column in columns]), [d_N])
    step = found["critical_step_size"]["sum"]
    assert step["lower"] <= step["value"] <= step["upper"] <= (1 + 1e-9) * step["lower"]
    assert step["value"] == pytest.approx(critical_step_size(X, Y, depth).value, rel=1e-9)


@pytest.mark.parametrize(
    ("options", "cells", "expected"),
    [
        # x = (0, 2) and y = (10, 6) become (−1, 1) and (1, −1): W⋆ = −1, Σ = 2, η_C = 1/(NΣ)
        *((("--depth", depth), "0,10\n2,6\n", 1 / (2 * depth)) for depth in (1, 2, 5)),
        # η_C = 1/λ_max(Σ), Σ = [[1 + 1, 1 − 1], [0, 2]] = 2I
        (("--depth", 1, "--raw", "--intercept"), "1,10\n-1,6\n", 1 / 2),
    ],
)
def test_two_rows_by_hand(tmp_path, capsys, options, cells, expected):
    (tmp_path / "two.csv").write_text("x,y\n" + cells, encoding="utf-8")
    found = answer(capsys, tmp_path / "two.csv", "--target", "y", *options)["critical_step_size"]
    for loss, factor in (("sum", 1), ("mean", 2)):
        assert found[loss]["lower"] <= factor * expected <= found[loss]["upper"]


def test_conversions_are_rounded_outwards():
    """Each loss is c times the sum: gradient descent with η/c on it takes the same steps."""
    third = 1 / 3  # times 10 it is rounded
    for lower, upper in ((0.3, 0.7), (third, third)):
        eta = CriticalStepSize(third, lower, upper, np.ones(1), 1.0)
        for factor in loss_factors(10, 3).values():
            found = interval(eta, factor)
            assert found["lower"] <= found["value"] <= found["upper"]
            assert Fraction(found["lower"]) <= factor * Fraction(lower)
            assert factor * Fraction(upper) <= Fraction(found["upper"])
            assert found["upper"] - found["lower"] <= factor * (upper - lower + 1e-15)


# -- what is printed ------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    rng = np.random.default_rng(5)
    return write(tmp_path / "small.csv", ["a", "b", "c", "", "d"], rng.standard_normal((5, 12)))


@pytest.mark.parametrize("depth", [1, 2])
def test_json_and_text(small, capsys, depth):
    arguments = (small, "--target", "c", "--target", "a", "--depth", depth, "--intercept")
    found = answer(capsys, *arguments)
    steps = found.pop("critical_step_size")
    assert 0 < found.pop("rounding") < 1e-13
    assert found == {
        "format": 1,
        "file": small,
        "rows": 12,
        "features": ["b", "d"],
        "targets": ["c", "a"],
        "preparation": "standardise",
        "target_preparation": "standardise",
        "intercept": True,
        "depth": depth,
        "loss": "squared",
        "momentum": 0.0,
        "biases": False,
        "biases_lower": None,
        "proven": True,
        "sufficient_width": 2,
        "notes": ["column 4 without a name: left out"],
        "two_values": False,
        "warnings": [],
    }
    out = called(capsys, *arguments)[1]
    assert "12 rows, 2 features and an intercept\ncolumn 4 without a name: left out\n" in out
    hidden = "" if depth == 1 else "s, no biases, hidden widths at least 2\n"
    assert f"network: {depth} layer{hidden}" in out
    assert ("from every starting point" in out) == (depth == 1)
    lines = {
        "mean_of_entries": ("mean over rows and targets", "24 × sum    MSELoss()"),
        "mean": ("mean over rows", "12 × sum"),
        "half_mean": ("½ mean over rows", "24 × sum"),
        "sum": ("sum over rows", '1 × sum     MSELoss(reduction="sum")'),
        "half_sum": ("½ sum over rows", "2 × sum"),
    }
    assert list(steps) == list(lines)
    for loss, (label, end) in lines.items():
        (line,) = (line for line in out.splitlines() if line.startswith(f"  {label}  "))
        low, high = map(float, line.removeprefix(f"  {label}").split()[:2])
        assert low <= steps[loss]["lower"] <= steps[loss]["upper"] <= high <= (1 + 1e-8) * low
        assert line.endswith(end)


def test_momentum_and_biases(small, capsys):
    arguments = (small, "--target", "c", "--depth", 2)
    plain = answer(capsys, *arguments)["critical_step_size"]["sum"]
    found = answer(capsys, *arguments, "--momentum", 0.5)
    for end in ("lower", "upper"):
        assert found["critical_step_size"]["sum"][end] == pytest.approx(1.5 * plain[end], rel=1e-15)
    found = answer(capsys, *arguments, "--biases")
    assert (found["biases"], found["biases_lower"], found["proven"]) == (True, True, False)
    assert answer(capsys, *arguments)["biases_lower"]
    assert "nn.Linear, would lower η_C: see --biases" in called(capsys, *arguments)[1]
    assert found["critical_step_size"]["mean"]["upper"] < min(1, 12 * plain["lower"])
    assert (
        "biases in every layer, which lower η_C here" in called(capsys, *arguments, "--biases")[1]
    )


def test_biases_that_change_nothing(tmp_path, capsys):
    line = np.arange(12.0)
    rows = np.array([line + np.cos(line), line - np.cos(line), line + np.sin(line)])
    file = write(tmp_path / "line.csv", ["a", "b", "y"], rows)
    arguments = (file, "--target", "y", "--depth", 2)
    found = answer(capsys, *arguments, "--biases")
    assert found["proven"]
    assert found["critical_step_size"] == answer(capsys, *arguments)["critical_step_size"]
    assert "which do not change η_C here" in called(capsys, *arguments, "--biases")[1]
    assert "see --biases" not in called(capsys, *arguments)[1]


def test_logistic_loss(tmp_path, capsys):
    rng = np.random.default_rng(3)
    x = rng.standard_normal(40)
    file = write(tmp_path / "two.csv", ["x", "y"], np.array([x, x + rng.standard_normal(40) > 0]))
    arguments = (file, "--target", "y", "--depth", 2, "--intercept", "--loss", "logistic")
    found = answer(capsys, *arguments)
    assert not found["proven"]
    assert list(found["critical_step_size"]) == ["mean", "sum"]
    X = np.array([(x - x.mean()) / x.std(), np.ones(40)])
    data = logistic_data(X, np.loadtxt(file, delimiter=",", skiprows=1)[:, 1])
    expected = critical_step_size(*data, 2).value
    assert found["critical_step_size"]["sum"]["value"] == pytest.approx(expected, rel=1e-6)
    out = called(capsys, *arguments)[1]
    assert "40 × sum    BCEWithLogitsLoss()" in out
    assert "see --loss logistic" not in out
    assert (
        "two values: for BCEWithLogitsLoss() see --loss logistic"
        in called(capsys, *arguments[:5])[1]
    )


def test_warnings_are_on_stderr(tmp_path, capsys):
    file = tmp_path / "export.csv"
    file.write_text("id,x,y\n1,2,3\n2,-9999,2\n3,5,1\n4,2,7\n", encoding="utf-8")
    arguments = (file, "--target", "y", "--depth", "2", "--json")
    code, out, err = called(capsys, *arguments)
    assert code == 0
    first, second = json.loads(out)["warnings"]
    assert "column 'id' only numbers the rows, it seems" in first
    assert "column 'x' has -9999 (rows: 1)" in second
    assert [line.partition("warning: ")[2] for line in err.splitlines()] == [first, second]
    code, _, err = called(capsys, *arguments, "--leave-out", "id")
    assert (code, err.count("\n"), second in err) == (0, 1, True)


# -- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--target q", "no column 'q'; there are 'a', 'b', 'c', 'd'"),
        ("--target a --target a", "each column in one role, target, feature or left out"),
        ("--target a --leave-out a", "got 'a' twice"),
        ("--target a --momentum 1", "--momentum needs a number from 0 to below 1"),
        ("--target a --biases --raw", "biases in every layer (--biases) need centred features"),
        ("--target a --biases --intercept", "need centred features and no intercept"),
        ("--target a --loss logistic", "two different numbers"),
        ("--target a --target b --loss logistic", "needs two layers or more, one target"),
        ("--target a --target b --target c --target d", "one column that is no target"),
        (f"--target a --depth 1{'0' * 400}", "too large"),
        ("--target a --encoding none", "encoding: need one that Python knows"),
    ],
)
def test_bad_choices(small, capsys, arguments, message):
    assert message in refusal(capsys, small, "--depth", 2, *arguments.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--target a", "required: --depth"),
        ("--target a --depth 2 --raw --centre", "not allowed with"),
        ("--target a --depth 2 --separator ,,", "need one character or the word tab, got ',,'"),
    ],
)
def test_bad_options(small, capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        called(capsys, small, *arguments.split())
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err.splitlines()[-1]


def test_a_path_that_is_none(capsys):
    said = refusal(capsys, "two\nlines.csv", "--target", "y", "--depth", 2)
    assert r"'two\nlines.csv': cannot be read: " in said


def test_a_misspelt_column_among_many(tmp_path, capsys):
    names = [*(f"column {k}" for k in range(50)), "progression"]
    file = write(tmp_path / "wide.csv", names, np.ones((51, 2)))
    for target, hint in (
        ("progresion", "did you mean 'progression'?\n"),
        ("q", "'column 39', ...\n"),
    ):
        assert refusal(capsys, file, "--target", target, "--depth", 1).endswith(hint)


def test_options_for_rows_and_targets(tmp_path, capsys):
    file = tmp_path / "gaps.csv"
    file.write_text("x,y\n1,2\n,3\n4,1\n0,5\n2,NA\n", encoding="utf-8")
    options = (file, "--target", "y", "--depth", 1, "--drop-missing")
    out = called(capsys, *options, "--target-preparation", "raw")[1]
    assert "2 of 5 rows have a missing value: dropped\nprepared: every column minus" in out
    assert "targets: y; the numbers of the file as they are\n" in out


def test_options_for_files(tmp_path, capsys):
    file = tmp_path / "data.csv"
    file.write_bytes("größe|y|t\n1,5|2|a\n0,5|1|b\n0|4|c\n".encode("windows-1252"))
    options = ("--encoding", "windows-1252", "--separator", "|", "--decimal-comma")
    found = answer(capsys, file, "--target", "y", "--depth", "10000", *options, "--leave-out", "t")
    assert (found["features"], found["depth"]) == (["größe"], 10_000)
    file.write_text("x, cm\ty\n1\t2\n3\t4\n2\t1\n", encoding="utf-8")
    found = answer(capsys, file, "--target", "y", "--depth", "1", "--separator", "tab")
    assert found["features"] == ["x, cm"]
