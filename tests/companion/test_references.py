import numpy as np
import pytest

from companion.checking.declarations import Declaration
from companion.checking.references import Deviation, deviation


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


def test_an_array_without_a_tolerance_of_its_own_may_differ_by_rounding_alone():
    tolerance = Declaration("line", "book/toy/lines.ipynb").tolerance_of("x")
    beyond = [Deviation("line", "x", size, tolerance).is_beyond for size in (9e-10, 1.1e-9)]
    assert beyond == [False, True]
