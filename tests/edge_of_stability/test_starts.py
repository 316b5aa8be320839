"""Random initial points: the same in any block, and cells with streams of their own."""

import numpy as np

from edge_of_stability import Gaussian


def test_points_depend_on_seed_and_number_alone():
    law = Gaussian(3000, 2.0, seed=5)
    points = law.points(3)
    np.testing.assert_array_equal(Gaussian(1500, 2.0, seed=5).points(3), points[:1500])
    np.testing.assert_array_equal(law.points(3, 1000, 2100), points[1000:2100])
    streams = np.random.SeedSequence(5).spawn(3)
    expected = 2.0 * np.random.default_rng(streams[1]).standard_normal((1024, 3))
    np.testing.assert_array_equal(points[1024:2048], expected)
