"""The command: ten data sets by brute force, every bad file, the JSON object, conversions."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from edge_of_stability.__main__ import main
from edge_of_stability.table import loss_factors

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


def run(capsys, *arguments):
    """Exit code, stdout and stderr of the command."""
    try:
        code = main(["critical-step", *map(str, arguments)])
    except SystemExit as stop:
        code = stop.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def answer(capsys, *arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def refusal(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
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
    interval = found["critical_step_size"]["sum"]
    assert high == pytest.approx(low, rel=1e-6)  # the two searches agree
    assert (
        interval["lower"] <= interval["value"] <= interval["upper"] <= 1.000000002 * low * 1.00001
    )
    assert interval["value"] == pytest.approx(low, rel=1e-6)
    assert interval["upper"] - interval["lower"] <= 1e-9 * interval["lower"]


def sharpness(X, W_1, W_2):
    """λ_max of the Hessian 2JᵀJ at a minimizer of a network of two layers."""
    J = np.hstack([np.kron(W_2, X.T), np.kron(np.eye(len(W_2)), (W_1 @ X).T)])
    return 2 * np.linalg.norm(J, 2) ** 2


@pytest.mark.parametrize("seed", range(3))
def test_no_minimizer_is_flatter(seed, tmp_path, capsys):
    # All minimizers of widths (2, 2, 2) with invertible W⋆ are W_1 = gW⋆, W_2 = g⁻¹.
    rng = np.random.default_rng(seed)
    columns = rng.standard_normal((4, 4)) @ rng.standard_normal((4, 15))
    file = write(tmp_path / "data.csv", ["a", "b", "c", "d"], columns)
    found = answer(capsys, file, "--target", "a", "--target", "b", "--depth", 2, "--raw")
    X, Y = columns[2:], columns[:2]
    solution = np.linalg.lstsq(X.T, Y.T)[0].T

    def objective(entries):
        g = entries.reshape(2, 2)
        if abs(np.linalg.det(g)) < 1e-6:
            return 1e9
        return sharpness(X, g @ solution, np.linalg.inv(g))

    best = np.inf
    for _ in range(6):
        point = rng.standard_normal(4)
        for _ in range(6):  # restarts of the simplex, which stalls at the kink
            point = minimize(objective, point, method="Nelder-Mead", tol=1e-10).x
        best = min(best, objective(point))
    upper = found["critical_step_size"]["sum"]["upper"]
    assert 2 / best <= upper * (1 + 1e-12)  # narrower than the rounding of 2 / best
    assert 2 / best == pytest.approx(found["critical_step_size"]["sum"]["value"], rel=1e-3)


# -- what is printed ------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    rng = np.random.default_rng(5)
    return write(tmp_path / "small.csv", ["a", "b", "c", "d"], rng.standard_normal((4, 12)))


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
    }
    assert list(steps) == ["mean", "half_mean", "sum", "half_sum", "mean_of_entries"]
    for interval in steps.values():
        assert list(interval) == ["lower", "value", "upper"]
        assert 0 < interval["lower"] <= interval["value"] <= interval["upper"]


def test_conversions(small, capsys):
    # Each loss is c times the sum: gradient descent with η/c on it takes the same steps.
    steps = answer(capsys, small, "--target", "c", "--target", "a", "--depth", 2)[
        "critical_step_size"
    ]
    losses = {
        "mean": 1 / 12,
        "half_mean": 1 / 24,
        "sum": 1,
        "half_sum": 1 / 2,
        "mean_of_entries": 1 / 24,
    }
    factors = loss_factors(12, 2)
    for loss, c in losses.items():
        assert steps[loss]["value"] * c == pytest.approx(steps["sum"]["value"], rel=1e-14)
        assert factors[loss] * c == pytest.approx(1, rel=1e-15)
        assert steps[loss]["lower"] <= factors[loss] * steps["sum"]["lower"]
        assert steps[loss]["upper"] >= factors[loss] * steps["sum"]["upper"]


@pytest.mark.parametrize("depth", [1, 2])
def test_text(small, capsys, depth):
    code, out, err = run(capsys, small, "--target", "c", "--depth", depth)
    assert (code, err) == (0, "")
    assert "12 rows, 3 features" in out
    found = answer(capsys, small, "--target", "c", "--depth", depth)["critical_step_size"]
    for label, loss in [("mean over rows ", "mean"), ("½ sum over rows", "half_sum")]:
        line = next(line for line in out.splitlines() if line.strip().startswith(label))
        low, high = line.split(label)[1].split()[:2]
        assert float(low) <= found[loss]["lower"] <= found[loss]["upper"] <= float(high)
        assert float(high) == pytest.approx(float(low), rel=1e-8)
    assert "12 × sum\n" in out
    assert "For a non-linear network" in out
    assert ("from every start" in out) == (depth == 1)


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
@pytest.mark.parametrize("factor", [1e-150, 1.0, 1e150])
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


# -- bad files ------------------------------------------------------------------------------------

GOOD = "x,z,y\n1,2,3\n4,1,2\n0,5,1\n2,2,7\n"
BAD_FILES = {
    "empty": ("", "the file is empty"),
    "blank": ("\n\n\n", "the file is empty"),
    "header only": ("x,z,y\n", "column names, but no rows"),
    "one row": ("x,z,y\n1,2,3\n", "one row; at least two are needed"),
    "missing column": ("x,z\n1,2\n3,1\n", "no column 'y'; there are 'x', 'z'"),
    "text": (GOOD.replace("5", "five"), "line 4, column 'z': 'five' is not a number"),
    "text in the target": (GOOD.replace("7", "high"), "line 5, column 'y': 'high' is not a number"),
    "empty cell": (GOOD.replace("5", ""), "line 4, column 'z': the cell is empty"),
    "blank cell": (GOOD.replace("5", "  "), "line 4, column 'z': the cell is empty"),
    "nan": (GOOD.replace("5", "NaN"), "line 4, column 'z': 'NaN' is not a finite number"),
    "infinity": (GOOD.replace("5", "-inf"), "line 4, column 'z': '-inf' is not a finite number"),
    "underscore": (GOOD.replace("5", "1_0"), "line 4, column 'z': '1_0' is not a number"),
    "other digits": (GOOD.replace("5", "٥"), "line 4, column 'z': '٥' is not a number"),
    "decimal comma": (GOOD.replace("5", '"1,5"'), "line 4, column 'z': '1,5' is not a number"),
    "too large": (GOOD.replace("5", "1e400"), "'1e400' is too large for double precision"),
    "too small": (GOOD.replace("5", "1e-320"), "'1e-320' is too small for double precision"),
    "constant": ("x,z,y\n1,2,3\n4,2,2\n0,2,1\n2,2,7\n", "column 'z' is constant"),
    "constant target": ("x,z,y\n1,2,3\n4,1,3\n0,5,3\n", "column 'y' is constant"),
    "constant in floats": (
        "x,z,y\n1,10000000000000000,3\n4,10000000000000001,2\n0,10000000000000000,1\n2,1e16,7\n",
        "column 'z' is constant",
    ),
    "all digits lost": (
        "x,z,y\n1,100000000000.01,3\n4,100000000000.02,2\n0,100000000000.07,1\n2,1e11,7\n",
        "column 'z' varies too little against its size",
    ),
    "duplicate header": ("x,x,y\n1,2,3\n4,1,2\n", "two columns have the name 'x'"),
    "nameless column": (",x,y\n0,2,3\n1,1,2\n", "column 1 has no name"),
    "no header": ("1,2,3\n4,1,2\n0,5,1\n", "the first line must name the columns"),
    "ragged": (GOOD.replace("0,5,1", "0,5"), "line 4 has 2 cells, the header 3"),
    "long row": (GOOD.replace("0,5,1", "0,5,1,"), "line 4 has 4 cells, the header 3"),
    "wide": (
        "x,z,u,y\n1,2,3,1\n4,1,2,5\n0,5,1,2\n",
        "3 features, but 3 rows less their mean allow 2 independent ones",
    ),
    "dependent": (
        "x,z,u,y\n0.1,0.2,0.3,1\n0.4,0.1,0.5,4\n0.1,0.6,0.7,0\n0.2,0.2,0.4,6\n1,0,1,8\n",
        "the features 'x', 'z', 'u' are linearly dependent",
    ),
    "copy": ("x,z,y\n1,1,3\n4,4,2\n0,0,1\n2,2,7\n", "features 'x', 'z' are linearly dependent"),
    "unrelated": ("x,z,y\n1,1,1\n-1,1,1\n1,-1,1\n-1,-1,1\n0,0,-4\n", "explain a share of"),
    "semicolons": (GOOD.replace(",", ";"), "only one column, 'x;z;y'; is ';' the separator?"),
    "tabs": (GOOD.replace(",", "\t"), r"is '\t' the separator?"),
    "only the target": ("y\n1\n2\n", "only one column, 'y'"),
    "open quote": ('x,z,y\n1,2,3\n4,"1,2\n', "not a CSV file"),
    "latin-1": ("x,größe,y\n".encode("latin-1") + b"1,2,3\n", "not UTF-8 text"),
    "utf-16": (GOOD.encode("utf-16"), "not UTF-8 text"),
    "binary": (bytes(range(256)), "not UTF-8 text"),
    "huge cell": (f'x,z,y\n1,2,"{"9" * 200_000}"\n', "not a CSV file"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file(case, tmp_path, capsys):
    content, message = BAD_FILES[case]
    file = tmp_path / "bad.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    line = refusal(capsys, file, "--target", "y", "--depth", 2)
    assert message in line
    assert "bad.csv" in line


@pytest.mark.parametrize("options", [["--raw"], ["--centre"], ["--intercept"], ["--json"]])
@pytest.mark.parametrize(
    "case", ["text", "nan", "constant", "one row", "dependent", "copy", "ragged", "too large"]
)
def test_bad_file_whatever_the_options(case, options, tmp_path, capsys):
    content, message = BAD_FILES[case]
    file = tmp_path / "bad.csv"
    file.write_text(content, encoding="utf-8")
    assert message in refusal(capsys, file, "--target", "y", "--depth", 2, *options)


def test_rows_needed_depend_on_the_mean(tmp_path, capsys):
    file = tmp_path / "square.csv"
    file.write_text("x,z,y\n1,2,3\n4,1,2\n", encoding="utf-8")
    arguments = (file, "--target", "y", "--depth", 2)
    assert "allow 1 independent" in refusal(capsys, *arguments)
    assert "allow 1 independent" in refusal(capsys, *arguments, "--centre")
    assert answer(capsys, *arguments, "--raw")["rows"] == 2
    assert "3 features, but 2 rows" in refusal(capsys, *arguments, "--raw", "--intercept")


def test_huge_and_small_values(tmp_path, capsys):
    columns = np.random.default_rng(0).standard_normal((3, 8))
    large = write(tmp_path / "large.csv", ["x", "z", "y"], 1e300 * columns)
    line = refusal(capsys, large, "--target", "y", "--depth", 2, "--raw")
    assert "no interval for η_C: X and Y: need sizes for which η_C is a normal float64" in line
    answer(capsys, large, "--target", "y", "--depth", 2)
    mixed = write(tmp_path / "mixed.csv", ["x", "z", "y"], columns * [[1e-250], [1.0], [1e250]])
    line = refusal(capsys, mixed, "--target", "y", "--depth", 2, "--raw")
    assert "no interval for η_C" in line
    answer(capsys, mixed, "--target", "y", "--depth", 2)


def test_unreadable_paths(tmp_path, capsys):
    options = ("--target", "y", "--depth", 2)
    assert "cannot be read: No such file" in refusal(capsys, tmp_path / "none.csv", *options)
    assert "cannot be read" in refusal(capsys, tmp_path, *options)
    assert "cannot be read" in refusal(capsys, "a\0b", *options)
    assert "cannot be read" in refusal(capsys, "two\nlines.csv", *options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target", "q", "--depth", "2"], "no column 'q'; there are 'a', 'b', 'c', 'd'"),
        (["--target", "a", "--target", "a", "--depth", "2"], "each column once, got 'a' twice"),
        (["--target", "a", "--feature", "a", "--depth", "2"], "got 'a', a feature"),
        (["--target", "a", "--leave-out", "a", "--depth", "2"], "got 'a', left out"),
        (["--target", "a", "--feature", "b", "--feature", "b", "--depth", "2"], "'b' twice"),
        (["--target", "a", "--feature", "q", "--depth", "2"], "no column 'q'"),
        (["--target", "a", "--leave-out", "q", "--depth", "2"], "no column 'q'"),
        (["--target", "a", "--depth", "0"], "need an integer from 1 to 9999, got '0'"),
        (["--target", "a", "--depth", "2.5"], "got '2.5'"),
        (["--target", "a", "--depth", "1" * 5000], "need an integer"),
        (["--target", "a"], "required: --depth"),
        (["--depth", "2"], "required: --target"),
        (["--target", "a", "--depth", "2", "--raw", "--centre"], "not allowed with"),
        (["--target", "a", "--depth", "2", "--separator", ",,"], "separator: need one character"),
        (["--target", "a", "--depth", "2", "--separator", '"'], "separator: need one character"),
    ],
)
def test_bad_arguments(small, capsys, arguments, message):
    assert message in refusal(capsys, small, *arguments)


def test_no_feature_is_left(tmp_path, capsys):
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    line = refusal(capsys, file, "--target", "y", "--target", "x", "--depth", 2)
    assert "features: need at least one column that is no target" in line


def test_what_is_read(tmp_path, capsys):
    """A byte-order mark, other separators, quotes, spaces, empty lines and both line ends."""
    expected = None
    for number, (text, options) in enumerate(
        [
            (GOOD, []),
            ("\ufeff" + GOOD, []),
            (GOOD.replace("\n", "\r\n"), []),
            (GOOD.replace("\n", "\n\n") + "\n\n", []),
            (GOOD.replace(",", ";"), ["--separator", ";"]),
            (GOOD.replace(",", "\t"), ["--separator", "tab"]),
            (GOOD.replace(",", " , ").replace("4", "+4.0e0").replace("0,", '"0",'), []),
            (GOOD.replace("x,z,y", '"x", "z", "y"'), []),
        ]
    ):
        file = tmp_path / f"{number}.csv"
        file.write_bytes(text.encode())
        found = answer(capsys, file, "--target", "y", "--depth", 2, *options)
        assert found["features"] == ["x", "z"]
        expected = expected or found["critical_step_size"]
        assert found["critical_step_size"] == expected


def test_unused_columns_may_hold_anything(tmp_path, capsys):
    file = tmp_path / "people.csv"
    file.write_text("who,x,z,y\nAnn,1,2,3\nBob,4,1,2\n,0,5,1\nDan,2,2,7\n", encoding="utf-8")
    arguments = (file, "--target", "y", "--depth", 2)
    assert "line 2, column 'who': 'Ann' is not a number" in refusal(capsys, *arguments)
    first = answer(capsys, *arguments, "--leave-out", "who")
    second = answer(capsys, *arguments, "--feature", "x", "--feature", "z")
    assert first == second


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_as_a_process(tmp_path, encoding):
    file = tmp_path / "data.csv"
    file.write_text(GOOD, encoding="utf-8")
    command = [sys.executable, "-m", "edge_of_stability", "critical-step", "--depth", "2"]
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    good, bad = (
        subprocess.run(
            [*command, "--target", target, str(file)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment,
            check=False,
        )
        for target in ("y", "η")
    )
    assert (good.returncode, good.stderr) == (0, "")
    assert "4 rows, 2 features" in good.stdout
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.count("\n") == 1
    assert "no column" in bad.stderr


def test_large_integers_are_exact(tmp_path, capsys):
    """Times in microseconds: all digits count, and none is lost."""
    near, far = tmp_path / "near.csv", tmp_path / "far.csv"
    near.write_text("t,y\n0,1\n1,3\n2,2\n5,4\n", encoding="utf-8")
    shifted = "t,y\n700000000000000,1\n700000000000001,3\n700000000000002,2\n700000000000005,4\n"
    far.write_text(shifted, encoding="utf-8")
    found = [answer(capsys, file, "--target", "y", "--depth", 2) for file in (near, far)]
    values = [f["critical_step_size"]["sum"]["value"] for f in found]
    assert values[1] == pytest.approx(values[0], rel=1e-14)
