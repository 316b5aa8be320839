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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq_mat
from numpy.typing import ArrayLike

from ..core import checks
from ..core.checks import FloatArray
from ..core.rationals import RationalProblem, rational_problem
from . import nonsingular_check
from ._hessian import determinant, exact, fraction


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
    for witness, reason in _candidates(problem):
        found = fraction(determinant(problem, witness))
        if found:
            return NonsingularityCertificate(
                **vars(problem), witness=witness, determinant=found, reason=reason
            )
    if len(problem.widths) > 2:
        raise AssertionError("a non-zero polynomial has no more zeros than its degree")
    raise SingularMapError(
        f"eta: need 1/(2 eta) not an eigenvalue of X X^T at depth 1, got eta = {problem.eta}: "
        f"{1 / (2 * problem.eta)} is an eigenvalue of X X^T, so det DG vanishes everywhere and "
        "the map is singular"
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
    inputs, targets = checks.data_matrix("X", X), checks.data_matrix("Y", Y)
    checks.samples(inputs, targets)
    if checks.positive_count("depth", depth) >= 3:
        return np.empty(0)
    matrix = inputs if depth == 1 else targets @ inputs.T
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    # The tolerance of numpy.linalg.matrix_rank: smaller values are rounding errors of zeros.
    cutoff = singular_values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    positive = singular_values[singular_values > cutoff]
    return np.asarray(1 / (2 * positive ** (2 if depth == 1 else 1)))


# -- constructions -------------------------------------------------------------------------------

_Candidate = tuple[tuple[Fraction, ...], str]  # a point, and how it was found


def _candidates(problem: RationalProblem) -> Iterator[_Candidate]:
    depth = len(problem.widths) - 1
    reasons = {
        1: "depth 1: the determinant is the same everywhere",
        2: "depth 2: the origin, no resonance",
    }
    size = sum(a * b for a, b in zip(problem.widths, problem.widths[1:], strict=False))
    origin = (Fraction(0),) * size
    yield origin, reasons.get(depth, "depth at least 3: the Hessian vanishes at the origin")
    if depth == 2:
        rows, solution = _regression(problem)
        most = max(len(rows), problem.widths[2])
        if problem.widths[1] <= most:
            yield from _one_layer_zero(problem.widths, rows)
        else:
            yield from _units_off(problem, most, solution)


def _one_layer_zero(widths: Sequence[int], rows: Sequence[int]) -> Iterator[_Candidate]:
    """For h ≤ max(rank X, d_2): one layer zero, the other t times orthonormal columns or rows."""
    d_0, h, d_2 = widths
    if h <= d_2:
        # The determinant of the bracket is a polynomial in t² of degree rank X.
        for t in range(1, len(rows) + 2):
            W_2 = t * np.eye(d_2, h, dtype=object)
            yield _point(_zeros(h, d_0), W_2), f"depth 2: W_1 = 0, W_2 = {t} [I; 0]"
    else:
        for t in range(1, h * d_2 + 2):
            W_1 = t * np.eye(d_0, dtype=object)[rows[:h]]
            yield _point(W_1, _zeros(d_2, h)), f"depth 2: W_2 = 0, W_1 = {t} times unit rows"


def _units_off(problem: RationalProblem, m: int, solution: Any) -> Iterator[_Candidate]:
    """For h > m = max(rank X, d_2): m units on, on a line that meets {π = W⋆}."""
    d_0, h, d_2 = problem.widths
    U = certify_nonsingular(problem.X, problem.Y, (d_0, m, d_2), problem.eta).witness
    V = _point(_padded(solution, m, d_0), np.eye(d_2, m, dtype=object))
    reason = f"depth 2: {m} of {h} hidden units on, {h - m} off"
    # H has entries of degree 2 in t, E too and EᵀE of degree 4; p_m and R are not zero polynomials.
    for t in range(1, 2 * m * (d_0 + d_2) + 4 * min(d_0, d_2) + 2):
        W_1, W_2 = np.split((1 - t) * np.array(U) + t * np.array(V), [m * d_0])
        on = _padded(W_1.reshape(m, d_0), h, d_0), _padded(W_2.reshape(d_2, m), d_2, h)
        yield _point(*on), reason


def _regression(problem: RationalProblem) -> tuple[list[int], Any]:
    """Rows of X that form a basis of its row space, the first such set, and a solution of WΣ = S.

    It uses these inputs alone: their columns of W are those of the reduced form of [Σ, Sᵀ].
    """
    X, Y = exact(problem.X), exact(problem.Y)
    Sigma, S = (matrix * X.transpose() for matrix in (X, Y))
    both = Sigma.tolist(), S.transpose().tolist()
    reduced, rank = fmpq_mat([a + b for a, b in zip(*both, strict=True)]).rref()
    d_0 = X.nrows()
    solution, rows = _zeros(Y.nrows(), d_0), []
    for line in reduced.tolist()[: int(rank)]:
        rows.append(next(j for j, entry in enumerate(line) if entry != 0))
        solution[:, rows[-1]] = [fraction(entry) for entry in line[d_0:]]
    return rows, solution


def _zeros(rows: int, columns: int) -> Any:
    return np.zeros((rows, columns), dtype=object)  # of Python's integers


def _padded(matrix: Any, rows: int, columns: int) -> Any:
    """The matrix with rows and columns of zeros added."""
    padded = _zeros(rows, columns)
    padded[: len(matrix), : len(matrix.T)] = matrix
    return padded


def _point(*weights: Any) -> tuple[Fraction, ...]:
    return tuple(Fraction(entry) for W in weights for entry in W.flat)
