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
from itertools import pairwise, product
from typing import Any

from flint import fmpq, fmpq_mat

from ..core.rationals import RationalProblem, flint_matrix, rational_problem, to_flint
from . import nonsingular_check
from ._exact import (
    fraction,
    from_function,
    identity,
    independent_rows,
    jacobian,
    kron,
    padded,
)


class SingularMapError(ValueError):
    """The gradient-descent map is singular, so there is no certificate of the contrary."""


@dataclass(frozen=True)
class NonsingularityCertificate(RationalProblem):
    """A rational point where det DG_η is not zero.

    Attributes
    ----------
    X, Y, widths, eta
        The instance, as in :class:`edge_of_stability.core.rationals.RationalProblem`.
    witness : D fractions
        θ: W_1 first, then W_2, …, W_N, each row by row.
    determinant : Fraction
        det(I − ηH(witness)), not zero.
    reason : str
        Which construction gave the witness.
    """

    witness: tuple[Fraction, ...]
    determinant: Fraction
    reason: str

    def verify(self) -> bool:
        """Tell whether the determinant is as stored and not zero.

        It is recomputed by code that shares nothing with the construction. The time grows like D²
        evaluations of the loss plus an exact elimination of order D.
        """
        return nonsingular_check.verify(
            self.X, self.Y, self.widths, self.eta, self.witness, self.determinant
        )


def certify_nonsingular(
    X: Any, Y: Any, widths: Sequence[int], eta: Any
) -> NonsingularityCertificate:
    """Prove for one instance that G_η is non-singular, in exact arithmetic.

    Source: Section "Non-singularity" of the book; the first claim of arXiv:2402.13108.

    Parameters
    ----------
    X : (d_0, n) matrix of rationals
        SymPy matrix, nested sequence or integer array with entries int, ``Fraction``,
        ``sympy.Rational`` or strings such as ``"3/7"``. Of any rank.
    Y : (d_N, n) matrix of rationals
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1.
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

    >>> certificate = certify_nonsingular([[1]], [[1]], (1, 1, 1), "1/2")
    >>> certificate.witness, certificate.determinant
    ((Fraction(0, 1), Fraction(1, 1)), Fraction(-1, 1))
    >>> certificate.verify()
    True
    """
    problem = rational_problem(X, Y, widths, eta)
    data = _Data(flint_matrix(problem.X), flint_matrix(problem.Y), to_flint(problem.eta))
    if len(problem.widths) == 2:
        found = _depth_one(data)
    elif len(problem.widths) == 3:
        found = _depth_two(data, problem.widths[1])
    else:
        origin = tuple(fmpq_mat(b, a) for a, b in pairwise(problem.widths))
        found = _Found(origin, fmpq(1), "depth at least 3: the Hessian vanishes at the origin")
    return NonsingularityCertificate(
        **vars(problem),
        witness=tuple(fraction(entry) for W in found.weights for entry in W.entries()),
        determinant=fraction(found.determinant),
        reason=found.reason,
    )


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
    weights: tuple[Any, ...]  # W_1, …, W_N, each an fmpq_mat
    determinant: Any
    reason: str


def _depth_one(data: _Data) -> _Found:
    """det(I − 2ηΣ)^{d_1}, the same at every θ."""
    d_0, d_1 = data.X.nrows(), data.Y.nrows()
    factor = (identity(d_0) - 2 * data.eta * data.Sigma).det()
    if factor == 0:
        raise SingularMapError(
            f"eta: need 1/(2 eta) not an eigenvalue of X X^T at depth 1, got eta = {data.eta}: "
            f"{1 / (2 * data.eta)} is an eigenvalue of X X^T, so det DG vanishes everywhere and "
            "the map is singular"
        )
    reason = "depth 1: the determinant is the same everywhere"
    return _Found((fmpq_mat(d_1, d_0),), factor**d_1, reason)


def _depth_two(data: _Data, h: int) -> _Found:
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    largest = max(data.X.rank(), d_2)
    at_origin = _resonance_factor(data, data.S)
    if at_origin != 0:
        origin = (fmpq_mat(h, d_0), fmpq_mat(d_2, h))
        return _Found(origin, at_origin**h, "depth 2: the origin, no resonance")
    return _one_layer_zero(data, h) if h <= largest else _units_off(data, h, largest)


def _resonance_factor(data: _Data, E: Any) -> Any:
    """R(E) = det(I − 4η²EᵀE)."""
    return (identity(E.ncols()) - 4 * data.eta**2 * (E.transpose() * E)).det()


