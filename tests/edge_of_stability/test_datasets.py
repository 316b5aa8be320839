"""What experiments share: data in rows of norm one, and intervals of fractions."""

import numpy as np
import pytest
from sklearn.datasets import load_wine

from edge_of_stability.datasets import diabetes, linnerud, standardised, wilson_band, wine


@pytest.mark.parametrize(
    ("load", "shapes"),
    [
        (diabetes, [(10, 442), (1, 442)]),
        (wine, [(12, 178), (1, 178)]),
        (linnerud, [(3, 20), (3, 20)]),
    ],
)
def test_data_are_rows_and_can_be_standardised(load, shapes):
    given = load()
    assert [rows.shape for rows in given] == shapes
    for rows in given:
        result = standardised(rows)
        np.testing.assert_allclose(result.sum(axis=1), 0, atol=1e-12)
        np.testing.assert_allclose(np.sum(result**2, axis=1), 1, rtol=1e-12)
        correlations = [np.corrcoef(pair)[0, 1] for pair in zip(rows, result, strict=True)]
        np.testing.assert_allclose(correlations, 1, rtol=1e-12)


def test_the_target_of_the_wines_is_their_alcohol():
    features, target = wine()
    assert 10 < target.min() < target.max() < 16  # per cent by volume
    np.testing.assert_array_equal(np.vstack([target, features]), load_wine().data.T)


def test_wilson_band_solves_its_equation():
    # The ends p satisfy |p̂ − p| = z √(p(1 − p)/n); at 0 and n one end is 0 and 1.
    low, high = wilson_band([0, 3, 10], 10)
    assert (low[0], high[2]) == (0, 1)
    for ends, fractions in ((low[1:], [0.3, 1.0]), (high[:2], [0.0, 0.3])):
        distance = np.abs(np.array(fractions) - ends)
        np.testing.assert_allclose(distance, 1.959964 * np.sqrt(ends * (1 - ends) / 10), rtol=1e-5)
