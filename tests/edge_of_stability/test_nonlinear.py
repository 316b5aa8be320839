"""Networks with activations: what is theirs alone in derivatives, orbits and flat fits."""

import numpy as np
import pytest
from hypothesis import given
from random_problems import SMOOTH, networks

from edge_of_stability import Network, flat_interpolant, gradient_descent, run_network
from edge_of_stability.core.activations import ACTIVATIONS
from edge_of_stability.minima.interpolants import NoFitError, fit

ROUNDING = 1e-11


@given(networks(("relu",), min_depth=2))
def test_relu_derivatives_inside_a_piece(case):
    network, rng = case
    theta = rng.standard_normal(network.dimension)
    direction = rng.standard_normal(network.dimension)
    h = 1e-7  # short enough to stay inside the piece but for a set of tiny measure
    gradient, image = network.gradient(theta), network.hvp(theta, direction)
    scale = 1 + network.loss(theta) + np.abs(gradient).max() + np.abs(image).max()
    for function, derivative in ((network.loss, gradient @ direction), (network.gradient, image)):
        difference = (function(theta + h * direction) - function(theta - h * direction)) / (2 * h)
        np.testing.assert_allclose(difference, derivative, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("name", SMOOTH)
def test_extreme_arguments(name):
    value, first, second = ACTIVATIONS[name]
    far = np.array([-1e4, 1e4])
    for function in (first, second):
        assert np.isfinite(function(far, value(far))).all()


@given(networks())
def test_jacobian_gives_the_gradient(case):
    network, rng = case
    thetas = rng.standard_normal((2, 3, network.dimension))
    R = (network.predict(thetas) - network.Y).reshape(2, 3, -1)
    gradient = 2 * np.einsum("abij,abi->abj", network.jacobian(thetas), R)
    atol = ROUNDING * (1 + np.abs(gradient).max())
    np.testing.assert_allclose(gradient, network.gradient(thetas), rtol=0, atol=atol)


def test_runs_are_orbits_and_do_not_depend_on_the_batch():
    rng = np.random.default_rng(5)
    network = Network(rng.standard_normal((2, 3)), rng.standard_normal((1, 3)), (2, 3, 1), "tanh")
    starts = rng.standard_normal((6, network.dimension))
    etas = np.array([0.02, 0.05, 0.02, 50.0, 0.01, 0.03])
    runs = run_network(network, starts, etas, 400, tolerance=1e-3, look_every=20)
    for k, eta in enumerate(etas):
        alone = run_network(network, starts[k : k + 1], eta, 400, tolerance=1e-3, look_every=20)
        np.testing.assert_allclose(alone.theta[0], runs.theta[k], rtol=1e-9, atol=1e-9)
        assert alone.steps[0] == runs.steps[k]
        if not runs.diverged[k]:
            orbit = gradient_descent(network, starts[k], eta, int(runs.steps[k]))
            np.testing.assert_allclose(orbit.thetas[-1], runs.theta[k], rtol=1e-9, atol=1e-9)
            norm = np.linalg.norm(network.gradient(runs.theta[k]))
            assert norm == pytest.approx(runs.gradient_norm[k], rel=1e-6, abs=1e-12)
    assert runs.diverged[3]
    assert np.isinf(runs.loss[3])
    assert not (runs.converged & runs.diverged).any()
    few = run_network(network, starts, 0.01, 7, tolerance=1e-12)
    assert (few.steps == 7).all()  # fewer than to the first look
    assert not few.converged.any()


def test_flat_fit_of_one_neuron_is_the_formula():
    # least sharpness 4w(√(1 + w²) − w) of (y tanh x − w)²
    for w in (0.3, 1.0, 2.0):
        network = Network([[1.0]], [[w]], (1, 1, 1), "tanh")
        theta = flat_interpolant(network, [0.7, 1.5])
        assert network.loss(theta) < 1e-20
        expected = 4 * w * (np.sqrt(1 + w * w) - w)
        assert network.sharpness(theta) == pytest.approx(expected, rel=1e-6)


def test_no_fit_where_all_units_are_off():
    network = Network([[1.0]], [[1.0]], (1, 1, 1), "relu")
    with pytest.raises(NoFitError):
        flat_interpolant(network, [-1.0, 1.0])


def test_fit_to_the_last_digits_of_large_targets():
    # The loss that rounding leaves grows like ‖Y‖², and with it what is accepted.
    rng = np.random.default_rng(9)
    X, widths = [[1.0, -2.0, 0.5]], (1, 5, 1)
    weights = [rng.standard_normal((5, 1)), 1e6 * rng.standard_normal((1, 5))]
    Y = weights[1] @ np.tanh(weights[0] @ X)
    network = Network(X, Y, widths, "tanh")
    theta = fit(network, network.join(weights) * (1 + 1e-4 * rng.standard_normal(10)))
    assert 0 < network.loss(theta) <= 1e-20 * np.sum(Y**2)