def _one_layer_zero(data: _Data, h: int) -> _Found:
    """For h ≤ max(rank X, d_2): one layer zero, the other t times orthonormal columns or rows."""
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    eta, Sigma, S = data.eta, data.Sigma, data.S
    if h <= d_2:
        constant = identity(d_0) - 4 * eta**2 * (S.transpose() * S)

        def second_layer_only(t: int) -> _Found:
            determinant = (constant - 2 * eta * t**2 * Sigma).det() ** h
            layers = (fmpq_mat(h, d_0), t * identity(d_2, h))
            return _Found(layers, determinant, f"depth 2: W_1 = 0, W_2 = {t} [I; 0]")

        # The determinant of the bracket is a polynomial in t² of degree rank X.
        return _first_nonzero(second_layer_only, data.X.rank())

    C = _independent_inputs(data.X, h)
    outer = identity(h * d_2) - 4 * eta**2 * kron(identity(h), S * S.transpose())
    inner = kron(C * Sigma * C.transpose(), identity(d_2))

    def first_layer_only(t: int) -> _Found:
        determinant = (outer - 2 * eta * t**2 * inner).det()
        reason = f"depth 2: W_2 = 0, W_1 = {t} times unit rows"
        return _Found((t * C, fmpq_mat(d_2, h)), determinant, reason)

    return _first_nonzero(first_layer_only, h * d_2)


def _units_off(data: _Data, h: int, m: int) -> _Found:
    """For h > m = max(rank X, d_2): m units on, on a line that meets {π = W⋆}."""
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    U_1, U_2 = _one_layer_zero(data, m).weights
    V_1, V_2 = _factorised_solution(data, m)

    def on_the_line(t: int) -> _Found:
        W_1 = (1 - t) * U_1 + t * V_1
        W_2 = (1 - t) * U_2 + t * V_2
        E = W_2 * W_1 * data.Sigma - data.S
        p_m = (identity(m * (d_0 + d_2)) - data.eta * _hessian(data, W_1, W_2, E)).det()
        layers = (padded(W_1, h, d_0), padded(W_2, d_2, h))
        determinant = p_m * _resonance_factor(data, E) ** (h - m)
        return _Found(layers, determinant, f"depth 2: {m} of {h} hidden units on, {h - m} off")

    # H has entries of degree 2 in t, E too and EᵀE of degree 4; p_m and R are not zero polynomials.
    return _first_nonzero(on_the_line, 2 * m * (d_0 + d_2) + 4 * min(d_0, d_2))


def _first_nonzero(candidate: Callable[[int], _Found], degree: int) -> _Found:
    """Return the first of t = 1, …, degree + 1 with a non-zero determinant."""
    for t in range(1, degree + 2):
        found = candidate(t)
        if found.determinant != 0:
            return found
    raise AssertionError("a non-zero polynomial has no more zeros than its degree")


def _independent_inputs(X: Any, most: int) -> Any:
    """C with rows of the identity, at most this many: CX has independent rows."""
    rows = independent_rows(X)[:most]
    return from_function(len(rows), X.nrows(), lambda a, b: int(rows[a] == b))


def _factorised_solution(data: _Data, m: int) -> tuple[Any, Any]:
    """V_1 (m, d_0), V_2 (d_2, m) with (V_2V_1 X − Y)Xᵀ = 0, for m ≥ max(rank X, d_2)."""
    d_0, d_2 = data.X.nrows(), data.Y.nrows()
    C = _independent_inputs(data.X, d_0)
    X_C = C * data.X
    # A least-squares solution that uses the independent inputs only: W = Y X_Cᵀ (X_C X_Cᵀ)⁻¹ C.
    gram = X_C * X_C.transpose()
    W = data.Y * X_C.transpose() * gram.inv() * C if C.nrows() else fmpq_mat(d_2, d_0)
    return padded(W, m, d_0), identity(d_2, m)


def _hessian(data: _Data, W_1: Any, W_2: Any, E: Any) -> Any:
    """H = 2JᵀJ + the part with E = (W_2W_1X − Y)Xᵀ, at depth 2; θ as in ``DeepLinearProblem``."""
    h, d_0, d_2 = W_1.nrows(), W_1.ncols(), W_2.nrows()
    J = jacobian([W_1, W_2], data.X)
    H = 2 * (J.transpose() * J)
    for p, q, r in product(range(h), range(d_0), range(d_2)):
        i, j = p * d_0 + q, h * d_0 + r * h + p  # the entries (p, q) of W_1 and (r, p) of W_2
        H[i, j] += 2 * E[r, q]
        H[j, i] += 2 * E[r, q]
    return H
