"""The command: its numbers by brute force, what it prints, and how it ends in shells."""

import json
import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from edge_of_stability.minima.critical_step import CriticalStepSize
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


# -- the number, by brute force -------------------------------------------------------------------


def random_table(seed):
    """Columns, how many are targets, depth and preparation of one of the data sets."""
    rng = np.random.default_rng(seed)
    d_0, d_N, depth = rng.integers(1, 5), rng.integers(1, 4), rng.integers(1, 6)
    mixing = rng.standard_normal((d_0 + d_N, d_0 + d_N))
    columns = mixing @ rng.standard_normal((d_0 + d_N, d_0 + d_N + 20)) + 3 * rng.random()
    return columns, int(d_N), int(depth), list(PREPARE)[seed % 3]


def brute_force(X, Y, N):
    """Bounds of η_C: a maximum over unit vectors v and a minimum over x, by general optimisers."""
    Sigma = X @ X.T
    values, vectors = np.linalg.eigh(Sigma)
    root = (vectors * np.sqrt(values)) @ vectors.T
    B = root @ np.linalg.solve(Sigma, X @ Y.T) @ np.linalg.solve(Sigma, X @ Y.T).T @ root

    def minus_log(v):
        v = v / np.linalg.norm(v)
        return -np.log(v @ Sigma @ v) / N - (1 - 1 / N) * np.log(v @ B @ v + 1e-300)

    def dual(t):
        x = np.exp(t)
        return np.linalg.eigvalsh(x ** (N - 1) * Sigma + (N - 1) / x * B)[-1]

    starts = np.random.default_rng(0).standard_normal((30, len(X)))
    primal = N * np.exp(-min(minimize(minus_log, v, tol=1e-12).fun for v in starts))
    around = np.log(np.linalg.norm(B, 2) / np.linalg.norm(Sigma, 2)) / N if N > 1 else 0.0
    least = minimize_scalar(dual, bounds=(around - 20, around + 20), options={"xatol": 1e-10}).fun
    return 1 / least, 1 / primal


@pytest.mark.parametrize("seed", range(10))
def test_ten_data_sets(seed, tmp_path, capsys):
    columns, targets, depth, preparation = random_table(seed)
    names = [f"y{i}" for i in range(targets)] + [f"x{i}" for i in range(len(columns) - targets)]
    file = write(tmp_path / "data.csv", names, columns)
    chosen = [word for name in names[:targets] for word in ("--target", name)]
    found = answer(capsys, file, *chosen, "--depth", depth, f"--{preparation}")
    prepared = np.array([PREPARE[preparation](c) for c in columns])
    low, high = brute_force(prepared[targets:], prepared[:targets], depth)
    step = found["critical_step_size"]["sum"]
    assert high == pytest.approx(low, rel=1e-6)  # the two searches agree
    assert step["lower"] <= step["value"] <= step["upper"] <= 1.00001 * low
    assert step["value"] == pytest.approx(low, rel=1e-6)
    assert step["upper"] - step["lower"] <= 1e-9 * step["lower"]


# -- what is printed ------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    rng = np.random.default_rng(5)
    return write(tmp_path / "small.csv", ["a", "b", "c", "", "d"], rng.standard_normal((5, 12)))


def test_json_object(small, capsys):
    found = answer(capsys, small, "--target", "c", "--target", "a", "--depth", 3, "--intercept")
    steps = found.pop("critical_step_size")
    assert 0 < found.pop("rounding") < 1e-13
    assert found == {
        "format": 1,
        "file": small,
        "rows": 12,
        "features": ["b", "d"],
        "targets": ["c", "a"],
        "preparation": "standardise",
        "intercept": True,
        "depth": 3,
        "sufficient_width": 2,
        "notes": ["column 4 without a name: left out"],
        "warnings": [],
    }
    assert list(steps) == ["mean", "half_mean", "sum", "half_sum", "mean_of_entries"]
    for step in steps.values():
        assert list(step) == ["lower", "value", "upper"]
        assert 0 < step["lower"] <= step["value"] <= step["upper"]


def test_conversions():
    """Each loss is c times the sum: gradient descent with η/c on it takes the same steps."""
    shares = {"mean": 10, "half_mean": 20, "sum": 1, "half_sum": 2, "mean_of_entries": 30}
    assert loss_factors(10, 3) == shares
    third = 1 / 3  # times 10 it is rounded
    for lower, upper in ((0.3, 0.7), (third, third)):
        eta = CriticalStepSize(third, lower, upper, np.ones(1), 1.0)
        for factor in shares.values():
            found = interval(eta, factor)
            assert found.lower <= found.value <= found.upper
            assert Fraction(found.lower) <= factor * Fraction(lower)
            assert factor * Fraction(upper) <= Fraction(found.upper)
            assert found.upper - found.lower <= factor * (upper - lower) + 1e-15 * factor


