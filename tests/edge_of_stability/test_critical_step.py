"""η_C and its interval, against closed forms and 60-digit arithmetic."""

import math
import re

import mpmath
import numpy as np
import pytest
from flint import arb, arb_mat, ctx, fmpz_mat
from hypothesis import given, settings
from hypothesis import strategies as st
from random_problems import orthogonal
from scipy.optimize import minimize_scalar

from edge_of_stability.minima import critical_step
from edge_of_stability.minima.critical_step import (
    PrecisionError,
    critical_step_size,
    is_positive_definite,
)
from edge_of_stability.minima.duality import joint_maximum, pencil, primal_value

DIGITS = 60


def reference(X, Y, depth, near):
    """η_C in 60-digit arithmetic; ``near`` is a guess of x, checked here to be good to 1e-3.

    With Σ = LLᵀ the matrix of the dual is, up to rotation, x^{N−1}LᵀL + (N−1)x^{−1}CᵀC,
    C = SL^{−T}. Bisection on the sign of its derivative.
    """
    with mpmath.workdps(DIGITS):
        X, Y = mpmath.matrix(X.tolist()), mpmath.matrix(Y.tolist())
        L = mpmath.cholesky(X * X.T, tol=0)
        A = L.T * L
        C = (mpmath.inverse(L) * (X * Y.T)).T
        B = C.T * C
        if depth == 1:
            return 1 / max(mpmath.eigsy(A, eigvals_only=True))

        def top(t):
            x = mpmath.exp(t)
            values, vectors = mpmath.eigsy(x ** (depth - 1) * A + (depth - 1) / x * B)
            v = vectors[:, len(values) - 1]
            return values[len(values) - 1], (v.T * (x**depth * A - B) * v)[0]

        low, high = mpmath.log(near) - 1e-3, mpmath.log(near) + 1e-3
        assert top(low)[1] <= 0 <= top(high)[1]
        for _ in range(45):
            middle = (low + high) / 2
            low, high = (middle, high) if top(middle)[1] < 0 else (low, middle)
        return 2 / (2 * min(top(low)[0], top(high)[0]))


def assert_encloses(X, Y, depth, width=1e-9):
    result = critical_step_size(X, Y, depth)
    truth = reference(X, Y, depth, result.scale)
    assert result.lower <= truth <= result.upper
    assert result.lower <= result.value <= result.upper
    assert result.upper - result.lower <= width * result.value
    return result


def gaussian(d_0, d_N, n, seed):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((d_0, n)), rng.standard_normal((d_N, n))


def forms(X, Y):
    """Σ and ŴᵀŴ."""
    Sigma = X @ X.T
    values, vectors = np.linalg.eigh(Sigma)
    W = Y @ X.T @ np.linalg.solve(Sigma, vectors * np.sqrt(values) @ vectors.T)
    return Sigma, W.T @ W


# -- the defining property: the interval holds the truth ------------------------------------------


@pytest.mark.parametrize("depth", range(1, 9))
def test_interval_holds_the_truth(depth):
    for d_0, d_N in ((3, 2), (2, 4)):
        assert_encloses(*gaussian(d_0, d_N, d_0 + 2, seed=depth), depth, width=1e-12)


@pytest.mark.parametrize(("depth", "decades"), [(1, 0), (2, 1), (3, 0), (5, 2), (8, 0), (3, 4)])
def test_the_interval_for_many_features_holds_the_truth(depth, decades, monkeypatch):
    # Four decades are too many for float64: then the interval comes from ball arithmetic.
    monkeypatch.setattr(critical_step, "FEW_FEATURES", 0)
    rng = np.random.default_rng(depth)
    X = np.diag(np.logspace(0, -decades, 3)) @ rng.standard_normal((3, 5))
    X, Y = orthogonal(rng, 3) @ X, rng.standard_normal((2, 5))
    assert (critical_step.by_rounding(X, Y, depth, 1e-9) is None) == (decades == 4)
    assert_encloses(X, Y, depth)


@pytest.mark.parametrize("decades", [4, 6, 8, 10, 12, 13])
def test_ill_conditioned_inputs_give_the_truth_or_an_error(decades):
    # cond Σ = 10^(2·decades), with Y along the weak directions too
    rng = np.random.default_rng(decades)
    X = orthogonal(rng, 3) @ np.diag(np.logspace(0, -decades, 3)) @ rng.standard_normal((3, 4))
    Y = rng.standard_normal((2, 4))
    try:
        assert_encloses(X, Y, 3)
    except (PrecisionError, ValueError) as error:
        assert decades > 8
        assert re.search("ill-conditioned|numerical rank", str(error))  # noqa: PT017


