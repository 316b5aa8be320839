"""Bounds of rounding errors, against exact products and the worst matrices they admit."""

import numpy as np
import pytest
from flint import arb, arb_mat, ctx

from edge_of_stability.minima.rounding import Image, pencil_bound, product


@pytest.mark.parametrize(("n", "block"), [(5, 128), (129, 128), (300, 32), (1000, 7)])
def test_products_err_by_less_than_their_bound(n, block):
    rng = np.random.default_rng(n)
    A, B = rng.standard_normal((3, n)), rng.standard_normal((n, 2))
    computed, bound = product(A, B, block)
    with ctx.workprec(256):
        defect = (arb_mat(A.tolist()) * arb_mat(B.tolist()) - arb_mat(computed.tolist())).tolist()
        assert sum(x**2 for row in defect for x in row) <= arb(bound) ** 2
    assert bound <= (block + 10) * 1.2e-16 * np.linalg.norm(A) * np.linalg.norm(B)


def test_bounds_hold_for_the_worst_matrices_of_a_ball():
    exact, near = Image.of(np.eye(2), 0.0), Image.of(np.diag([2.0, 1.0]), 0.1)
    nothing = Image.of(np.zeros((1, 2)), 0.0)
    worst = np.diag([2.1, 1.0])
    assert np.linalg.norm(worst.T @ worst - near.gram, 2) <= near.gram_error
    ball = near.length(np.array([1.0, 0.0]))
    assert ball.lower() <= 1.9
    assert ball.upper() >= 2.1
    assert 2.1**2 <= pencil_bound(exact, near, nothing, 1.0, 0.0, 4.0) <= 4.42
    shorter = Image.of(0.9 * np.eye(2), 0.0)
    assert pencil_bound(shorter, near, nothing, 1.0, 0.0, 6.0) >= (2.1 / 0.9) ** 2
    assert pencil_bound(Image.of(0.5 * np.eye(2), 0.0), near, nothing, 1.0, 0.0, 90.0) is None
    assert pencil_bound(exact, near, nothing, 1.0, 0.0, 3.0) is None  # less than λ_max


def test_a_wrong_factor_proves_no_less_than_the_truth(monkeypatch):
    exact, nothing = Image.of(np.eye(2), 0.0), Image.of(np.zeros((1, 2)), 0.0)
    wide = Image.of(np.diag([2.0, 1.0]), 0.0)
    monkeypatch.setattr(np.linalg, "cholesky", np.eye(2).__add__)
    assert pencil_bound(exact, wide, nothing, 1.0, 0.0, 1.0) >= 4