@pytest.mark.parametrize("depth", [1, 2])
def test_text(small, capsys, depth):
    targets = ("--target", "c", "--target", "a")
    code, out, err = called(capsys, small, *targets, "--depth", depth)
    assert (code, err) == (0, "")
    assert "small.csv: 12 rows, 2 features\ncolumn 4 without a name: left out\n" in out
    assert ("network: 1 layer\n" if depth == 1 else "2 layers, hidden widths at least 2\n") in out
    found = answer(capsys, small, *targets, "--depth", depth)["critical_step_size"]
    for label, loss, end in (
        ("mean over rows", "mean", "12 × sum"),
        ("½ mean over rows", "half_mean", "24 × sum"),
        ("sum over rows", "sum", '1 × sum     MSELoss(reduction="sum")'),
        ("½ sum over rows", "half_sum", "2 × sum"),
        ("mean over rows and targets", "mean_of_entries", "24 × sum    MSELoss()"),
    ):
        (line,) = (line for line in out.splitlines() if line.startswith(f"  {label}  "))
        low, high = line.removeprefix(f"  {label}").split()[:2]
        assert float(low) <= found[loss]["lower"] <= found[loss]["upper"] <= float(high)
        assert float(high) == pytest.approx(float(low), rel=1e-8)
        assert line.endswith(end)
    assert "For a non-linear network" in out
    assert ("from every initialisation" in out) == (depth == 1)


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


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("factor", [1e-90, 1.0, 1e90])
def test_standardising_forgets_units(tmp_path, capsys, factor, shift):
    rng = np.random.default_rng(3)
    columns = np.round(rng.standard_normal((3, 9)), 3)
    plain = write(tmp_path / "plain.csv", ["a", "b", "c"], columns)
    moved = write(tmp_path / "moved.csv", ["a", "b", "c"], factor * (columns + shift))
    values = [
        answer(capsys, file, "--target", "a", "--depth", 2)["critical_step_size"]["mean"]["value"]
        for file in (plain, moved)
    ]
    assert values[1] == pytest.approx(values[0], rel=1e-15 * (1 + shift) * 100)


# -- what is refused ------------------------------------------------------------------------------


def test_rows_needed_depend_on_the_mean(tmp_path, capsys):
    file = tmp_path / "square.csv"
    file.write_text("x,z,y\n1,2,3\n4,1,2\n", encoding="utf-8")
    arguments = (file, "--target", "y", "--depth", 2)
    assert "the rows allow 1 independent" in refusal(capsys, *arguments)
    assert answer(capsys, *arguments, "--raw")["rows"] == 2
    line = refusal(capsys, *arguments, "--raw", "--intercept")
    assert "features: 3, but the rows allow 2" in line


def test_no_interval(tmp_path, capsys):
    columns = np.random.default_rng(0).standard_normal((3, 8))
    far = write(tmp_path / "far.csv", ["x", "z", "y"], columns * [[1e-95], [1.0], [1e95]])
    assert "X: need rank d_0" in refusal(capsys, far, "--target", "y", "--depth", 2, "--raw")
    answer(capsys, far, "--target", "y", "--depth", 2)


@pytest.mark.parametrize("path", ["none.csv", ".", "two\nlines.csv"])
def test_unreadable_paths(path, capsys):
    assert "cannot be read: " in refusal(capsys, path, "--target", "y", "--depth", 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--target q", "no column 'q'; there are ['a', 'b', 'c', 'd']"),
        ("--target a --target a", "each column in one role, target, feature or left out"),
        ("--target a --feature a", "got 'a' twice"),
        ("--target a --leave-out a", "got 'a' twice"),
        ("--target a --feature b --feature b", "got 'b' twice"),
        ("--target a --feature q", "no column 'q'"),
        ("--target a --leave-out q", "no column 'q'"),
        ("--target a --target b --target c --target d", "one column that is no target"),
        ("--target a --depth 0", "depth: need a positive integer, got 0"),
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
        ("--depth 2", "required: --target"),
        ("--target a --depth 2.0", "--depth: invalid int value: '2.0'"),
        ("--target a --depth 2 --raw --centre", "not allowed with"),
        ("--target a --depth 2 --separator ,,", "need one character or the word tab, got ',,'"),
        ("--target a --depth 2 --nonsense", "unrecognized arguments: --nonsense"),
    ],
)
def test_bad_options(small, capsys, arguments, message):
    with pytest.raises(SystemExit, match="2"):
        called(capsys, small, *arguments.split())
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err.splitlines()[-1]


def test_options_for_files(tmp_path, capsys):
    file = tmp_path / "data.csv"
    file.write_bytes("größe|y|t\n1,5|2|a\n0,5|1|b\n0|4|c\n".encode("windows-1252"))
    options = ("--encoding", "windows-1252", "--separator", "|", "--decimal-comma")
    found = answer(capsys, file, "--target", "y", "--depth", "10000", *options, "--leave-out", "t")
    assert (found["features"], found["depth"]) == (["größe"], 10_000)
    tabs = tmp_path / "tabs.csv"
    tabs.write_text("x, cm\ty\n1\t2\n3\t4\n2\t1\n", encoding="utf-8")
    for tab in ("tab", r"\t", "\t"):
        found = answer(capsys, tabs, "--target", "y", "--depth", "1", "--separator", tab)
        assert found["features"] == ["x, cm"]


# -- as a process ---------------------------------------------------------------------------------

COMMAND = [sys.executable, "-m", "edge_of_stability", "critical-step", "data.csv", "--depth", "2"]


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="only Linux has a full disk to write to"
)
@pytest.mark.parametrize(
    ("target", "stdout", "code", "err"),
    [
        ("y", "out", 0, ""),
        ("y", "pipe", 1, ""),
        ("y", "/dev/full", 1, "the answer cannot be written: No space left on device"),
        ("η", "out", 2, "no column '\\u03b7'"),
    ],
)
def test_how_it_ends(tmp_path, target, stdout, code, err):
    (tmp_path / "data.csv").write_text("x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n", encoding="utf-8")
    if stdout == "pipe":  # whose reader has ended
        reader, out = os.pipe()
        os.close(reader)
    else:
        out = os.open(tmp_path / stdout, os.O_WRONLY | os.O_CREAT)
    done = subprocess.run(
        [*COMMAND, "--target", target],
        cwd=tmp_path,
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},  # η is shown all the same
    )
    os.close(out)
    assert done.returncode == code
    assert err in done.stderr
    assert done.stderr.count("\n") == bool(err)
    if code == 0:
        assert "step size \\u03b7_C" in (tmp_path / "out").read_text()
