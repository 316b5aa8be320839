from __future__ import annotations

import numpy as np
import pytest

from companion.checking.references import deviation


@pytest.mark.parametrize(
    ("new", "reference", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.5], [1.0, 2.0], 0.25),  # relative to the largest entry of the reference
        ([1.5, 2.0], [1.0, 2.0], 0.25),
        ([0.0, 0.25], [0.0, 0.0], 0.25),  # a reference of zeros is compared absolutely
        ([np.nan, 1.0], [np.nan, 1.0], 0.0),
        ([np.inf, 1.0], [np.inf, 1.0], 0.0),
        ([np.nan, 1.0], [0.0, 1.0], np.inf),
        ([0.0, 1.0], [np.nan, 1.0], np.inf),
        ([-np.inf, 1.0], [np.inf, 1.0], np.inf),
        ([1.0], [1.0, 1.0], np.inf),
        ([True, False], [True, True], 1.0),
        ([3, 4], [3, 5], 0.2),
    ],
)
def test_deviation(new, reference, expected):
    assert deviation(np.array(new), np.array(reference)) == pytest.approx(expected)
