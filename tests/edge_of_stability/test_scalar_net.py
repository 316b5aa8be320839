"""The scalar net d = (1,1,1), W⋆ = Σ = 1, where everything has a closed form.

The notebooks on it assert the identities themselves.
"""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from edge_of_stability import SymbolicProblem


def test_three_preimages_at_the_step_size_one():
    net = SymbolicProblem([[1]], [[1]], (1, 1, 1))
    x, y = net.symbols
    eta = sp.Symbol("eta", positive=True)
    u = 2 * eta * (x * y - 1)
    det = net.jacobian_determinant(eta).as_expr()
    at_one = -2 * (x - y) ** 2 - 3 * (1 - 2 * x * y) ** 2
    assert sp.expand(det.subs(eta, 1) - at_one) == 0
    # f of the proof, whose zeros are the preimages of (a, b) with P = a + b and Q = a − b
    v, P, Q = sp.symbols("v P Q")
    f = 4 * (v / (2 * eta) + 1) * (1 - v**2) ** 2 - (P * (1 + v)) ** 2 + (Q * (1 - v)) ** 2
    there = {v: u, P: (1 - u) * (x + y), Q: (1 + u) * (x - y)}
    assert sp.expand((sp.diff(f, v) - 2 / eta * (1 - v**2) * det).subs(there)) == 0
    points = [(sp.Rational(p, 7), sp.Rational(q, 3)) for p in (1, 5, 14, 60) for q in (1, 4, 30)]
    for p, q in points:
        assert sp.Poly(f.subs({eta: 1, P: p, Q: q}), v).count_roots() == 3


# f(z) = (1 + h)z − hz³ on (−e, e), e² = 1 + 2/h, with u = h(z² − 1)


@given(st.floats(0.01, 0.99), st.floats(-0.999, 0.999), st.integers(1, 30))
def test_the_line_attracts_along_every_orbit(eta, part, steps):
    h = 2 * eta
    start = z = part * np.sqrt(1 + 2 / h)
    across = budget = 0.0
    for _ in range(steps):
        u = h * (z**2 - 1)
        if u == -1 or 1 + 2 / h - z**2 < 1e-6:  # ln 0, or rounding decides on which side of e
            return
        across += h * np.log(abs(1 + u))
        budget += np.log((1 + h * u + eta * u**2) / (1 + h * u + u**2))
        assert budget <= 1e-12
        bound = np.log((1 + 2 / h) / (1 + 2 / h - start**2)) + budget
        assert across <= bound + 1e-7
        z = (1 + h) * z - h * z**3


@pytest.mark.parametrize("eta", [0.2, 0.45, 0.55, 0.7, 0.83, 0.97])
def test_the_line_attracts_at_every_cycle(eta):
    # A cycle carries an invariant measure; its exponent is the mean of ln|1 + u|.
    h, e = 2 * eta, np.sqrt(1 + 1 / eta)

    def orbit(z, n):
        for _ in range(n):
            yield z
            z = (1 + h) * z - h * z**3

    def returns(angle, n):
        return [*orbit(e * np.sin(angle), n + 1)][-1] - e * np.sin(angle)

    angles = np.linspace(-1.57, 1.57, 40_001)
    found = 0
    for n in range(1, 6):
        values = returns(angles, n)
        for k in np.flatnonzero(values[1:] * values[:-1] < 0):
            angle = brentq(returns, angles[k], angles[k + 1], (n,), xtol=1e-15)
            cycle = np.array([*orbit(e * np.sin(angle), n)])
            exponent = np.mean(np.log(np.abs(1 + h * (cycle**2 - 1))))
            if np.allclose(np.abs(cycle), 1):
                assert abs(exponent) < 1e-6
            else:
                assert exponent < -1e-4, cycle
                found += 1
    assert found > (100 if eta > 0.9 else 0)
    ends = np.array([e, -e])
    np.testing.assert_allclose((1 + h) * ends - h * ends**3, -ends, rtol=1e-12)
    np.testing.assert_allclose(np.log(np.abs(1 + h * (ends**2 - 1))), np.log(3), rtol=1e-12)