def kink(gap):
    """The eigenvalues of A = diag(4, 1) and B = diag(1, 4) cross: no eigenvector is balanced.

    A gap bends the crossing into a smooth, very sharp turn.
    """
    turn = [[math.cos(gap), -math.sin(gap)], [math.sin(gap), math.cos(gap)]]
    return np.diag([2.0, 1.0]), np.diag([1.0, 2.0]) @ turn


def nearly_orthogonal(size):
    """Targets of which the inputs explain next to nothing."""
    X, noise = gaussian(2, 2, 5, seed=2)
    return X, noise - noise @ np.linalg.pinv(X) @ X + size * X


def extreme(decades_X, decades_Y):
    X, Y = gaussian(3, 2, 4, seed=3)
    return X * 10.0**decades_X, Y * 10.0**decades_Y


TURN, (X4, _) = orthogonal(np.random.default_rng(0), 4), gaussian(4, 1, 6, seed=1)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize(
    ("X", "Y"),
    [
        *(kink(gap) for gap in (0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3)),
        *(nearly_orthogonal(size) for size in (1e-5, 1e-8, 1e-11)),
        *(extreme(*decades) for decades in ((100, 100), (-100, -100), (100, -60))),
        # eigenvalues of several dimensions on top
        (np.eye(3), np.eye(3)),
        (np.diag([2.0, 2.0, 1.0]), np.ones((1, 3))),
        (np.diag([2.0, 2.0, 1.0, 1.0]) @ TURN, np.diag([1.0, 1.0, 2.0, 2.0]) @ TURN),
        (X4, np.outer([1.0, 2.0, -1.0], [1.0, 0.5, 0.0, 2.0]) @ X4),  # W⋆ of rank one
    ],
)
def test_interval_of_hard_data_holds_the_truth(X, Y, depth):
    assert_encloses(X, Y, depth, width=1e-12)


def test_entries_of_very_different_sizes():
    assert_encloses(np.array([[1e200, 1e-200, 1.0]]), np.array([[1e-50, 1e60, 1.0]]), 2)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_covariance(d_0, d_N, depth, seed):
    # η_C(T X P, U Y P) = η_C(X, Y) for orthogonal T, U, P, and η_C has degree −2/N in X and
    # 2/N − 2 in Y.
    X, Y = gaussian(d_0, d_N, d_0 + 1, seed)
    rng = np.random.default_rng(seed + 1)
    turn, U, P = (orthogonal(rng, d) for d in (d_0, d_N, d_0 + 1))
    value = critical_step_size(X, Y, depth).value
    assert critical_step_size(turn @ X @ P, U @ Y @ P, depth).value == pytest.approx(
        value, rel=1e-9
    )
    scaled = critical_step_size(3 * X, 5 * Y, depth).value
    assert scaled * 3 ** (2 / depth) * 5 ** (2 - 2 / depth) == pytest.approx(value, rel=1e-9)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_direction_and_scale_attain(d_0, d_N, depth, seed):
    X, Y = gaussian(d_0, d_N, d_0 + 3, seed)
    result = critical_step_size(X, Y, depth)
    Sigma, B = forms(X, Y)
    v, x = result.direction, result.scale
    assert np.linalg.norm(v) == pytest.approx(1, rel=1e-14)
    assert 1 / primal_value(Sigma, B, depth, v) == pytest.approx(result.value, rel=1e-9)
    dual = np.linalg.eigvalsh(pencil(Sigma, B, depth, x))[-1]
    assert 1 / dual == pytest.approx(result.value, rel=1e-9)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_duality_on_singular_matrices(d, depth, seed):
    # The two-sided formula needs no invertibility: random ranks, A and B with common kernels.
    rng = np.random.default_rng(seed)
    F, G = (rng.standard_normal((rng.integers(1, d + 1), d)) for _ in range(2))
    A, B = F.T @ F, G.T @ G
    found = joint_maximum(A, B, depth)
    assert primal_value(A, B, depth, found.y) == pytest.approx(found.dual, rel=1e-9)
    for y in rng.standard_normal((50, d)):
        y /= np.linalg.norm(y)
        assert primal_value(A, B, depth, y) <= found.dual * (1 + 1e-9)


