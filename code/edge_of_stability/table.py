r"""A table in a CSV file, and the matrices X and Y of a deep linear network made from it.

The file
    UTF-8 text, with or without a byte-order mark, as Python's module :mod:`csv` reads it: cells
    separated by commas (or another character, named by the caller; nothing is guessed), a cell
    with a separator in it in double quotes. The first line names the columns. Empty lines are
    skipped. A number is written 12, -0.5, .5 or 1.2e-3. Anything else in a cell of a column that
    is used (text, nothing, NaN, infinity, 1_000, 1,5) is an error.

The matrices
    A feature is a row of X (d_0, n), a target a row of Y (d_N, n), a row of the table a column of
    both. With c_1, …, c_n a column of the table, m its mean and s² = (1/n) Σ (c_i − m)²,

        standardise   (c_i − m) / s          centre   c_i − m          raw   c_i

    for features and targets alike. The loss ‖WX − Y‖_F² of the book is then the *sum* over rows and
    targets of the squared errors. Dividing X and Y by √n would make it the mean over rows and
    multiply every step size by n. It is not done here, because √n is irrational and n is exact: see
    :func:`loss_factors`.

What is refused
    A table whose η_C cannot be told. A1 needs linearly independent features: not more of them than
    rows (with a mean subtracted: than rows less one), none constant, none a combination of others.
    The cells and the prepared numbers are rounded to double precision, and this moves η_C by about
    4eκ/ρ, relative. Here e = ε(4 + max|c|/s) bounds the relative error of a row of X or Y (4ε if
    all cells are integers of at most 15 digits, which are exact; raw: ε), κ is the condition number
    of X after its rows are scaled to norm one, and ρ² the part of ‖Y‖² explained by the regression
    on X (ρ = 1 for one layer). This is an estimate and no bound; a table for which it passes 10⁻⁶
    is refused.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from .core import checks
from .core.checks import FloatArray

PREPARATIONS = ("standardise", "centre", "raw")

# Rounding of the data may move η_C by this much, relative. Rounding that poses as an independent
# feature, κ above 10¹⁴, is far beyond.
ROUNDING_LIMIT = 1e-6

_EPS = float(np.finfo(float).eps)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SHORT_INTEGER = re.compile(r"[+-]?[0-9]{1,15}")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """The cells of a file, as text.

    Attributes
    ----------
    path : str
        The file, for messages.
    names : tuple of str
        Of the columns, all different.
    rows : tuple of tuples of str
        One for each row, as long as ``names``.
    lines : tuple of int
        The line of the file on which each row ends; the names are on line 1, as a rule.
    """

    path: str
    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, name: str) -> FloatArray:
        """The numbers of one column, (n,).

        Raises
        ------
        ValueError
            If there is no such column, or a cell of it is not a finite number of double precision.
        """
        if name not in self.names:
            _refuse(self.path, f"no column {_short(name)}; there are {_list(self.names)}")
        index = self.names.index(name)
        return np.array(
            [
                _number(row[index], f"line {line}, column {_short(name)}", self.path)
                for row, line in zip(self.rows, self.lines, strict=True)
            ]
        )

    def exact(self, name: str) -> bool:
        """Whether all cells of a column are integers so short that float64 has them exactly."""
        index = self.names.index(name)
        return all(_SHORT_INTEGER.fullmatch(row[index].strip()) for row in self.rows)


@dataclass(frozen=True, eq=False)
class PreparedData:
    """X and Y of a table.

    Attributes
    ----------
    X : (d_0, n) array
    Y : (d_N, n) array
    features, targets : tuple of str
        The names of their rows. An intercept is not named; it is the last row of X.
    preparation : str
        One of :data:`PREPARATIONS`.
    intercept : bool
        Whether the last row of X is 1, …, 1.
    rounding : float
        4eκ, an estimate of what rounding of the data does to η_C, relative, if ρ = 1.
    """

    X: FloatArray
    Y: FloatArray
    features: tuple[str, ...]
    targets: tuple[str, ...]
    preparation: str
    intercept: bool
    rounding: float

    @property
    def row_count(self) -> int:
        """n, the number of rows of the table."""
        return int(self.X.shape[1])


def read_table(path: str | os.PathLike[str], separator: str = ",") -> Table:
    """Read a CSV file; the module's text says of which form.

    Parameters
    ----------
    path : path
    separator : str
        One character.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If the file cannot be read, is not UTF-8 or no CSV, has no rows, a row of another length, or
        a name that is missing or there twice. The message is one sentence with the path in front.
    """
    shown = _short(os.fspath(path), 200)
    if len(separator) != 1 or separator in '"\r\n ':
        checks.refuse("separator", "one character, no quote, space or line break", repr(separator))
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=separator, strict=True, skipinitialspace=True)
            numbered = [(reader.line_num, row) for row in reader if row]
    except OSError as error:
        _refuse(shown, f"cannot be read: {error.strerror or error}")
    except ValueError as error:
        if not isinstance(error, UnicodeDecodeError):  # a path with a null character
            _refuse(shown, f"cannot be read: {error}")
        _refuse(shown, f"not UTF-8 text (byte {error.start}); save it as CSV in UTF-8")
    except csv.Error as error:
        _refuse(shown, f"not a CSV file: line {reader.line_num}: {error}")
    if not numbered:
        _refuse(shown, "the file is empty")
    names = _header(numbered[0][1], separator, shown)
    for line, row in numbered[1:]:
        if len(row) != len(names):
            _refuse(shown, f"line {line} has {_count(len(row), 'cell')}, the header {len(names)}")
    if len(numbered) == 1:
        _refuse(shown, "column names, but no rows")
    return Table(
        shown,
        names,
        tuple(tuple(row) for _, row in numbered[1:]),
        tuple(line for line, _ in numbered[1:]),
    )


def prepare(
    table: Table,
    targets: Sequence[str],
    features: Sequence[str] | None = None,
    preparation: str = "standardise",
    *,
    leave_out: Sequence[str] = (),
    intercept: bool = False,
) -> PreparedData:
    """X and Y of a table; the module's text says how they are made.

    Parameters
    ----------
    table : Table
    targets : sequence of str
        Columns, the rows of Y.
    features : sequence of str, optional
        Columns, the rows of X. Default: all that are no targets.
    preparation : str
        "standardise", "centre" or "raw".
    leave_out : sequence of str
        Columns that are no features either; their cells may hold anything.
    intercept : bool
        Add a row 1, …, 1 to X, after the preparation.

    Returns
    -------
    PreparedData
        Of full row rank: it satisfies A1.

    Raises
    ------
    ValueError
        If a name is not in the table, there twice, or both feature and target; a cell of a used
        column is not a number; a column is constant, or varies too little for double precision; or
        the features are more than rows or linearly dependent (up to rounding).
    """
    if preparation not in PREPARATIONS:
        checks.refuse("preparation", f"one of {', '.join(PREPARATIONS)}", repr(preparation))
    chosen, wanted = _roles(table, targets, features, leave_out)
    if len(table.rows) < 2:
        _refuse(table.path, "one row; at least two are needed")
    rows = {name: _prepared(table, name, preparation) for name in (*chosen, *wanted)}
    X = np.stack([rows[name][0] for name in chosen])
    Y = np.stack([rows[name][0] for name in wanted])
    error = max(error for _, error in rows.values())
    named = chosen
    if intercept:
        X, named = np.vstack([X, np.ones(X.shape[1])]), (*chosen, "the intercept")
    _require_enough_rows(X, preparation != "raw" and not intercept, table.path)
    rounding = _require_independent(X, error, named, table.path)
    return PreparedData(X, Y, chosen, wanted, preparation, intercept, rounding)


def rounding_estimate(data: PreparedData, depth: int, path: str) -> float:
    """4eκ/ρ, what rounding of the data does to η_C, relative; an estimate.

    Raises
    ------
    ValueError
        If it passes 10⁻⁶: with two layers or more, when W⋆ cannot be told from 0.
    """
    if checks.positive_count("depth", depth) == 1:
        return data.rounding
    _, _, Vt = np.linalg.svd(_rows_of_norm_one(data.X), full_matrices=False)
    Y = _scaled(data.Y)
    explained = float(np.linalg.norm(Y @ Vt.T, 2) / np.linalg.norm(Y))  # ρ
    if data.rounding > ROUNDING_LIMIT * explained:
        _refuse(
            path,
            f"the features explain a share of {explained**2:.0e} of the targets, too little to be "
            "told from rounding; with two layers or more and W⋆ = 0 there is no η_C",
        )
    return data.rounding / explained


def loss_factors(row_count: int, target_count: int) -> Mapping[str, int]:
    """By which η_C of the summed squared error is multiplied if another loss is minimised.

    The loss c·L has the gradient c·∇L, so the step size η/c takes the same steps.

    Returns
    -------
    mapping of str to int
        1/c for "mean" (over rows, summed over targets), "half_mean", "sum", "half_sum",
        "mean_of_entries" (over rows and targets).
    """
    n = checks.positive_count("row_count", row_count)
    d = checks.positive_count("target_count", target_count)
    return {"mean": n, "half_mean": 2 * n, "sum": 1, "half_sum": 2, "mean_of_entries": n * d}


# -- reading --------------------------------------------------------------------------------------


def _header(cells: Sequence[str], separator: str, path: str) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    for number, name in enumerate(names, start=1):
        if not name:
            _refuse(path, f"column {number} has no name")
        if name in names[: number - 1]:
            _refuse(path, f"two columns have the name {_short(name)}")
    if all(_NUMBER.fullmatch(name) for name in names):
        _refuse(path, "the first line must name the columns, and has only numbers")
    if len(names) == 1:
        other = next((s for s in (",", ";", "\t") if s != separator and s in names[0]), None)
        hint = f"; is {other!r} the separator?" if other else ""
        _refuse(path, f"only one column, {_short(names[0])}{hint}")
    return names


def _number(cell: str, place: str, path: str) -> float:
    text = cell.strip()
    if not text:
        _refuse(path, f"{place}: the cell is empty")
    if _NOT_FINITE.fullmatch(text):
        _refuse(path, f"{place}: {_short(text)} is not a finite number")
    if not _NUMBER.fullmatch(text):
        _refuse(path, f"{place}: {_short(text)} is not a number")
    value = float(text)
    if math.isinf(value):
        _refuse(path, f"{place}: {_short(text)} is too large for double precision")
    if abs(value) < np.finfo(float).tiny and re.search("[1-9]", re.split("[eE]", text)[0]):
        _refuse(path, f"{place}: {_short(text)} is too small for double precision")
    return value


# -- preparing ------------------------------------------------------------------------------------


def _roles(
    table: Table,
    targets: Sequence[str],
    features: Sequence[str] | None,
    leave_out: Sequence[str],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of features and targets, each in the table and used once."""
    given = {"targets": tuple(targets), "features": features or (), "leave_out": tuple(leave_out)}
    for argument, names in given.items():
        for name in names:
            if name not in table.names:
                _refuse(table.path, f"no column {_short(name)}; there are {_list(table.names)}")
            if tuple(names).count(name) > 1:
                checks.refuse(argument, "each column once", f"{_short(name)} twice")
    if not targets:
        checks.refuse("targets", "at least one column", "none")
    for name in targets:
        if name in given["features"] or name in leave_out:
            role = "a feature" if name in given["features"] else "left out"
            checks.refuse("targets", "columns that are nothing else", f"{_short(name)}, {role}")
    chosen = table.names if features is None else tuple(features)
    chosen = tuple(name for name in chosen if name not in targets and name not in leave_out)
    if not chosen:
        checks.refuse("features", "at least one column that is no target", "none")
    return chosen, tuple(targets)


