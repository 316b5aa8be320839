"""The presets of the scalar net's explorer are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

import edge_of_stability as eos

SCALAR = eos.DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))


@pytest.fixture(scope="module")
def presets(tab):
    tab.open("book/explorers/index.html")
    url = f"{tab.address}_static/explorers/maths/scalar_presets.js"
    module = tab.page.evaluate("async (url) => ({...(await import(url))})", url)
    steps = module["SHOWN_STEPS"]
    assert module["OPENING"]["name"] == "catapult"
    found = {}
    for preset in module["PRESETS"]:
        eta, start = preset["eta"], [preset["x"], preset["y"]]
        path = eos.gradient_descent(SCALAR, start, eta, steps)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = np.isfinite(path.losses) & (np.abs(path.thetas).max(-1) < 1e50)
        sharpness = SCALAR.sharpness(path.thetas[finite]) * eta / 2  # in units of the edge
        found[preset["name"]] = (eta, path, sharpness)
    assert list(found) == ["descent", "edge", "catapult", "2-cycle", "chaos", "divergence"]
    return found


def test_descent(presets):
    _, path, sharpness = presets["descent"]
    falling = path.losses > 1e-20  # below it is rounding
    assert (np.diff(path.losses)[falling[1:]] < 0).all()
    assert path.losses[0] > 1
    assert path.losses[-1] < 1e-20
    assert (sharpness < 1).all()


def test_edge(presets):
    _, path, sharpness = presets["edge"]
    crossings = np.flatnonzero(np.diff(sharpness > 1))
    assert sharpness[0] < 0.8
    assert len(crossings) > 20
    assert (np.diff(path.losses) > 0).sum() >= 5  # not monotone …
    assert path.losses[-1] < 1e-3 * path.losses[0]  # … and yet it falls
    assert 0.95 < sharpness[-1] < 1


def test_catapult(presets):
    _, path, sharpness = presets["catapult"]
    assert sharpness[0] > 1.2
    assert path.losses.max() > 100 * path.losses[0]
    assert path.losses[-1] < 1e-20
    assert sharpness[-1] < 0.7


def test_two_cycle(presets):
    eta, path, _ = presets["2-cycle"]
    h = 2 * eta
    (a, b) = np.sort(np.roots([1, -np.sqrt(1 + 3 / h), 1 / h]))
    assert np.sort(path.thetas[-2:, 0]) == pytest.approx([a, b], rel=1e-4)
    assert path.thetas[-2:, 0] == pytest.approx(path.thetas[-2:, 1], rel=1e-4)
    assert b - a > 0.3


def test_chaos(presets):
    eta, path, _ = presets["chaos"]
    assert np.isfinite(path.losses).all()
    long = eos.gradient_descent(SCALAR, path.thetas[0], eta, 5_000)
    assert np.abs(long.thetas).max() < 3
    # The Lyapunov exponent on the balanced line, where the orbit ends.
    z = long.thetas[500:, 0]
    assert np.abs(z - long.thetas[500:, 1]).max() < 1e-12
    exponent = np.log(np.abs(1 + 2 * eta - 6 * eta * z**2)).mean()
    assert exponent > 0.3


def test_divergence(presets):
    eta, path, _ = presets["divergence"]
    assert eta < 0.5  # where it would converge from nearer starts
    assert path.losses[1] < path.losses[0]  # it does not look like it at first
    assert not np.isfinite(path.losses[-1])
    half = eos.gradient_descent(SCALAR, path.thetas[0] / 2, eta, 200)
    assert half.losses[-1] < 1e-20
