"""Small real data sets, and what many experiments do with data and with counts of outcomes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .core import checks
from .core.checks import FloatArray


def diabetes() -> tuple[FloatArray, FloatArray]:
    """Ten measurements of 442 patients, (10, 442), and how their disease went on, (1, 442).

    In the units of the data set; see :func:`standardised`. Needs scikit-learn, which names the
    source.
    """
    from sklearn.datasets import load_diabetes  # type: ignore[import-untyped, unused-ignore]

    found = load_diabetes(scaled=False)
    return found.data.T, found.target[np.newaxis]


def linnerud() -> tuple[FloatArray, FloatArray]:
    """Three exercises of twenty men, (3, 20), and weight, waist and pulse, (3, 20).

    In the units of the data set; see :func:`standardised`. Needs scikit-learn, which names the
    source.
    """
    from sklearn.datasets import load_linnerud  # type: ignore[import-untyped, unused-ignore]

    found = load_linnerud()
    return found.data.T, found.target.T


def wine() -> tuple[FloatArray, FloatArray]:
    """Twelve measurements of 178 wines, (12, 178), and their alcohol, (1, 178).

    In the units of the data set; see :func:`standardised`. Needs scikit-learn, which names the
    source.
    """
    from sklearn.datasets import load_wine  # type: ignore[import-untyped, unused-ignore]

    rows = load_wine().data.T  # the alcohol comes first
    return rows[1:], rows[:1]


def standardised(rows: ArrayLike) -> FloatArray:
    """Each row with mean 0 and sum of squares 1.

    Parameters
    ----------
    rows : (d, n) array_like
        No row constant.

    Returns
    -------
    (d, n) array

    Raises
    ------
    ValueError
        If a row is constant, or an entry is NaN or infinite.
    """
    matrix = checks.data_matrix("rows", rows)
    centred = matrix - matrix.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    if not sizes.all():
        checks.refuse("rows", "rows that are not constant", f"row {int(np.argmin(sizes))}")
    return np.asarray(centred / sizes)


def wilson_band(successes: ArrayLike, count: int) -> FloatArray:
    """Wilson's 95 per cent confidence intervals of fractions.

    Parameters
    ----------
    successes : (m,) array_like of int
        Between 0 and ``count``.
    count : int
        Trials behind each of them.

    Returns
    -------
    (2, m) array
        Lower and upper ends.
    """
    from scipy.stats import binomtest  # type: ignore[import-untyped, unused-ignore]

    trials = checks.positive_count("count", count)
    intervals = [
        binomtest(int(k), trials).proportion_ci(method="wilson") for k in np.asarray(successes)
    ]
    return np.array([(interval.low, interval.high) for interval in intervals]).T
