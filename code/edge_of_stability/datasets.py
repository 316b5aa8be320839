"""Small real data sets, and what many experiments do with data and with counts of outcomes.

The data sets come from scikit-learn, which names their sources, in their own units.
"""

import numpy as np
from numpy.typing import ArrayLike

from .core import checks
from .core.checks import FloatArray


def diabetes() -> tuple[FloatArray, FloatArray]:
    """Ten measurements of 442 patients, (10, 442), and how their disease went on, (1, 442)."""
    from sklearn.datasets import load_diabetes  # type: ignore[import-untyped, unused-ignore]

    found = load_diabetes(scaled=False)
    return found.data.T, found.target[np.newaxis]


def linnerud() -> tuple[FloatArray, FloatArray]:
    """Three exercises of twenty men, (3, 20), and weight, waist and pulse, (3, 20)."""
    from sklearn.datasets import load_linnerud  # type: ignore[import-untyped, unused-ignore]

    found = load_linnerud()
    return found.data.T, found.target.T


def wine() -> tuple[FloatArray, FloatArray]:
    """Twelve measurements of 178 wines, (12, 178), and their alcohol, (1, 178)."""
    from sklearn.datasets import load_wine  # type: ignore[import-untyped, unused-ignore]

    rows = load_wine().data.T  # the alcohol comes first
    return rows[1:], rows[:1]


def standardised(rows: ArrayLike) -> FloatArray:
    """Each row of a matrix (d, n) with mean 0 and sum of squares 1; none of them is constant."""
    matrix = checks.data_matrix("rows", rows)
    centred = matrix - matrix.mean(axis=1, keepdims=True)
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    if not sizes.all():
        checks.refuse("rows", "rows that are not constant", f"row {int(np.argmin(sizes))}")
    return np.asarray(centred / sizes)


def wilson_band(successes: ArrayLike, count: int) -> FloatArray:
    """Lower and upper ends (2, m) of Wilson's 95 per cent confidence intervals of fractions.

    ``successes`` (m,) are integers; each is a number of successes in ``count`` trials.
    """
    from scipy.stats import binomtest  # type: ignore[import-untyped, unused-ignore]

    intervals = [
        binomtest(int(k), count).proportion_ci(method="wilson") for k in np.asarray(successes)
    ]
    return np.array(intervals).T