def _prepared(table: Table, name: str, preparation: str) -> tuple[FloatArray, float]:
    """One row of X or Y, and a bound of its relative error by rounding."""
    column = table.column(name)
    if column.min() == column.max():
        _refuse(
            table.path,
            f"column {_short(name)} is constant; leave it out (a constant feature: intercept)",
        )
    if preparation == "raw":
        return column, _EPS
    exponent = int(np.frexp(np.abs(column).max())[1])
    centred = _centred(np.ldexp(column, -exponent))  # squares neither overflow nor vanish
    deviation = math.sqrt(math.fsum(centred**2) / len(centred))
    error = _EPS * (4 if table.exact(name) else 4 + 1 / deviation)  # scaled cells are at most 1
    if 4 * error > ROUNDING_LIMIT:
        _refuse(
            table.path,
            f"column {_short(name)} varies too little against its size for double precision; "
            "subtract a constant first",
        )
    if preparation == "standardise":
        return np.asarray(centred / deviation), error
    with np.errstate(over="ignore", under="ignore"):
        restored = np.asarray(np.ldexp(centred, exponent))
    if not np.array_equal(np.ldexp(restored, -exponent), centred):
        _refuse(table.path, f"column {_short(name)} is too large or too small to be centred")
    return restored, error


def _centred(column: FloatArray) -> FloatArray:
    """Subtract the mean; accurate relative to the largest difference, not only to the mean.

    The first difference is exact up to ε of itself, but the mean is rounded; the second mends it.
    """
    first = column - math.fsum(column) / len(column)
    return np.asarray(first - math.fsum(first) / len(column))


