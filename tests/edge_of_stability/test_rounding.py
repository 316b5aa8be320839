"""Bounds of rounding errors, against exact products and the worst matrices they admit."""

import dataclasses

import numpy as np
import pytest
from flint import arb, arb_mat, ctx
from hypothesis import given
from hypothesis import strategies as st

from edge_of_stability.minima import rounding
from edge_of_stability.minima.rounding import Forms, defect, is_bound, lengths, product


def assert_within(exact, computed, bound):
    """‖exact − computed‖ ≤ bound in the Frobenius norm, for a matrix of balls."""
    defects = (exact - arb_mat(computed.tolist())).tolist()
    assert sum(x**2 for row in defects for x in row) <= arb(bound) ** 2


@pytest.mark.parametrize(("m", "n"), [(3, 5), (3, 129), (130, 70), (2, 1000)])
@pytest.mark.parametrize("symmetric", [False, True])
def test_products_err_by_less_than_their_bound(m, n, symmetric):
    rng = np.random.default_rng(n)
    A = rng.standard_normal((m, n))
    B = A.T if symmetric else rng.standard_normal((n, 2))
    computed, bound = product(A, B, symmetric)
    assert not symmetric or (computed == computed.T).all()
    with ctx.workprec(256):
        assert_within(arb_mat(A.tolist()) * arb_mat(B.tolist()), computed, bound)
    assert bound <= (min(n, 64) + 10) * 1.2e-16 * np.linalg.norm(A) * np.linalg.norm(B)


@pytest.mark.parametrize("d", [1, 5, 300])
@pytest.mark.parametrize("wrong", [False, True])
def test_the_defect_of_a_factor_is_bounded_even_if_the_factor_is_wrong(d, wrong, monkeypatch):
    F = np.random.default_rng(d).standard_normal((d, 2 * d))
    T = F @ F.T
    before = np.tril(T) + np.tril(T, -1).T
    if wrong:
        factor = np.linalg.cholesky
        monkeypatch.setattr(np.linalg, "cholesky", lambda block: 1.1 * factor(block))
    bound = defect(T)
    with ctx.workprec(256):
        L = arb_mat(np.tril(T).tolist())
        assert_within(L * L.transpose(), before, bound)
    assert (bound < 1e-12 * np.trace(before)) != wrong


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_bound_is_proved_above_the_largest_eigenvalue_and_nowhere_below(d, p, depth, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((d, d + 8)), rng.standard_normal((p, d + 8))
    alpha, beta = rng.uniform(0.1, 2.0, 2)
    beta *= depth > 1
    R = np.linalg.inv(np.linalg.cholesky(X @ X.T)).T
    images = alpha * (X @ X.T @ R).T @ (X @ X.T @ R) + beta * (Y @ X.T @ R).T @ (Y @ X.T @ R)
    top = float(np.linalg.eigvalsh(images)[-1])
    forms = Forms.of(X, Y)
    kappa = forms.shift(top, alpha, beta)
    assert is_bound(forms, top * (1 + 1e-9), alpha, beta, kappa)
    inexact = dataclasses.replace(forms, errors=(kappa,) * 4)
    assert not is_bound(inexact, top * (1 + 1e-9), alpha, beta, kappa * (1 + 1e-9))
    for c in (top * (1 - 1e-9), top / 2):
        assert not any(is_bound(forms, c, alpha, beta, kappa * 10.0**k) for k in range(4))


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_data_within_their_errors_move_the_pencil_by_less_than_the_doubt(d, p, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((d, d + 8)), rng.standard_normal((p, d + 8))
    e, e_square, f, f_gram = errors = rng.uniform(0, 3, 4) * rng.integers(0, 2, 4)
    alpha, beta = rng.uniform(0.1, 2.0, 2)
    forms = dataclasses.replace(Forms.of(X, Y), errors=tuple(errors))
    factor = np.linalg.inv(np.linalg.cholesky(forms.Sigma))
    K = alpha * forms.square + beta * forms.gram
    c = 1.001 * float(np.linalg.eigvalsh(factor @ K @ factor.T)[-1])  # so T̂ ≻ 0
    u = np.linalg.eigh(forms.Sigma)[1][:, -1]
    for E in (e * np.outer(u, u), -e * np.outer(u, u), e * np.eye(d)):
        row = np.zeros((p, d))
        row[0] = u
        for F in (f * row, -f * row):
            Sigma, S = forms.Sigma + E, forms.S + F
            moved = c * Sigma - alpha * Sigma @ Sigma - beta * S.T @ S
            still = c * forms.Sigma - K
            change = np.linalg.norm(moved - still, 2) + alpha * e_square + beta * f_gram
            assert change <= forms.doubt(c, alpha, beta) + 1e-9


@pytest.mark.parametrize("shift", [0.0, 0.1, -0.1])
def test_lengths_hold_the_exact_ones(shift, monkeypatch):
    """Also if every entry of every product is off by as much as its bound admits."""

    def shifted(A, B):
        computed, bound = product(A, B)
        return computed + shift, bound + abs(shift) * computed.size**0.5

    monkeypatch.setattr(rounding, "product", shifted)
    rng = np.random.default_rng(0)
    X, Y, u = rng.standard_normal((3, 200)), rng.standard_normal((2, 200)), rng.standard_normal(3)
    balls = lengths(X + 1, Y + 1, u)
    with ctx.workprec(256):
        z = arb_mat((X + 1).T.tolist()) * arb_mat(u[:, np.newaxis].tolist())
        images = (z, arb_mat((X + 1).tolist()) * z, arb_mat((Y + 1).tolist()) * z)
        for ball, image in zip(balls, images, strict=True):
            assert ball.overlaps(sum(x**2 for (x,) in image.tolist()).sqrt())
            assert shift or ball.rad() < 1e-12 * ball
