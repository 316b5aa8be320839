"""Random problems and points for the property-based tests, and Taylor's formula on them."""

from functools import reduce

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge_of_stability import DeepLinearProblem, Network

SMOOTH = ("tanh", "softplus")


@st.composite
def problems(draw: st.DrawFn, min_depth: int = 1, max_depth: int = 4, max_width: int = 3):
    """A problem with Gaussian data and a generator for points of it."""
    data, rng = draw(instances(min_depth, max_depth, max_width))
    return DeepLinearProblem(*data), rng


@st.composite
def networks(draw: st.DrawFn, activations=(*SMOOTH, "relu"), min_depth: int = 1):
    """The same for a network with activations."""
    data, rng = draw(instances(min_depth, 4, 3))
    return Network(*data, draw(st.sampled_from(activations))), rng


@st.composite
def instances(draw: st.DrawFn, min_depth: int, max_depth: int, max_width: int):
    """X, Y, widths, and a generator."""
    depth = draw(st.integers(min_depth, max_depth))
    widths = tuple(
        draw(st.lists(st.integers(1, max_width), min_size=depth + 1, max_size=depth + 1))
    )
    samples = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X, Y = (rng.standard_normal((width, samples)) for width in (widths[0], widths[-1]))
    return (X, Y, widths), rng


def point(problem, rng: np.random.Generator, batch: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """Gaussian points of R^D."""
    return rng.standard_normal((*batch, problem.dimension))


def orthogonal(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


def product(matrices, size: int) -> NDArray[np.float64]:
    """The product of the later times the earlier ones; the identity if there are none."""
    return reduce(lambda before, W: W @ before, matrices, np.eye(size))


def taylor_slope(problem, rng: np.random.Generator, order: int, steps) -> float:
    """The slope of log ‖L(θ + hv) − its Taylor polynomial‖ against log h.

    Several directions at once, so that no single vanishing coefficient spoils it.
    """
    theta, directions = point(problem, rng), point(problem, rng, (8,))
    first = directions @ problem.gradient(theta)
    second = np.sum(directions * problem.hvp(theta, directions), axis=-1)
    errors = []
    for h in steps:
        polynomial = problem.loss(theta) + h * first + (order == 2) * h**2 / 2 * second
        errors.append(np.linalg.norm(problem.loss(theta + h * directions) - polynomial))
    return slope(steps, errors)


def slope(steps, errors) -> float:
    """Slope of log error against log step."""
    return np.polyfit(np.log(steps), np.log(errors), 1)[0]
