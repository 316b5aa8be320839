"""The command: its numbers by brute force, what it prints, and how it ends in shells."""

import json
import os
import shlex
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from edge_of_stability.minima.critical_step import CriticalStepSize
from edge_of_stability.tables.command import interval, loss_factors, main, run

PREPARE = {
    "standardise": lambda c: (c - c.mean()) / c.std(),
    "centre": lambda c: c - c.mean(),
    "raw": lambda c: c,
}


def write(path, names, columns):
    lines = [
        ",".join(names),
        *(",".join(map(repr, map(float, row))) for row in np.transpose(columns)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
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
    assert (code, out) == (2, "")
    assert err.endswith("\n")
    assert err.count("\n") == 1
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
    for eta in (
        CriticalStepSize(0.5, third, 0.7, np.ones(1), 1.0),
        CriticalStepSize(third, third, third, np.ones(1), 1.0),
    ):
        for factor in shares.values():
            found = interval(eta, factor)
            assert found.value == eta.value * factor
            assert Fraction(found.lower) <= factor * Fraction(eta.lower)
            assert factor * Fraction(eta.upper) <= Fraction(found.upper)
            assert found.lower <= found.value <= found.upper
            assert found.upper - found.lower == pytest.approx(
                factor * (eta.upper - eta.lower), abs=1e-15 * factor
            )
    with pytest.raises(ValueError, match="row_count: need a positive integer, got 0"):
        loss_factors(0, 1)


@pytest.mark.parametrize("depth", [1, 2])
def test_text(small, capsys, depth):
    targets = ("--target", "c", "--target", "a")
    code, out, err = called(capsys, small, *targets, "--depth", depth)
    assert (code, err) == (0, "")
    assert "small.csv: 12 rows, 2 features\ncolumn 4 without a name: left out\n" in out
    assert ("network: 1 layer\n" if depth == 1 else "hidden widths at least 2\n") in out
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


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_warnings_are_on_stderr(tmp_path, capsys, options):
    file = tmp_path / "export.csv"
    file.write_text("id,x,y\n1,2,3\n2,-9999,2\n3,5,1\n4,2,7\n", encoding="utf-8")
    arguments = (file, "--target", "y", "--depth", "2", *options)
    code, out, err = called(capsys, *arguments)
    assert code == 0
    first, second = err.splitlines()
    assert "warning: column 'id' only numbers the rows, it seems" in first
    assert "warning: column 'x' has -9999 in 1 row" in second
    if options:
        assert [line.partition("warning: ")[2] for line in (first, second)] == json.loads(out)[
            "warnings"
        ]
    code, _, err = called(capsys, *arguments, "--leave-out", "id")
    assert (code, err) == (0, second + "\n")


def test_standardised_by_hand(tmp_path, capsys):
    # x = (0, 2) and y = (10, 6) become (−1, 1) and (1, −1): W⋆ = −1, Σ = 2, η_C = 1/(NΣ), and the
    # mean over the two rows doubles it.
    file = tmp_path / "two.csv"
    file.write_text("x,y\n0,10\n2,6\n", encoding="utf-8")
    for depth in (1, 2, 5):
        found = answer(capsys, file, "--target", "y", "--depth", depth)["critical_step_size"]
        assert found["sum"]["lower"] <= 1 / (2 * depth) <= found["sum"]["upper"]
        assert found["mean"]["lower"] <= 1 / depth <= found["mean"]["upper"]


def test_raw_intercept_by_hand(tmp_path, capsys):
    # depth 1: η_C = 1/λ_max(Σ), Σ = [[1 + 1, 1 − 1], [0, 2]] = 2I
    file = tmp_path / "two.csv"
    file.write_text("x,y\n1,10\n-1,6\n", encoding="utf-8")
    found = answer(capsys, file, "--target", "y", "--depth", 1, "--raw", "--intercept")
    assert found["critical_step_size"]["sum"]["value"] == pytest.approx(0.5)


@pytest.mark.parametrize("shift", [0.0, 1e3, 1e6])
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
    assert "the rows allow 1 independent" in refusal(capsys, *arguments, "--centre")
    assert answer(capsys, *arguments, "--raw")["rows"] == 2
    assert "3 features, but the rows allow 2" in refusal(capsys, *arguments, "--raw", "--intercept")


def test_no_interval(tmp_path, capsys):
    columns = np.random.default_rng(0).standard_normal((3, 8))
    far = write(tmp_path / "far.csv", ["x", "z", "y"], columns * [[1e-95], [1.0], [1e95]])
    line = refusal(capsys, far, "--target", "y", "--depth", 2, "--raw")
    assert "far.csv': no interval for η_C: " in line
    answer(capsys, far, "--target", "y", "--depth", 2)


@pytest.mark.parametrize("path", ["none.csv", ".", "a\0b", "two\nlines.csv"])
def test_unreadable_paths(path, capsys):
    assert "cannot be read: " in refusal(capsys, path, "--target", "y", "--depth", 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--target q --depth 2", "no column 'q'; there are 'a', 'b', 'c', 'd'"),
        ("--target a --target a --depth 2", "each column in one role, target, feature or left out"),
        ("--target a --feature a --depth 2", "got 'a' twice"),
        ("--target a --leave-out a --depth 2", "got 'a' twice"),
        ("--target a --feature b --feature b --depth 2", "got 'b' twice"),
        ("--target a --feature q --depth 2", "no column 'q'"),
        ("--target a --leave-out q --depth 2", "no column 'q'"),
        ("--target a --target b --target c --target d --depth 2", "one column that is no target"),
        *((f"--target a --depth {depth}", f"integer from 1 to 9999, got '{depth}'")
          for depth in ("0", "-1", "10000", "2.0", "²", "1e1", "1" * 5000)),
        ("--target a", "required: --depth"),
        ("--depth 2", "required: --target"),
        ("--target a --depth 2 --raw --centre", "not allowed with"),
        ("--target a --depth 2 --separator ,,", "separator: need one character"),
        ('--target a --depth 2 --separator "', "separator: need one character"),
        ("--target a --depth 2 --encoding none", "encoding: need one that Python knows"),
        ("--target a --depth 2 --nonsense", "unrecognized arguments: --nonsense"),
    ],
)  # fmt: skip
def test_bad_arguments(small, capsys, arguments, message):
    assert message in refusal(capsys, small, *arguments.split())


def test_options_for_files(tmp_path, capsys):
    file = tmp_path / "data.csv"
    file.write_bytes("größe|y|t\n1,5|2|a\n0,5|1|b\n0|4|c\n".encode("windows-1252"))
    options = ("--encoding", "windows-1252", "--separator", "|", "--decimal-comma")
    found = answer(capsys, file, "--target", "y", "--depth", "9999", *options, "--leave-out", "t")
    assert (found["features"], found["depth"]) == (["größe"], 9999)
    tabs = tmp_path / "tabs.csv"
    tabs.write_text("x, cm\ty\n1\t2\n3\t4\n2\t1\n", encoding="utf-8")
    for tab in ("tab", "\\t", "\t"):
        found = answer(capsys, tabs, "--target", "y", "--depth", "1", "--separator", tab)
        assert found["features"] == ["x, cm"]


# -- as a process ---------------------------------------------------------------------------------

GOOD = "x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n"
COMMAND = "critical-step data.csv --depth 2 --target "
PLAIN = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}

