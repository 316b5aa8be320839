"""Exact certificates that a gradient-descent map is non-singular.

G_η is non-singular (preimages of null sets are null) if and only if the polynomial det DG_η is not
identically zero (Section "Non-singularity" of the book). So one rational point θ, the *witness*,
with det(I − ηH(θ)) ≠ 0 in exact arithmetic settles the matter.

The witness is constructed, never searched for at random. Write h for the hidden width of depth 2,
ρ = rank X, and R(E) = det(I − 4η²EᵀE).

    depth ≥ 3           θ = 0.  π has no terms of order < 3, so H(0) = 0 and the determinant is 1.
    depth 2, R(S) ≠ 0   θ = 0.  The determinant is R(S)^h.
    depth 2, h ≤ d_2    W_1 = 0, W_2 = t[I_h; 0].  It is det(I − 4η²SᵀS − 2ηt²Σ)^h.
    depth 2, h ≤ ρ      W_2 = 0, W_1 = tC, C picks h rows with CX of full rank.  It is
                        det(I − 4η² I_h ⊗ SSᵀ − 2ηt² CΣCᵀ ⊗ I).
    depth 2, else       W_1 = [U_1; 0], W_2 = [U_2, 0] with m = max(ρ, d_2) units on. It is
                        p_m(U) R(E)^{h−m}, where p_m is the determinant for width m and
                        E = (U_2U_1X − Y)Xᵀ.  U runs on the line from a witness of p_m ≢ 0 (one
                        of the two rows above) to a factorisation of W⋆, where E = 0, R = 1.
    depth 1             H = 2 I ⊗ Σ is constant: either det(I − 2ηΣ) ≠ 0 or the map is singular.

X may have any rank: in the third row the matrix is the identity on ker Σ = ker Xᵀ ⊂ ker S, and on
range Σ the leading coefficient of its determinant in t² is (−2η)^ρ times the product of the
non-zero eigenvalues of Σ. In each row the determinant is a non-zero polynomial in t of known
degree, so one of the first (degree + 1) values of t succeeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import ArrayLike

from . import _checks, verify_certificate
from ._checks import FloatArray
from ._rationals import FractionMatrix, rational_matrix, rational_number


class SingularMapError(ValueError):
    """The gradient-descent map is singular, so there is no certificate of the contrary."""


@dataclass(frozen=True)
class NonsingularityCertificate:
    """A rational point where det DG_η is not zero.

    Attributes
    ----------
    widths : tuple of int
        (d_0, …, d_N).
    X : d_0 rows of n fractions
    Y : d_N rows of n fractions
    eta : Fraction
    witness : D fractions
        θ: W_1 first, then W_2, …, W_N, each row by row.
    determinant : Fraction
        det(I − ηH(witness)), not zero.
    reason : str
        Which construction gave the witness.
    """

    widths: tuple[int, ...]
    X: FractionMatrix
    Y: FractionMatrix
    eta: Fraction
    witness: tuple[Fraction, ...]
    determinant: Fraction
    reason: str

    def verify(self) -> bool:
        """Recompute the determinant by code that shares nothing with the construction.

        The time grows like D² evaluations of the loss plus an exact elimination of order D.

        Returns
        -------
        bool
            True if the determinant is as stored and not zero.
        """
        return verify_certificate.verify(
            self.widths, self.X, self.Y, self.eta, self.witness, self.determinant
        )


def certify_nonsingular(
    widths: Sequence[int], X: Any, Y: Any, eta: Any
) -> NonsingularityCertificate:
    """Prove for one instance that G_η is non-singular, in exact arithmetic.

    Source: Section "Non-singularity" of the book; the first claim of arXiv:2402.13108.

    Parameters
    ----------
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1.
    X : (d_0, n) matrix of rationals
        SymPy matrix, nested sequence or integer array with entries int, ``Fraction``,
        ``sympy.Rational`` or strings such as ``"3/7"``. Of any rank.
    Y : (d_N, n) matrix of rationals
    eta : rational
        Step size, positive.

    Returns
    -------
    NonsingularityCertificate
        For depth ≥ 2 there always is one.

    Raises
    ------
    SingularMapError
        If the depth is 1 and 1/(2η) is an eigenvalue of Σ = XXᵀ: then det DG_η ≡ 0.
    ValueError
        If an entry is not rational (a float is not taken for one), or the shapes do not fit.

    Examples
    --------
    The origin is no witness at the resonance η = 1/2, another point is.

    >>> certificate = certify_nonsingular((1, 1, 1), [[1]], [[1]], "1/2")
    >>> certificate.witness, certificate.determinant
    ((Fraction(0, 1), Fraction(1, 1)), Fraction(-1, 1))
    >>> certificate.verify()
    True
    """
    checked_widths = _checks.layer_widths(widths)
    X_rows, Y_rows = rational_matrix("X", X), rational_matrix("Y", Y)
    _checks.data_shapes(
        checked_widths, (len(X_rows), len(X_rows[0])), (len(Y_rows), len(Y_rows[0]))
    )
    step_size = rational_number("eta", eta)
    if step_size <= 0:
        _checks.refuse("eta", "a positive rational number", repr(eta))
    data = _Data(_to_flint(X_rows), _to_flint(Y_rows), fmpq(*step_size.as_integer_ratio()))

    depth = len(checked_widths) - 1
    if depth >= 3:
        size = sum(a * b for a, b in pairwise(checked_widths))
        found = _Found(
            [fmpq(0)] * size, fmpq(1), "depth at least 3: the Hessian vanishes at the origin"
        )
    elif depth == 2:
        found = _witness_depth_two(data, checked_widths[1])
    else:
        found = _witness_depth_one(data)
    return NonsingularityCertificate(
        widths=checked_widths,
        X=X_rows,
        Y=Y_rows,
        eta=step_size,
        witness=tuple(_to_fraction(entry) for entry in found.theta),
        determinant=_to_fraction(found.determinant),
        reason=found.reason,
    )


def resonant_steps(X: ArrayLike, Y: ArrayLike, depth: int) -> FloatArray:
    """Step sizes at which det DG_η vanishes at θ = 0.

    Depth 1: η = 1/(2σ_i²), σ_i the non-zero singular values of X; there the map is singular.
    Depth 2: η = 1/(2 s_i), s_i the non-zero singular values of S = YXᵀ; there the map is
    non-singular and only the origin is no witness. Depth ≥ 3: none.

    Parameters
    ----------
    X : (d_0, n) array_like
    Y : (d_N, n) array_like
    depth : int
        N ≥ 1.

    Returns
    -------
    (k,) array
        Ascending, with multiplicity, in float64.

    Raises
    ------
    ValueError
        If an entry is NaN or infinite, or X and Y have different numbers of columns.
    """
    inputs, targets = _checks.data_matrix("X", X), _checks.data_matrix("Y", Y)
    if inputs.shape[1] != targets.shape[1]:
        _checks.refuse("Y", f"{inputs.shape[1]} columns as X has", f"shape {targets.shape}")
    if _checks.positive_count("depth", depth) >= 3:
        return np.empty(0)
    matrix = inputs if depth == 1 else targets @ inputs.T
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    # The tolerance of numpy.linalg.matrix_rank: smaller values are rounding errors of zeros.
    cutoff = singular_values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    positive = singular_values[singular_values > cutoff]
    return np.asarray(1 / (2 * positive ** (2 if depth == 1 else 1)))


# -- constructions -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Data:
    X: Any  # (d_0, n) fmpq_mat; python-flint has no types
    Y: Any  # (d_N, n) fmpq_mat
    eta: Any  # fmpq

    @property
    def Sigma(self) -> Any:
        return self.X * self.X.transpose()

    @property
    def S(self) -> Any:
        return self.Y * self.X.transpose()


@dataclass(frozen=True)
class _Found:
    theta: list[Any]
    determinant: Any
    reason: str


@dataclass(frozen=True)
class _FoundDepthTwo:
    W_1: Any  # (h, d_0) fmpq_mat
    W_2: Any  # (d_2, h) fmpq_mat
    determinant: Any
    reason: str


def _witness_depth_one(data: _Data) -> _Found:
    """det(I − 2ηΣ)^{d_1}, the same at every θ."""
    d_0, d_1 = data.X.nrows(), data.Y.nrows()
    factor = (_identity(d_0) - 2 * data.eta * data.Sigma).det()
    if factor == 0:
        relation = 1 / (2 * data.eta)
        raise SingularMapError(
            f"eta: need 1/(2 eta) not an eigenvalue of X X^T at depth 1, got eta = {data.eta}: "
            f"{relation} is an eigenvalue of X X^T, so det DG vanishes everywhere and the map is "
            "singular"
        )
    return _Found(
        [fmpq(0)] * (d_0 * d_1), factor**d_1, "depth 1: the determinant is the same everywhere"
    )


def _witness_depth_two(data: _Data, h: int) -> _Found:
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    rank = data.X.rank()
    at_origin = _resonance_factor(data, data.S)
    if at_origin != 0:
        found = _FoundDepthTwo(
            fmpq_mat(h, d_0), fmpq_mat(d_2, h), at_origin**h, "depth 2: the origin, no resonance"
        )
    elif h <= max(rank, d_2):
        found = _one_layer_zero(data, h, rank)
    else:
        found = _units_off(data, h, max(rank, d_2), rank)
    return _Found(found.W_1.entries() + found.W_2.entries(), found.determinant, found.reason)


def _resonance_factor(data: _Data, E: Any) -> Any:
    """R(E) = det(I − 4η²EᵀE)."""
    return (_identity(E.ncols()) - 4 * data.eta**2 * (E.transpose() * E)).det()


def _one_layer_zero(data: _Data, h: int, rank: int) -> _FoundDepthTwo:
    """For h ≤ max(rank X, d_2): one layer zero, the other t times orthonormal columns or rows."""
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    eta, Sigma, S = data.eta, data.Sigma, data.S
    if h <= d_2:
        constant = _identity(d_0) - 4 * eta**2 * (S.transpose() * S)

        def second_layer_only(t: int) -> _FoundDepthTwo:
            determinant = (constant - 2 * eta * t**2 * Sigma).det() ** h
            W_2 = t * _from_function(d_2, h, lambda a, b: int(a == b))
            return _FoundDepthTwo(
                fmpq_mat(h, d_0), W_2, determinant, f"depth 2: W_1 = 0, W_2 = {t} [I; 0]"
            )

        # The determinant of the bracket is a polynomial in t² of degree rank X.
        return _first_nonzero(second_layer_only, rank)

    rows = _independent_rows(data.X)[:h]
    C = _from_function(h, d_0, lambda a, b: int(rows[a] == b))
    outer = _identity(h * d_2) - 4 * eta**2 * _kron(_identity(h), S * S.transpose())
    inner = _kron(C * Sigma * C.transpose(), _identity(d_2))

    def first_layer_only(t: int) -> _FoundDepthTwo:
        determinant = (outer - 2 * eta * t**2 * inner).det()
        return _FoundDepthTwo(
            t * C, fmpq_mat(d_2, h), determinant, f"depth 2: W_2 = 0, W_1 = {t} times unit rows"
        )

    return _first_nonzero(first_layer_only, h * d_2)


def _units_off(data: _Data, h: int, m: int, rank: int) -> _FoundDepthTwo:
    """For h > m = max(rank X, d_2): m units on, on a line that meets {π = W⋆}."""
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    base = _one_layer_zero(data, m, rank)
    V_1, V_2 = _factorised_solution(data, m)

    def on_the_line(t: int) -> _FoundDepthTwo:
        U_1 = (1 - t) * base.W_1 + t * V_1
        U_2 = (1 - t) * base.W_2 + t * V_2
        p_m = (_identity(m * (d_0 + d_2)) - data.eta * _hessian_depth_two(data, U_1, U_2)).det()
        E = U_2 * U_1 * data.Sigma - data.S
        W_1 = _from_function(h, d_0, lambda a, b: U_1[a, b] if a < m else 0)
        W_2 = _from_function(d_2, h, lambda a, b: U_2[a, b] if b < m else 0)
        return _FoundDepthTwo(
            W_1,
            W_2,
            p_m * _resonance_factor(data, E) ** (h - m),
            f"depth 2: {m} of {h} hidden units on, {h - m} off",
        )

    # H has entries of degree 2 in t, E too and EᵀE of degree 4; p_m and R are not zero polynomials.
    return _first_nonzero(on_the_line, 2 * m * (d_0 + d_2) + 4 * min(d_0, d_2))


def _first_nonzero(candidate: Callable[[int], _FoundDepthTwo], degree: int) -> _FoundDepthTwo:
    """Return the first of t = 1, …, degree + 1 with a non-zero determinant."""
    for t in range(1, degree + 2):
        found = candidate(t)
        if found.determinant != 0:
            return found
    raise AssertionError("a non-zero polynomial has no more zeros than its degree")


def _factorised_solution(data: _Data, m: int) -> tuple[Any, Any]:
    """V_1 (m, d_0), V_2 (d_2, m) with (V_2V_1 X − Y)Xᵀ = 0, for m ≥ max(rank X, d_2)."""
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    rows = _independent_rows(data.X)
    C = _from_function(len(rows), d_0, lambda a, b: int(rows[a] == b))
    X_C = C * data.X
    # A least-squares solution that uses the independent inputs only: W = Y X_Cᵀ (X_C X_Cᵀ)⁻¹ C.
    gram = X_C * X_C.transpose()
    W = data.Y * X_C.transpose() * gram.inv() * C if rows else fmpq_mat(d_2, d_0)
    V_1 = _from_function(m, d_0, lambda a, b: W[a, b] if a < d_2 else 0)
    return V_1, _from_function(d_2, m, lambda a, b: int(a == b))


def _hessian_depth_two(data: _Data, W_1: Any, W_2: Any) -> Any:
    """H at (W_1, W_2), from its blocks; coordinates as in ``DeepLinearProblem.split``."""
    h, d_0, d_2 = W_1.nrows(), W_1.ncols(), W_2.nrows()
    E = W_2 * W_1 * data.Sigma - data.S  # (d_2, d_0)
    first = 2 * _kron(W_2.transpose() * W_2, data.Sigma)
    second = 2 * _kron(_identity(d_2), W_1 * data.Sigma * W_1.transpose())
    inputs = data.Sigma * W_1.transpose()  # (d_0, h)

    def mixed(row: int, column: int) -> Any:
        p, q = divmod(row, d_0)  # entry (p, q) of W_1
        r, s = divmod(column, h)  # entry (r, s) of W_2
        return 2 * W_2[r, p] * inputs[q, s] + (2 * E[r, q] if p == s else 0)

    cut = h * d_0

    def entry(i: int, j: int) -> Any:
        if i < cut and j < cut:
            return first[i, j]
        if i >= cut and j >= cut:
            return second[i - cut, j - cut]
        return mixed(i, j - cut) if i < cut else mixed(j, i - cut)

    return _from_function(cut + d_2 * h, cut + d_2 * h, entry)


# -- exact matrices ------------------------------------------------------------------------------


def _from_function(rows: int, columns: int, entry: Callable[[int, int], Any]) -> Any:
    return fmpq_mat(rows, columns, [fmpq(entry(a, b)) for a in range(rows) for b in range(columns)])


def _identity(size: int) -> Any:
    return _from_function(size, size, lambda a, b: int(a == b))


def _kron(A: Any, B: Any) -> Any:
    """Kronecker product, the entries of A outermost."""
    rows, columns = B.nrows(), B.ncols()
    return _from_function(
        A.nrows() * rows,
        A.ncols() * columns,
        lambda a, b: A[a // rows, b // columns] * B[a % rows, b % columns],
    )


def _independent_rows(matrix: Any) -> list[int]:
    """Return indices of rows that form a basis of the row space, the first such set."""
    reduced, rank = matrix.transpose().rref()
    return [next(j for j in range(reduced.ncols()) if reduced[i, j] != 0) for i in range(int(rank))]


def _to_flint(rows: FractionMatrix) -> Any:
    return _from_function(
        len(rows), len(rows[0]), lambda a, b: fmpq(*rows[a][b].as_integer_ratio())
    )


def _to_fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))
