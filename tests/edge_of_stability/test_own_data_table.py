"""Reading and preparing a table: exact examples, and files no one would write."""

import argparse
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_of_stability.__main__ import Interval, _depth, intervals, main
from edge_of_stability.minima.critical_step import CriticalStepSize, critical_step_size
from edge_of_stability.table import PREPARATIONS, Table, loss_factors, prepare, read_table

COLUMNS = Table(
    "t", ("a", "b", "y"), (("1", "0", "2"), ("3", "1", "4"), ("5", "5", "0")), (2, 3, 4)
)


def test_preparations_by_hand():
    raw = prepare(COLUMNS, ["y"], preparation="raw")
    assert raw.X.tolist() == [[1, 3, 5], [0, 1, 5]]
    assert raw.Y.tolist() == [[2, 4, 0]]
    centred = prepare(COLUMNS, ["y"], preparation="centre")
    assert centred.X.tolist() == [[-2, 0, 2], [-2, -1, 3]]
    assert centred.Y.tolist() == [[0, 2, -2]]
    standardised = prepare(COLUMNS, ["y"])
    np.testing.assert_allclose(standardised.X[0], [-np.sqrt(1.5), 0, np.sqrt(1.5)], rtol=1e-15)
    np.testing.assert_allclose((standardised.X**2).mean(1), 1, rtol=1e-15)
    assert (standardised.features, standardised.targets) == (("a", "b"), ("y",))
    assert standardised.row_count == 3


def test_intercept_is_the_last_row():
    data = prepare(COLUMNS, ["y"], preparation="centre", intercept=True)
    assert data.X.tolist()[-1] == [1, 1, 1]
    assert data.features == ("a", "b")


def test_bad_preparation():
    with pytest.raises(ValueError, match=r"preparation: need one of standardise, .*, got 'scale'"):
        prepare(COLUMNS, ["y"], preparation="scale")
    with pytest.raises(ValueError, match="targets: need at least one column, got none"):
        prepare(COLUMNS, [])


def test_loss_factors():
    assert loss_factors(10, 3) == {
        "mean": 10,
        "half_mean": 20,
        "sum": 1,
        "half_sum": 2,
        "mean_of_entries": 30,
    }
    with pytest.raises(ValueError, match="row_count: need a positive integer, got 0"):
        loss_factors(0, 1)


def test_intervals_of_other_losses():
    third = 1 / 3  # times 10 it is rounded
    eta = CriticalStepSize(0.5, third, 0.7, np.ones(1), 1.0)
    for loss, found in intervals(eta, 10, 3).items():
        factor = loss_factors(10, 3)[loss]
        assert found.value == factor * 0.5
        assert Fraction(found.lower) <= factor * Fraction(third)
        assert factor * Fraction(0.7) <= Fraction(found.upper)
        assert found.lower == pytest.approx(factor * third, rel=1e-15)
        assert found.upper == pytest.approx(factor * 0.7, rel=1e-15)
    assert intervals(eta, 10, 3)["sum"] == Interval(third, 0.5, 0.7)
    # The value stays between bounds that are rounded outward by one number each.
    tight = intervals(CriticalStepSize(third, third, third, np.ones(1), 1.0), 10, 3)["mean"]
    assert tight.lower < tight.value < tight.upper
    with pytest.raises(ValueError, match="η_C: need step sizes of double precision"):
        intervals(CriticalStepSize(1e308, 1e308, 1e308, np.ones(1), 1.0), 10, 3)


@given(
    st.integers(-(10**6), 10**6),
    st.lists(st.integers(-999, 999), min_size=4, max_size=9, unique=True),
    st.integers(-200, 200),
)
def test_centring_is_accurate(shift, numbers, exponent):
    """Against rational arithmetic, whatever the mean."""
    cells = [Fraction(shift) + Fraction(number, 1024) for number in numbers]  # exact in binary
    other = [repr(float(i * i)) for i in range(len(cells))]
    target = [repr(float(i**3 % 5)) for i in range(len(cells))]
    texts = [repr(float(cell) * 2.0**exponent) for cell in cells]
    rows = tuple(zip(texts, other, target, strict=True))
    table = Table("t", ("a", "b", "y"), rows, tuple(range(2, 2 + len(cells))))
    try:
        data = prepare(table, ["y"], ["a"], preparation="centre")
    except ValueError as error:
        assert "varies too little" in str(error)  # noqa: PT017
        return
    mean = sum(cells) / len(cells)
    exact = [float((cell - mean) * Fraction(2) ** exponent) for cell in cells]
    np.testing.assert_allclose(data.X[0], exact, rtol=0, atol=8e-16 * np.abs(exact).max())


