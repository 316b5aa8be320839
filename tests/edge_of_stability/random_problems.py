"""Random problems and points for the property-based tests."""

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_of_stability import DeepLinearProblem


@st.composite
def problems(
    draw: st.DrawFn, min_depth: int = 1, max_depth: int = 4, max_width: int = 3
) -> tuple[DeepLinearProblem, np.random.Generator]:
    """A problem with Gaussian data and a generator for points of it."""
    depth = draw(st.integers(min_depth, max_depth))
    widths = draw(
        st.lists(st.integers(1, max_width), min_size=depth + 1, max_size=depth + 1).map(tuple)
    )
    samples = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = rng.standard_normal((widths[0], samples))
    Y = rng.standard_normal((widths[-1], samples))
    return DeepLinearProblem(X, Y, widths), rng


def point(
    problem: DeepLinearProblem, rng: np.random.Generator, batch: tuple[int, ...] = ()
) -> NDArray[np.float64]:
    """Gaussian points of R^D."""
    return rng.standard_normal((*batch, problem.dimension))