# One start of Python for all cases: each ends, in its own process, as `python -m` does.
IN_ONE_PROCESS = """
import io, json, os, runpy, sys
import edge_of_stability.tables.command

for arguments, stdout, stderr, unbuffered in json.loads(sys.argv[1]):
    sys.stdout.flush()
    if not (child := os.fork()):
        for number, target in ((1, stdout), (2, stderr)):
            if target == "pipe":
                reader, writer = os.pipe()
                os.close(reader)
                os.dup2(writer, number)
            else:
                os.dup2(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
        if unbuffered:  # as with PYTHONUNBUFFERED
            sys.stdout = io.TextIOWrapper(io.FileIO(1, "w"), "ascii", write_through=True)
        sys.argv[1:] = arguments.split()
        runpy.run_module("edge_of_stability", run_name="__main__")
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(
    not os.path.exists("/dev/full"), reason="only Linux has a full disk to write to"
)
def test_pipes_that_close_and_full_disks(tmp_path):
    (tmp_path / "data.csv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "counts.csv").write_text("id,y\n1,3\n2,1\n3,1\n", encoding="utf-8")
    good, bad, warned = COMMAND + "y", COMMAND + "η", COMMAND.replace("data", "counts") + "y"
    full = "the answer cannot be written: No space left on device"
    cases = [  # arguments, stdout, stderr, unbuffered; exit code; what is on stderr
        ((good, "out", "err", False), 0, ""),
        *(
            ((arguments, stdout, "err", arguments == "--help"), 1, message)
            for arguments in (good, good + " --json", "critical-step --help", "--help")
            for stdout, message in (("pipe", ""), ("/dev/full", full))
        ),
        ((bad, "/dev/full", "err", False), 2, "no column '\\u03b7'"),
        ((bad, "out", "pipe", False), 2, ""),
        ((good, "/dev/full", "/dev/full", False), 1, ""),
        ((warned, "out", "pipe", True), 0, ""),
    ]
    shown = [
        [arguments, stdout, stderr.replace("err", f"err{number}"), unbuffered]
        for number, ((arguments, stdout, stderr, unbuffered), *_) in enumerate(cases)
    ]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", IN_ONE_PROCESS, json.dumps(shown)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=PLAIN | {"PYTHONIOENCODING": "ascii"},  # η is shown all the same
    )
    assert done.stderr == ""
    assert [*map(int, done.stdout.split())] == [code for _, code, _ in cases]
    for index, ((*_, stderr, _), _, message) in enumerate(cases):
        if stderr == "err":
            written = (tmp_path / f"err{index}").read_text()
            assert message in written
            assert written.count("\n") == bool(message)
    assert (tmp_path / "out").read_text().count("step size \\u03b7_C") == 2


@pytest.mark.skipif(os.name == "nt", reason="the shell of POSIX")
def test_in_a_shell(tmp_path):
    (tmp_path / "data.csv").write_text(GOOD, encoding="utf-8")
    python = f"{shlex.quote(sys.executable)} -m edge_of_stability {COMMAND}"
    for shell, err in (
        (f"({python}y; echo $? >code) | true", ""),
        (f"{python}y >&-; echo $? >code", "the answer cannot be written: stdout is closed"),
        (f"{python}q 2>&-; echo $? >code", ""),
    ):
        done = subprocess.run(
            shell, shell=True, cwd=tmp_path, capture_output=True, text=True, env=PLAIN
        )
        assert (tmp_path / "code").read_text() == ("2\n" if "q 2>" in shell else "1\n")
        assert done.stdout == ""
        assert err in done.stderr
        assert done.stderr.count("\n") == bool(err)


def test_interrupted(monkeypatch, capsys):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr("edge_of_stability.tables.command.main", interrupt)
    assert run() == 130
    assert capsys.readouterr() == ("", "")
