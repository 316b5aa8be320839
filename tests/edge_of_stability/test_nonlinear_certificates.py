"""Enclosures of det DG of small networks, and the statements they rest on."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from flint import ctx

from edge_of_stability import Network, certify_nonsingular_network
from edge_of_stability.certificates.network_check import determinant_ball, ends

RNG_SEED = 11
SQUARE = ([[1, "1/2"], [0, 1]], [[1, -1]], (2, 2, 1), "softplus", "3/7")


def ball(certificate, bits):
    """The ends of the check's enclosure of the determinant."""
    c = certificate
    return ends(determinant_ball(*c.instance, c.activation, c.witness, bits))


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
@pytest.mark.parametrize("widths", [(1, 1, 1), (2, 3, 2), (2, 2, 2, 1), (1, 2, 1, 2, 1)])
@pytest.mark.parametrize("eta", [Fraction(1, 100), 0.3, Fraction(10)])
def test_certificates_verify_and_agree_with_floats(widths, activation, eta):
    rng = np.random.default_rng(RNG_SEED)
    X, Y = rng.standard_normal((widths[0], 3)), rng.standard_normal((widths[-1], 3))
    before = ctx.prec, ctx.cap
    certificate = certify_nonsingular_network(X, Y, widths, activation, eta)
    assert certificate.lower <= certificate.upper
    assert certificate.lower * certificate.upper > 0
    assert certificate.verify()
    assert (ctx.prec, ctx.cap) == before
    network = Network(X, Y, widths, activation)
    H = network.hessian(np.array(certificate.witness, dtype=float))
    in_floats = np.linalg.det(np.eye(network.dimension) - float(eta) * H)
    assert in_floats == pytest.approx(float(certificate.lower), rel=1e-6)


@pytest.mark.parametrize("h", [1, 2, 3])
@pytest.mark.parametrize("samples", [1, 2])
def test_tanh_at_the_hardest_step(h, samples):
    # η = 1/(2 h n_0) and Y Xᵀ = h n_0: zero at the origin and in the limit of saturated units
    data, eta = ([[1] * samples], [[h] * samples], (1, h, 1)), Fraction(1, 2 * h * samples)
    certificate = certify_nonsingular_network(*data, "tanh", eta)
    assert any(certificate.witness)
    assert certificate.verify()


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
def test_determinant_with_equal_units(activation):
    # det DG = det(P) det(Q)^{h−1} at W_1 = t·1cᵀ, W_2 = 0
    rng = np.random.default_rng(RNG_SEED)
    for _ in range(20):
        d_0, h, d_2, n = rng.integers(1, 5, 4)
        X, Y = rng.standard_normal((d_0, n)), rng.standard_normal((d_2, n))
        network = Network(X, Y, (d_0, h, d_2), activation)
        c, eta = rng.standard_normal(d_0), rng.uniform(0.05, 2)
        theta = network.join([np.tile(c, (h, 1)), np.zeros((d_2, h))])
        if activation == "tanh":
            b = np.tanh(c @ X)
            s = 1 - b**2
        else:
            b, s = np.log1p(np.exp(c @ X)), 1 / (1 + np.exp(-c @ X))
        T = (Y * s) @ X.T
        Q = np.eye(d_2) - 4 * eta**2 * T @ T.T
        P = Q - 2 * eta * h * (b @ b) * np.eye(d_2)
        determinant = np.linalg.det(np.eye(network.dimension) - eta * network.hessian(theta))
        expected = np.linalg.det(P) * np.linalg.det(Q) ** (h - 1)
        assert determinant == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_polynomial_in_the_step():
    rng = np.random.default_rng(RNG_SEED)
    network = Network(rng.standard_normal((2, 3)), rng.standard_normal((1, 3)), (2, 2, 1), "tanh")
    H = network.hessian(rng.standard_normal(6))
    eigenvalues = np.linalg.eigvalsh(H)
    for eta in 1 / eigenvalues[eigenvalues > 1e-6]:
        assert abs(np.linalg.det(np.eye(6) - eta * H)) < 1e-9 * np.prod(
            1 + np.abs(eta * eigenvalues)
        )
    assert np.linalg.det(np.eye(6) - 1e-12 * H) == pytest.approx(1)


def test_tampered_certificates_are_refused():
    genuine = certify_nonsingular_network(*SQUARE)
    assert genuine.verify()
    width = genuine.upper - genuine.lower
    moved = (genuine.witness[0] + Fraction(1, 1000), *genuine.witness[1:])
    for change in (
        {"lower": genuine.lower + 2 * width, "upper": genuine.upper + 2 * width},
        {"lower": -abs(genuine.lower), "upper": abs(genuine.upper)},
        {"lower": genuine.upper, "upper": genuine.lower},
        {"lower": Fraction(0)} if genuine.lower > 0 else {"upper": Fraction(0)},
        {"witness": moved},
        {"eta": genuine.eta + Fraction(1, 1000)},
        {"eta": float(genuine.eta)},
        {"activation": "tanh"},
        {"activation": "relu"},
        {"Y": ((Fraction(1), Fraction(-2)),)},
    ):
        assert not dataclasses.replace(genuine, **change).verify(), change


def test_an_interval_too_narrow_for_the_first_precision_verifies_by_the_second():
    genuine = certify_nonsingular_network(*SQUARE)
    # verify() tries twice and four times as many bits
    first, (low, high) = (ball(genuine, factor * genuine.bits) for factor in (2, 3))
    slack = (high - low) * 2**20
    narrow = dataclasses.replace(genuine, lower=low - slack, upper=high + slack)
    assert first[0] < narrow.lower < narrow.upper < first[1]
    assert narrow.verify()
    # The first ball may hang out on one side and still not speak against the interval.
    assert dataclasses.replace(narrow, lower=first[0] - slack).verify()
    assert dataclasses.replace(narrow, upper=first[1] + slack).verify()
    apart = 3 * (high - low) + slack
    assert not dataclasses.replace(narrow, lower=low + apart, upper=high + 2 * apart).verify()
    assert not dataclasses.replace(narrow, lower=low - 2 * apart, upper=high - apart).verify()
