r"""The matrices X and Y of a deep linear network, from the columns of a table.

The matrices
    A feature is a row of X (d_0, n), a target a row of Y (d_N, n), a row of the table a column of
    both. With c_1, …, c_n a column of the table, m its mean and s² = (1/n) Σ (c_i − m)²,

        standardise   (c_i − m) / s          centre   c_i − m          raw   c_i

    for features and targets alike, unless the targets are prepared in another way. The loss
    ‖WX − Y‖_F² of the book is then the *sum* over rows and targets of the squared errors.

What is refused
    A table whose η_C cannot be determined: features that are not linearly independent (A1), and
    what rounding would decide. The cells and the prepared numbers are rounded to double precision,
    and this moves η_C by about 4eκ/ρ, relative. Here e = ε(4 + max|c|/s) bounds the relative error
    of a row of X or Y (raw: ε), κ is the condition number of X after its rows are scaled to norm
    one, and ρ² is the part of ‖Y‖² explained by the regression on X (ρ = 1 for one layer). This is
    an estimate, not a bound; a table for which it passes 10⁻⁶ is refused.

What is warned of
    A column that numbers the rows and was not chosen as a feature by name; an extreme value such as
    −9999, which may be a code for a missing value.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..core import checks
from ..core.checks import FloatArray
from .read import Table, shown

PREPARATIONS = {
    "standardise": "every column minus its mean, divided by its standard deviation",
    "centre": "every column minus its mean",
    "raw": "the numbers of the file as they are",
}

# Rounding of the data may move η_C by this much, relative. If only rounding makes a feature
# independent of the others, κ is above 10¹⁴, far beyond.
ROUNDING_LIMIT = 1e-6

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class PreparedData:
    """X and Y of a table."""

    X: FloatArray  # (d_0, n), of full row rank: it satisfies A1
    Y: FloatArray  # (d_N, n)
    features: Sequence[str]  # the names of the rows of X, but for an intercept, the last row
    targets: Sequence[str]  # the names of the rows of Y
    rounding: float  # 4eκ, an estimate of what rounding of the data does to η_C, relative, if ρ = 1
    explained: float  # ρ
    notes: Sequence[str]  # what of the table was left out
    warnings: Sequence[str]  # one sentence for each column that may not be what it seems

    @property
    def row_count(self) -> int:
        """n, the number of rows of the table."""
        return int(self.X.shape[1])


def prepare(
    table: Table,
    targets: Sequence[str],
    features: Sequence[str] | None = None,
    preparation: str = "standardise",
    *,
    target_preparation: str | None = None,
    leave_out: Sequence[str] = (),
    drop_missing: bool = False,
    intercept: bool = False,
) -> PreparedData:
    """X and Y of a table, as the module's text says.

    The names of targets and features are columns of the table. Without ``features`` all columns are
    features that are neither targets nor left out; the cells of those may hold anything. The
    preparation is one of `PREPARATIONS`; that of the targets is the same unless it is given. An
    intercept is a row 1, …, 1 of X, added after it. With ``drop_missing`` rows with a missing value
    in a column that is used are dropped; without, they are refused.

    A ValueError says in one sentence what is wrong with the names, the cells or the columns.
    """
    of_targets = target_preparation or preparation
    for each in (preparation, of_targets):
        if each not in PREPARATIONS:
            checks.refuse("preparation", f"one of {', '.join(PREPARATIONS)}", repr(each))
    chosen = _chosen(table, targets, features, leave_out)
    if drop_missing:
        table = table.complete([*chosen, *targets])
    if len(table.lines) < 2:
        raise ValueError(f"rows: {len(table.lines)}; at least two are needed")
    columns = {name: table.column(name) for name in (*chosen, *targets)}
    how = dict.fromkeys(chosen, preparation) | dict.fromkeys(targets, of_targets)
    _refuse_constants(columns, how)
    X, error_X = _prepared([columns[name] for name in chosen], preparation)
    Y, error_Y = _prepared([columns[name] for name in targets], of_targets)
    error = max(error_X, error_Y)
    names = chosen
    if intercept:
        X, names = np.vstack([X, np.ones(X.shape[1])]), [*chosen, "the intercept"]
    most = X.shape[1] - (preparation != "raw" and not intercept)
    if len(X) > most:
        raise ValueError(
            f"features: {len(X)}, but the rows allow {most} independent ones at most (assumption "
            "A1; a subtracted mean costs one); use fewer features or more rows"
        )
    U, s, Vt = np.linalg.svd(X / np.linalg.norm(X, axis=1, keepdims=True), full_matrices=False)
    if 4 * error * s[0] > ROUNDING_LIMIT * s[-1]:
        involved = [name for name, u in zip(names, U[:, -1], strict=True) if abs(u) > 0.05]
        raise ValueError(
            f"the features {_listed(involved)} are linearly dependent, or so nearly that double "
            "precision cannot tell (assumption A1); leave one out"
        )
    explained = float(np.linalg.norm(Y @ Vt.T, 2) / np.linalg.norm(Y))
    warnings = [
        f"column {shown(name)} {fault}"
        for name, column in columns.items()
        for fault in _suspicions(name, column, features is None and name in chosen)
    ]
    rounding = float(4 * error * s[0] / s[-1])
    return PreparedData(X, Y, chosen, targets, rounding, explained, table.notes, warnings)


def rounding_estimate(data: PreparedData, depth: int) -> float:
    """4eκ/ρ, an estimate of what rounding of the data does to η_C, relative.

    A ValueError is raised if it passes 10⁻⁶ for two layers or more: W⋆ cannot be told from 0.
    """
    if depth == 1:
        return data.rounding
    if data.rounding > ROUNDING_LIMIT * data.explained:
        raise ValueError(
            f"the features explain a share of {data.explained**2:.0e} of the targets, too little "
            "to be told from rounding; with two layers or more and W⋆ = 0 there is no η_C"
        )
    return data.rounding / data.explained


def _chosen(
    table: Table,
    targets: Sequence[str],
    features: Sequence[str] | None,
    leave_out: Sequence[str],
) -> list[str]:
    """The names of the features; every name given is in the table and has one role."""
    given = [*targets, *(features or ()), *leave_out]
    for number, name in enumerate(given):
        if name not in table.cells:
            close = difflib.get_close_matches(name, table.cells, 1)
            hint = (
                f"did you mean {shown(close[0])}?"
                if close
                else f"there are {_listed(table.cells, 40)}"
            )
            raise ValueError(f"no column {shown(name)}; {hint}")
        if name in given[:number]:
            need = "each column in one role, target, feature or left out"
            checks.refuse("columns", need, f"{shown(name)} twice")
    every = table.cells if features is None else features
    chosen = [name for name in every if name not in targets and name not in leave_out]
    if not chosen:
        checks.refuse("features", "at least one column that is no target", "none")
    return chosen


def _listed(names: Iterable[str], most: int = 10) -> str:
    each = [shown(name) for name in names]
    return ", ".join(each[:most] + ["..."] * (len(each) > most))


def _refuse_constants(columns: Mapping[str, FloatArray], how: Mapping[str, str]) -> None:
    constant = [
        name
        for name, column in columns.items()
        if np.ptp(column) <= 1e-9 * np.abs(column).max() * (how[name] != "raw")
    ]
    if constant:
        raise ValueError(
            "columns that are constant or vary too little against their size: "
            f"{_listed(constant)}; leave them out (--leave-out), or subtract a constant first; an "
            "intercept is an option (--intercept)"
        )


def _prepared(columns: Sequence[FloatArray], preparation: str) -> tuple[FloatArray, float]:
    """The rows of X or of Y, and a bound of their relative error by rounding."""
    raw = np.array(columns)
    if preparation == "raw":
        return raw, _EPS
    centred = raw - raw.mean(axis=1, keepdims=True)
    deviations = centred.std(axis=1, keepdims=True)
    error = _EPS * (4 + (np.abs(raw) / deviations).max())
    return (centred / deviations if preparation == "standardise" else centred), error


def _suspicions(name: str, column: FloatArray, by_default: bool) -> Iterator[str]:
    """What a column may be instead of a measurement; the predicates of sentences."""
    numbers_rows = len(column) > 2 and set(np.diff(column)) in ({1.0}, {-1.0})
    if by_default and (numbers_rows or name.startswith("Unnamed: ")):  # as pandas calls it
        yield "only numbers the rows, it seems, and is a feature; leave it out if so (--leave-out)"
    values = np.unique(column)
    for code, others in ((values[0], values[1:]), (values[-1], values[:-1])):
        digits = f"{abs(code):.15g}".replace(".", "")
        far = len(others) > 1 and np.abs(others - code).min() > np.ptp(others)
        if len(digits) > 1 and set(digits) == {"9"} and far:
            yield (
                f"has {code:.15g} (rows: {np.sum(column == code)}), far from all its other "
                "numbers; if this is a code for a missing value, remove these rows"
            )