CELL = st.one_of(
    st.text(alphabet='0123456789.eE+-,;"\n\r\t nainfy\0', max_size=8),
    st.integers(-9, 9).map(str),
    st.floats().map(repr),
    st.text(max_size=5),
)


@given(
    st.lists(st.lists(CELL, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t", "\n"]),
    st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
    st.sampled_from(PREPARATIONS),
)
def test_any_text_gives_a_table_or_one_sentence(tmp_path_factory, rows, separator, end, how):
    text = end.join(["x,y", *(separator.join(row) for row in rows)])
    file = tmp_path_factory.mktemp("fuzz") / "f.csv"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert_answer_or_sentence(file, how)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_give_a_table_or_one_sentence(tmp_path_factory, content, header):
    file = tmp_path_factory.mktemp("fuzz") / "f.csv"
    file.write_bytes((b"x,y\n1,2\n" if header else b"") + content)
    assert_answer_or_sentence(file, "standardise")


@given(
    st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), min_size=2),
    st.sampled_from(PREPARATIONS),
    st.integers(1, 4),
)
def test_any_numbers_give_an_answer_or_one_sentence(tmp_path_factory, rows, how, depth):
    file = tmp_path_factory.mktemp("fuzz") / "f.csv"
    lines = [",".join(map(repr, row)) for row in rows]
    file.write_text("\n".join(["x,z,y", *lines]), encoding="utf-8")
    assert_answer_or_sentence(file, how, depth)


def assert_answer_or_sentence(file, how, depth=2):
    try:
        table = read_table(file)
    except ValueError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert "f.csv" in str(error)  # noqa: PT017
    else:
        assert all(len(row) == len(table.names) for row in table.rows)
    code = main(["critical-step", str(file), "--target", "y", "--depth", str(depth), f"--{how}"])
    assert code in (0, 2)


@pytest.mark.parametrize("depth", [1, 2, 3, 7])
def test_units(depth):
    """η_C(aX, bY) = a^(−2/N) b^(−2+2/N) η_C(X, Y); powers of two, so all data are exact."""
    rng = np.random.default_rng(depth)
    X, Y = rng.standard_normal((3, 8)), rng.standard_normal((2, 8))
    here = critical_step_size(X, Y, depth)
    there = critical_step_size(4 * X, Y / 8, depth)
    factor = 4.0 ** (-2 / depth) * 8.0 ** (2 - 2 / depth)
    assert there.lower <= factor * here.upper * (1 + 1e-14)
    assert there.upper >= factor * here.lower * (1 - 1e-14)
    copies = critical_step_size(np.tile(X, 4), np.tile(Y, 4), depth)
    assert copies.value == pytest.approx(here.value / 4, rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_intercept_and_standardised_data(depth):
    """It changes nothing for standardised data; it does for centred data of small variance."""
    rng = np.random.default_rng(depth)
    cells = (rng.standard_normal((5, 5)) @ rng.standard_normal((5, 12))).T / 8
    rows = tuple(tuple(map(repr, map(float, row))) for row in cells)
    table = Table("t", ("a", "b", "c", "y", "z"), rows, tuple(range(2, 14)))

    def eta(features, preparation, intercept):
        data = prepare(table, ["y", "z"], features, preparation, intercept=intercept)
        return critical_step_size(data.X, data.Y, depth).value

    every = ["a", "b", "c"]
    assert eta(every, "standardise", True) == pytest.approx(eta(every, "standardise", False), 1e-12)
    variance = np.var(cells[:, 0])
    assert variance < 1 / 4
    assert eta(["a"], "centre", True) < 0.99 * eta(["a"], "centre", False)


@pytest.mark.parametrize("text", ["0", "-1", "10000", "2.0", "²", "", "1e1"])
def test_depths_that_are_none(text):
    with pytest.raises(argparse.ArgumentTypeError, match="need an integer from 1 to 9999"):
        _depth(text)


def test_the_deepest_network():
    assert _depth("9999") == 9999