def _require_enough_rows(X: FloatArray, centred: bool, path: str) -> None:
    features, n = X.shape
    most = n - 1 if centred else n
    if features > most:
        rows = _count(n, "row") + (" less their mean" if centred else "")
        _refuse(
            path,
            f"{_count(features, 'feature')}, but {rows} allow {most} independent ones at most "
            "(assumption A1); use fewer features or more rows",
        )


def _require_independent(X: FloatArray, error: float, names: Sequence[str], path: str) -> float:
    """Assumption A1 with a margin for rounding; returns 4eκ."""
    U, s, _ = np.linalg.svd(_rows_of_norm_one(X), full_matrices=False)
    if 4 * error * s[0] > ROUNDING_LIMIT * s[-1]:
        shares = np.abs(U[:, -1])
        involved = [name for name, share in zip(names, shares, strict=True) if share > 0.05]
        _refuse(
            path,
            f"the features {_list(involved)} are linearly dependent, or so nearly that double "
            "precision cannot tell (assumption A1); leave one out",
        )
    return float(4 * error * s[0] / s[-1])


def _scaled(matrix: FloatArray) -> FloatArray:
    """The matrix with largest entry about one: its norm neither overflows nor vanishes."""
    return np.asarray(np.ldexp(matrix, -int(np.frexp(np.abs(matrix).max())[1])))


def _rows_of_norm_one(X: FloatArray) -> FloatArray:
    rows = [_scaled(row) for row in X]
    return np.stack([row / np.linalg.norm(row) for row in rows])


# -- messages -------------------------------------------------------------------------------------


def _refuse(path: str, sentence: str) -> NoReturn:
    raise ValueError(f"{path}: {sentence}")


def _short(text: str, most: int = 40) -> str:
    shown = repr(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…{shown[0]}"


def _list(names: Sequence[str]) -> str:
    shown = ", ".join(_short(name) for name in names[:10])
    return f"{shown} and {len(names) - 10} more" if len(names) > 10 else shown


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
