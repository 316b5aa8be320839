"""From columns to X and Y: what is dropped, refused and warned of, and the prepared numbers."""

import re

import numpy as np
import pytest
from test_tables import CELLS, MISSING, saved

from edge_of_stability.minima.critical_step import critical_step_size
from edge_of_stability.tables.prepare import prepare, rounding_estimate
from edge_of_stability.tables.read import Table, read_table


def table(*columns, names="abcdefg"):
    """A table of given numbers, the last column named y."""
    cells = [[repr(float(number)) for number in column] for column in columns]
    names = [*names[: len(columns) - 1], "y"]
    return Table(dict(zip(names, cells, strict=True)), range(2, 2 + len(cells[0])))


def test_rows_with_a_missing_value_are_dropped_if_asked(tmp_path):
    cells = [*CELLS[MISSING].split(";"), "", " "]
    gaps = "".join(f"1,5,{cell},a\n" for cell in cells) + "1,,5,b\n4,1,2,\n0,5,1,b\n2,2,7,c\n"
    found = read_table(saved(tmp_path, "x,z,y,text\n" + gaps))
    with pytest.raises(ValueError, match=rf"column 'z': the empty cell {re.escape(MISSING)}"):
        prepare(found, ["y"], leave_out=["text"])
    data = prepare(found, ["y"], leave_out=["text"], preparation="raw", drop_missing=True)
    assert (data.X.tolist(), data.Y.tolist()) == ([[4, 0, 2], [1, 5, 2]], [[2, 1, 7]])
    assert data.notes == [
        f"{len(cells) + 1} of {len(cells) + 4} rows have a missing value: dropped"
    ]
    # The cells of a column that is not used do not count; other text is refused, with its line.
    assert prepare(found, ["y"], ["x"], drop_missing=True).row_count == 4
    with pytest.raises(ValueError, match=f"line {len(cells) + 4}, column 'text': 'b' is not a num"):
        prepare(found, ["y"], drop_missing=True)
    assert prepare(table([1, 3, 5], [0, 1, 5]), ["y"], drop_missing=True).notes == ()
    with pytest.raises(ValueError, match="rows: 0; at least two are needed"):
        prepare(read_table(saved(tmp_path, "x,y\n1,NA\n,2\n")), ["y"], drop_missing=True)


def test_the_rows_needed_depend_on_the_mean():
    square = table([1, 4], [2, 1], [3, 2])
    assert prepare(square, ["y"], preparation="raw").row_count == 2
    with pytest.raises(ValueError, match="features: 3, but the rows allow 2"):
        prepare(square, ["y"], preparation="raw", intercept=True)


# -- what is warned of ----------------------------------------------------------------------------


ROWS = "only numbers the rows, it seems, and is a feature; leave it out if so (--leave-out)"
CODE = "far from all its other numbers; if this is a code for a missing value, remove these rows"


@pytest.mark.parametrize(
    ("name", "numbers", "warned"),
    [
        ("id", [1, 2, 3, 4, 5], ROWS),
        ("Unnamed: 0", [7, 3, 8, 1, 2], ROWS),
        ("steps of two", [0, 2, 4, 6, 8], None),
        ("a step of two", [1, 2, 3, 4, 6], None),
        ("a", [1, -9999, 3, 2, -9999], f"has -9999 (rows: 2), {CODE}"),
        ("a", [0.5, 1.5, -999.9, 0.25, 3], f"has -999.9 (rows: 1), {CODE}"),
        ("not far", [1, 99, 98, 50, 4], None),
        ("no nines", [1, -9998, 3, 2, 2], None),
        ("one digit", [9, 1, 2, 1, 2], None),
    ],
)
def test_columns_that_may_not_be_what_they_seem(name, numbers, warned):
    data = table(numbers, [1, 5, 2, 4, 4], [3, 1, 4, 1, 5], names=(name, "b"))
    warnings = [f"column {name!r} {warned}"] if warned else []
    assert prepare(data, ["y"]).warnings == warnings
    if warned == ROWS:
        warnings = []  # of a column that was named
    assert prepare(data, ["y"], [name, "b"]).warnings == warnings
    assert prepare(data, [name]).warnings == warnings


# -- X and Y --------------------------------------------------------------------------------------


def test_preparations_by_hand():
    columns = table([1, 3, 5], [0, 1, 5], [2, 4, 0])
    centred = prepare(columns, ["y"], ["b", "a"], preparation="centre", intercept=True)
    np.testing.assert_allclose(centred.X, [[-2, -1, 3], [-2, 0, 2], [1, 1, 1]], rtol=1e-15)
    np.testing.assert_allclose(centred.Y, [[0, 2, -2]], rtol=1e-15)
    assert centred.features == ["b", "a"]
    standardised = prepare(columns, ["y"])
    np.testing.assert_allclose(standardised.X[0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-15)
    mixed = prepare(columns, ["y"], target_preparation="raw")
    assert mixed.Y.tolist() == [[2, 4, 0]]
    np.testing.assert_array_equal(mixed.X, standardised.X)
    for options in ({"preparation": "scale"}, {"target_preparation": "scale"}):
        with pytest.raises(ValueError, match=r"preparation: need one of standardise, .*'scale'"):
            prepare(columns, ["y"], **options)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize(("noise", "mean"), [(1e-3, 0), (1e-6, 0), (1e-3, 1e3), (1.0, 1e6)])
def test_rounding_is_estimated(size, noise, mean):
    """Another rounding of nearly dependent features moves η_C, and not more than estimated."""
    rng = np.random.default_rng(0)
    base, other, target = rng.standard_normal((3, 30))
    columns = size * (mean + np.array([base, base + noise * other, target]))
    found = []
    for jitter in (0, 1, 2):
        turn = 1 + jitter * np.finfo(float).eps * rng.choice([-1, 1], columns.shape)
        data = prepare(table(*columns * turn), ["y"])
        found.append(critical_step_size(data.X, data.Y, 4).value)
    estimate = rounding_estimate(data, 4)
    assert 1e-4 * estimate < np.ptp(found) / found[0] < estimate
