"""The error bounds hold for the exact products of the float64 matrices, in rational arithmetic."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_of_stability.minima.rounding import (
    _slices,
    absolute_sum,
    accurate_product,
    frobenius,
    gamma,
    image_norm,
    product,
    smallest_eigenvalue_bound,
)


def exact(matrix):
    return [[Fraction(float(x)) for x in row] for row in matrix]


def exact_product(A, B):
    columns = list(zip(*exact(B), strict=True))
    return [
        [sum((a * b for a, b in zip(row, c, strict=True)), Fraction(0)) for c in columns]
        for row in exact(A)
    ]


def squared_error(computed, truth):
    return sum(
        (a - b) ** 2
        for row, other in zip(exact(computed), truth, strict=True)
        for a, b in zip(row, other, strict=True)
    )


@st.composite
def factors(draw):
    m, k, p = draw(st.integers(1, 3)), draw(st.integers(1, 150)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([0, 3, 12, 40]))  # decades between the entries
    A = rng.standard_normal((m, k)) * 10.0 ** rng.uniform(-spread, spread, (m, k))
    B = rng.standard_normal((k, p)) * 10.0 ** rng.uniform(-spread, spread, (k, p))
    return A, B


@given(factors())
def test_error_of_a_product(pair):
    A, B = pair
    truth = exact_product(A, B)
    for computed, bound in (product(A, B), *(accurate_product(A, B, t) for t in (1e-14, 1e-30))):
        assert squared_error(computed, truth) <= Fraction(bound) ** 2


@given(factors())
def test_cancellation_keeps_its_digits(pair):
    A, B = pair
    left = np.hstack([A, -A, A])
    right = np.vstack([B, B, B * 1e-9])  # the large parts cancel exactly
    computed, bound = accurate_product(left, right, 1e-13)
    assert squared_error(computed, exact_product(left, right)) <= Fraction(bound) ** 2
    if np.linalg.norm(A) * np.linalg.norm(B) < 100 * np.linalg.norm(computed) * 1e9:
        assert bound <= 1e-12 * np.linalg.norm(computed)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1), st.floats(-14, 0))
def test_lower_bound_of_the_smallest_eigenvalue(d, seed, decade):
    F = np.random.default_rng(seed).standard_normal((d, d + 1))
    T = F @ F.T + 10**decade * np.eye(d)
    bound = smallest_eigenvalue_bound(T)
    assert bound is not None
    assert bound <= np.linalg.eigvalsh(T)[0]
    assert bound >= -1e-12 * np.trace(T)


def test_an_indefinite_matrix_has_no_bound():
    assert smallest_eigenvalue_bound(np.array([[1.0, 2.0], [2.0, 1.0]])) is None


@given(factors(), st.floats(0, 1))
def test_norm_of_an_image(pair, error):
    A, B = pair
    F, y = A, B[:, 0]
    lower, upper = image_norm(F, error, y)
    square = sum(entry[0] ** 2 for entry in exact_product(F, B[:, :1]))
    assert Fraction(lower) ** 2 <= square <= Fraction(upper) ** 2
    shift = error * np.linalg.norm(y)
    assert upper >= math.sqrt(square) + shift * (1 - 1e-15)
    assert lower <= max(math.sqrt(square) - shift * (1 - 1e-15), 0)


@given(factors())
def test_norms_are_bounded_from_above(pair):
    A, _ = pair
    assert Fraction(frobenius(A)) ** 2 >= sum(x**2 for row in exact(A) for x in row)
    assert absolute_sum(A) >= np.linalg.norm(A, 2)


# With 10¹² roundings the denominator is larger than what is added for the rounding of γ itself.
@pytest.mark.parametrize("k", [1, 2, 1000, 10**6, 10**12])
def test_gamma_exceeds_k_roundings(k):
    unit = Fraction(1, 2**53)
    exact_gamma = k * unit / (1 - k * unit)
    assert exact_gamma <= Fraction(gamma(k)) <= exact_gamma * (1 + Fraction(2, 10**6))


def test_products_of_slices_are_exact():
    # Positive entries of full length: their sums need all the digits that a product may have.
    rng = np.random.default_rng(2)
    A, B = rng.uniform(0.5, 1, (2, 3000)), rng.uniform(0.5, 1, (3000, 2))
    left, right = _slices(A, 2, axis=1), _slices(B, 2, axis=0)
    np.testing.assert_array_equal(sum(left), A)
    np.testing.assert_array_equal(sum(right), B)
    assert squared_error(left[0] @ right[0], exact_product(left[0], right[0])) == 0
