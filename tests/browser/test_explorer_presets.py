"""The presets of the scalar net's explorer are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

import edge_of_stability as eos

SCALAR = eos.DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
NAMES = ["descent", "edge", "catapult", "2-cycle", "chaos", "divergence"]


@pytest.fixture
def preset(call):
    """A preset as Python sees it: η, the orbit, and its sharpness in units of the edge."""

    def found(name):
        presets = {each["name"]: each for each in call("scalar_presets", "PRESETS")}
        assert list(presets) == NAMES
        eta, x, y = (presets[name][key] for key in ("eta", "x", "y"))
        path = eos.gradient_descent(SCALAR, (x, y), eta, call("scalar_presets", "SHOWN_STEPS"))
        with np.errstate(invalid="ignore", over="ignore"):
            seen = np.abs(path.thetas).max(-1) < 1e50  # Hessians beyond overflow
        return eta, path, SCALAR.sharpness(path.thetas[seen]) * eta / 2

    return found


def test_descent(preset):
    _, path, sharpness = preset("descent")
    falling = path.losses > 1e-20  # below it is rounding
    assert (np.diff(path.losses)[falling[1:]] < 0).all()
    assert path.losses[0] > 1
    assert path.losses[-1] < 1e-20
    assert (sharpness < 1).all()


def test_edge(preset):
    _, path, sharpness = preset("edge")
    assert sharpness[0] < 0.8
    assert len(np.flatnonzero(np.diff(sharpness > 1))) > 20  # it crosses the edge
    assert (np.diff(path.losses) > 0).sum() >= 5  # not monotone …
    assert path.losses[-1] < 1e-3 * path.losses[0]  # … and yet it falls
    assert 0.95 < sharpness[-1] < 1


def test_catapult(call, preset):
    assert call("scalar_presets", "OPENING")["name"] == "catapult"
    _, path, sharpness = preset("catapult")
    assert sharpness[0] > 1.2
    assert path.losses.max() > 100 * path.losses[0]
    assert path.losses[-1] < 1e-20
    assert sharpness[-1] < 0.7


def test_two_cycle(preset):
    eta, path, _ = preset("2-cycle")
    h = 2 * eta
    a, b = np.sort(np.roots([1, -np.sqrt(1 + 3 / h), 1 / h]))
    assert np.sort(path.thetas[-2:, 0]) == pytest.approx([a, b], rel=1e-4)
    assert path.thetas[-2:, 0] == pytest.approx(path.thetas[-2:, 1], rel=1e-4)
    assert b - a > 0.3


def test_chaos(preset):
    eta, path, _ = preset("chaos")
    long = eos.gradient_descent(SCALAR, path.thetas[0], eta, 5_000)
    assert np.abs(long.thetas).max() < 3
    # The Lyapunov exponent on the balanced line, where the orbit ends.
    z = long.thetas[500:, 0]
    assert np.abs(z - long.thetas[500:, 1]).max() < 1e-12
    assert np.log(np.abs(1 + 2 * eta - 6 * eta * z**2)).mean() > 0.3


def test_divergence(preset):
    eta, path, _ = preset("divergence")
    assert eta < 0.5  # where it would converge from nearer starts
    assert path.losses[1] < path.losses[0]  # it does not look like it at first
    assert not np.isfinite(path.losses[-1])
    half = eos.gradient_descent(SCALAR, path.thetas[0] / 2, eta, 200)
    assert half.losses[-1] < 1e-20
