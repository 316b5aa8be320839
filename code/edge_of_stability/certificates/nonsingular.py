"""Exact certificates that a gradient-descent map is non-singular.

G_η is non-singular (preimages of null sets are null) if and only if the polynomial det DG_η is not
identically zero (Section "Non-singularity" of the book). So one rational point θ, the *witness*,
with det(I − ηH(θ)) ≠ 0 in exact arithmetic settles the matter.

The witness is constructed, never searched for at random. Write h for the hidden width of depth 2,
ρ = rank X, and R(E) = det(I − 4η²EᵀE).

    depth ≥ 3           θ = 0.  π has no terms of order < 3, so H(0) = 0 and the determinant is 1.
    depth 2, R ≠ 0      θ = 0.  The determinant is R^h, R = det(I − 4η²SᵀS).
    depth 2, h ≤ d_2    W_1 = 0, W_2 = t[I; 0].  It is det(I − 4η²SᵀS − 2ηt²Σ)^h.
    depth 2, h > d_2    W_1 = t[W; 0], W_2 = t⁻¹[I, 0] with WΣ = S.  It is
                        det(I − 2η(t⁻²I + t²WᵀW)Σ)^{d_2}.
    depth 1             H = 2 I ⊗ Σ is constant: either det(I − 2ηΣ) ≠ 0 or the map is singular.

X may have any rank. The determinants at depth 2 are not identically zero in t (lem-narrow and
lem-scaled-minimizer of the book), so that some t among the first natural numbers, as many as the
degree and one, succeeds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import fmpq, fmpq_mat

from ..core.rationals import RationalProblem, flint_matrix, rational_problem, to_flint
from . import nonsingular_check
from ._exact import fraction, from_function, identity, independent_rows, padded


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
    eta, Sigma, S = data.eta, data.Sigma, data.S
    constant = identity(d_0) - 4 * eta**2 * (S.transpose() * S)
    at_origin = constant.det()
    if at_origin != 0:
        origin = (fmpq_mat(h, d_0), fmpq_mat(d_2, h))
        return _Found(origin, at_origin**h, "depth 2: the origin, no resonance")
    if h <= d_2:

        def second_layer_only(t: int) -> _Found:
            determinant = (constant - 2 * eta * t**2 * Sigma).det() ** h
            layers = (fmpq_mat(h, d_0), t * identity(d_2, h))
            return _Found(layers, determinant, f"depth 2: W_1 = 0, W_2 = {t} [I; 0]")

        # The determinant of the bracket is a polynomial in t² of degree rank X.
        return _first_nonzero(second_layer_only, data.X.rank())

    W = _least_squares_solution(data)

    def scaled_minimizer(t: int) -> _Found:
        metric = identity(d_0) / t**2 + t**2 * (W.transpose() * W)
        determinant = (identity(d_0) - 2 * eta * (metric * Sigma)).det() ** d_2
        layers = (padded(t * W, h, d_0), identity(d_2, h) / t)
        return _Found(layers, determinant, f"depth 2: a minimizer, its layers scaled by {t}, 1/{t}")

    # Times t^{2 d_0} the determinant of the bracket is a polynomial in t² of degree at most 2 d_0.
    return _first_nonzero(scaled_minimizer, 2 * d_0)


def _first_nonzero(candidate: Callable[[int], _Found], degree: int) -> _Found:
    """Return the first of t = 1, …, degree + 1 with a non-zero determinant."""
    for t in range(1, degree + 2):
        found = candidate(t)
        if found.determinant != 0:
            return found
    raise AssertionError("a non-zero polynomial has no more zeros than its degree")


def _least_squares_solution(data: _Data) -> Any:
    """A rational W, (d_2, d_0), with WΣ = S: it uses a maximal set of independent inputs only."""
    rows = independent_rows(data.X)
    if not rows:
        return fmpq_mat(data.Y.nrows(), data.X.nrows())
    C = from_function(len(rows), data.X.nrows(), lambda a, b: int(rows[a] == b))
    X_C = C * data.X
    return data.Y * X_C.transpose() * (X_C * X_C.transpose()).inv() * C