@pytest.mark.parametrize("depth", [1, 2, 6])
@pytest.mark.parametrize(
    ("X", "Y"),
    [
        gaussian(120, 150, 140, seed=4),
        gaussian(150, 3, 200, seed=4),
        (np.eye(110), np.eye(110)),  # one eigenvalue
        (np.eye(110), gaussian(110, 2, 1, seed=5)[0].T),
        (np.diag(np.repeat([2.0, 1.0], 55)), np.diag(np.repeat([1.0, 2.0], 55))),  # a kink
        (np.diag(np.linspace(1, 3, 110)), np.diag(np.linspace(3, 1, 110))),
    ],
)
def test_many_features(X, Y, depth, monkeypatch):
    monkeypatch.setattr(critical_step, "by_balls", None)  # the fast proof is enough
    result = critical_step_size(X, Y, depth)
    A, B = forms(X, Y)
    around = result.scale * np.array([0.999, 1, 1.001])
    exact = min(np.linalg.eigvalsh(pencil(A, B, depth, x))[-1] for x in around)
    assert 1 / exact == pytest.approx(result.value, rel=1e-10)
    assert result.upper - result.lower <= 3e-10 * result.value
    assert primal_value(A, B, depth, result.direction) == pytest.approx(exact, rel=1e-8)


def test_crossing_eigenvalues_by_hand():
    # A = diag(4, 1), B = diag(1, 4), N = 2: at x = 1 the matrix A + B is 5I; v = (1, 1)/√2 has
    # a = b = 5/2 and 2√(ab) = 5. The single eigenvectors only give 2√4 = 4.
    result = critical_step_size(np.diag([2.0, 1.0]), np.diag([1.0, 2.0]), depth=2)
    assert result.lower <= 0.2 <= result.upper
    assert np.abs(result.direction) == pytest.approx([math.sqrt(0.5)] * 2)


def least_gap(Sigma, B, depth):
    """The least distance of two eigenvalues of T(x) over x, in units of the largest one."""

    def gap(t):
        x = np.exp(np.asarray(t))[..., None, None]
        values = np.linalg.eigvalsh(x ** (depth - 1) * Sigma + (depth - 1) / x * B)
        return np.diff(values).min(axis=-1) / values[..., -1]

    grid = np.linspace(-8, 8, 2001)
    gaps = gap(grid)
    minima = 1 + np.flatnonzero((gaps[1:-1] <= gaps[:-2]) & (gaps[1:-1] <= gaps[2:]))
    found = [
        minimize_scalar(gap, bounds=grid[[i - 1, i + 1]], options={"xatol": 1e-10}).fun
        for i in minima
    ]
    return min([gaps.min(), *found])


@settings(max_examples=15)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_eigenvalues_of_the_dual_meet_only_by_design(d, depth, seed):
    rng = np.random.default_rng(seed)
    X, Y = rng.standard_normal((d, d + 2)), rng.standard_normal((d, d + 2))
    assert least_gap(*forms(X, Y), depth) > 1e-7
    # The control: if both matrices are diagonal, with entries in opposite order, they do meet.
    values = np.linalg.eigvalsh(X @ X.T)
    assert least_gap(np.diag(values), np.diag(values[::-1]), depth) < 1e-7


@pytest.mark.parametrize("exponent", [-200, 160])
def test_many_features_of_very_different_sizes_are_refused(exponent):
    X, Y = gaussian(101, 2, 130, seed=0)
    X[0] *= 10.0**exponent
    with pytest.raises(ValueError, match=r"X: need rank d_0 = 101.*A1"):
        critical_step_size(X, Y, 3)


def test_a_width_out_of_reach_is_an_error():
    X, Y = gaussian(3, 3, 5, seed=5)
    with pytest.raises(PrecisionError, match="rtol"):
        critical_step_size(X, Y, 2, rtol=1e-18)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1), st.integers(-3, 3))
def test_positive_definite_as_by_sylvesters_minors(d, seed, shift):
    F = np.random.default_rng(seed).integers(-3, 4, (d, d))
    T = (F @ F.T - shift * np.eye(d, dtype=int)).tolist()
    minors = [fmpz_mat([row[:k] for row in T[:k]]).det() for k in range(1, d + 1)]
    with ctx.workprec(256):
        assert is_positive_definite(arb_mat(T)) == all(minor > 0 for minor in minors)


def test_nothing_is_proved_of_balls_that_hold_a_singular_matrix():
    for radius, proved in ((0.4, True), (0.6, False)):  # [[1, t], [t, 1/4]] for |t| ≤ radius
        T = arb_mat([[1, arb(0, radius)], [arb(0, radius), 0.25]])
        assert is_positive_definite(T) is proved
