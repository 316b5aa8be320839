"""The presets of the scalar net's explorer are what their names say."""

import numpy as np
import pytest

import edge_of_stability as eos

SCALAR = eos.DeepLinearProblem([[1.0]], [[1.0]], widths=(1, 1, 1))
NAMES = ["descent", "edge", "catapult", "2-cycle", "chaos", "divergence"]


def test_presets_are_what_their_names_say(call):
    presets = {each["name"]: each for each in call("scalar_presets", "PRESETS")}
    assert list(presets) == NAMES
    assert call("scalar_presets", "OPENING")["name"] == "catapult"
    start = {name: (each["x"], each["y"]) for name, each in presets.items()}
    eta = {name: each["eta"] for name, each in presets.items()}
    steps = call("scalar_presets", "SHOWN_STEPS")
    thetas, losses, ratio = {}, {}, {}  # the last: sharpness in units of the edge
    for name in NAMES:
        path = eos.gradient_descent(SCALAR, start[name], eta[name], steps)
        with np.errstate(invalid="ignore", over="ignore"):
            seen = np.abs(path.thetas).max(-1) < 1e50  # Hessians beyond overflow
        ratio[name] = SCALAR.sharpness(path.thetas[seen]) * eta[name] / 2
        thetas[name], losses[name] = path.thetas, path.losses

    falling = losses["descent"] > 1e-20  # below it is rounding
    assert (np.diff(losses["descent"])[falling[1:]] < 0).all()
    assert losses["descent"][0] > 1
    assert losses["descent"][-1] < 1e-20
    assert (ratio["descent"] < 1).all()

    assert ratio["edge"][0] < 0.8
    assert len(np.flatnonzero(np.diff(ratio["edge"] > 1))) > 20  # it crosses the edge
    assert (np.diff(losses["edge"]) > 0).sum() >= 5  # not monotone …
    assert losses["edge"][-1] < 1e-3 * losses["edge"][0]  # … and yet it falls
    assert 0.95 < ratio["edge"][-1] < 1

    assert ratio["catapult"][0] > 1.2
    assert losses["catapult"].max() > 100 * losses["catapult"][0]
    assert losses["catapult"][-1] < 1e-20
    assert ratio["catapult"][-1] < 0.7

    h = 2 * eta["2-cycle"]
    a, b = np.sort(np.roots([1, -np.sqrt(1 + 3 / h), 1 / h]))
    last = thetas["2-cycle"][-2:]
    assert np.sort(last, axis=0) == pytest.approx(np.array([[a, a], [b, b]]), rel=1e-4)
    assert b - a > 0.3

    long = eos.gradient_descent(SCALAR, start["chaos"], eta["chaos"], 5_000).thetas
    assert np.abs(long).max() < 3
    # The Lyapunov exponent on the balanced line, where the orbit ends.
    z = long[500:, 0]
    assert np.abs(z - long[500:, 1]).max() < 1e-12
    assert np.log(np.abs(1 + 2 * eta["chaos"] * (1 - 3 * z**2))).mean() > 0.3

    assert eta["divergence"] < 0.5  # where it would converge from nearer starts
    assert losses["divergence"][1] < losses["divergence"][0]  # it does not look like it at first
    assert not np.isfinite(losses["divergence"][-1])
    half = np.divide(start["divergence"], 2)
    assert eos.gradient_descent(SCALAR, half, eta["divergence"], 200).losses[-1] < 1e-20
