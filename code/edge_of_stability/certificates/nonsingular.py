"""Exact certificates that a gradient-descent map is non-singular.

G_η is non-singular (preimages of null sets are null) if and only if the polynomial det DG_η is not
identically zero (Section "Non-singularity" of the book). So one rational point θ, the *witness*,
with det(I − ηH(θ)) ≠ 0 in exact arithmetic settles the matter.

The witness is constructed, never searched for at random. Write h for the hidden width of depth 2.

    depth ≥ 3           θ = 0.  π has no terms of order < 3, so H(0) = 0 and the determinant is 1.
    depth 2, R ≠ 0      θ = 0.  The determinant is R^h, R = det(I − 4η²SᵀS).
    depth 2, h ≤ d_2    W_1 = 0, W_2 = t[I; 0].  It is det(I − 4η²SᵀS − 2ηt²Σ)^h.
    depth 2, h > d_2    W_1 = t[W; 0], W_2 = t⁻¹[I, 0] with WΣ = S.  It is
                        det(I − 2η(t⁻²I + t²WᵀW)Σ)^{d_2}.
    depth 1             H = 2 I ⊗ Σ is constant: either det(I − 2ηΣ) ≠ 0 or the map is singular.

X may have any rank. The determinants at depth 2 are not identically zero in t (lem-narrow and
lem-scaled-minimizer of the book), so one of the first t succeeds, one more than the degree.
"""

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
from .hessian import determinant, exact, fraction


class SingularMapError(ValueError):
    """The gradient-descent map is singular, so there is no certificate of the contrary."""


@dataclass(frozen=True)
class NonsingularityCertificate(RationalProblem):
    """A rational point where det DG_η is not zero."""

    witness: tuple[Fraction, ...]  # θ, D fractions: W_1 first, then W_2, …, W_N, each row by row
    determinant: Fraction  # det(I − ηH(witness)), not zero
    reason: str  # which construction gave the witness

    def verify(self) -> bool:
        """Whether the determinant is as stored and not zero.

        It is computed anew by code that shares nothing with the construction. The time grows like
        D² evaluations of the loss plus an exact elimination of order D.
        """
        return nonsingular_check.verify(*self.instance, self.witness, self.determinant)


def certify_nonsingular(
    X: Any, Y: Any, widths: Sequence[int], eta: Any
) -> NonsingularityCertificate:
    """Prove for one instance that G_η is non-singular, in exact arithmetic.

    X (d_0, n), of any rank, and Y (d_N, n) are SymPy matrices, nested sequences or integer arrays;
    ``widths`` are (d_0, …, d_N), and η > 0. Entries and η are int, ``Fraction``, ``sympy.Rational``
    or strings such as ``"3/7"``.

    For depth ≥ 2 there always is a certificate. A `SingularMapError` is raised if the depth is 1
    and 1/(2η) is an eigenvalue of Σ = XXᵀ, since then det DG_η ≡ 0; a ValueError if an entry is not
    rational (a float does not count as one), or the shapes do not fit.

    Source: Section "Non-singularity" of the book; the first claim of arXiv:2402.13108.

    The origin is no witness at the resonance η = 1/2, another point is:

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
            return NonsingularityCertificate(*problem.instance, witness, found, reason)
    if problem.depth > 1:  # not an `assert`, which -O leaves out: the next line would be false
        raise AssertionError("a non-zero polynomial has no more zeros than its degree")
    raise SingularMapError(
        f"eta: need 1/(2 eta) not an eigenvalue of X X^T at depth 1, got eta = {problem.eta}: "
        f"{1 / (2 * problem.eta)} is an eigenvalue of X X^T, so det DG vanishes everywhere and "
        "the map is singular"
    )


def resonant_steps(X: ArrayLike, Y: ArrayLike, depth: int) -> FloatArray:
    """Step sizes at which det DG_η vanishes at θ = 0, (k,), ascending, with multiplicity.

    Depth 1: η = 1/(2σ_i²), σ_i the non-zero singular values of X (d_0, n); there the map is
    singular. Depth 2: η = 1/(2 s_i), s_i the non-zero singular values of S = YXᵀ, Y (d_N, n); there
    the map is non-singular, and only the origin is no witness. Depth ≥ 3: none.
    """
    inputs, targets = checks.data(X, Y)
    if checks.count("depth", depth, least=1) >= 3:
        return np.empty(0)
    matrix = inputs if depth == 1 else targets @ inputs.T
    singular_values = np.linalg.svd(matrix, compute_uv=False)
    # The tolerance of numpy.linalg.matrix_rank: smaller values are rounding errors of zeros.
    cutoff = singular_values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    positive = singular_values[singular_values > cutoff]
    return np.asarray(1 / (2 * positive ** (2 if depth == 1 else 1)))


# -- constructions -------------------------------------------------------------------------------


def _candidates(problem: RationalProblem) -> Iterator[tuple[tuple[Fraction, ...], str]]:
    """Points, and how each was found."""
    reasons = {
        1: "depth 1: the determinant is the same everywhere",
        2: "depth 2: the origin, no resonance",
    }
    higher = "depth at least 3: the Hessian vanishes at the origin"
    yield (Fraction(0),) * problem.dimension, reasons.get(problem.depth, higher)
    if problem.depth != 2:
        return
    d_0, h, d_2 = problem.widths
    rank, solution = _regression(problem)
    if h <= d_2:
        # The determinant of the bracket is a polynomial in t² of degree rank X.
        for t in range(1, rank + 2):
            W_2 = t * np.eye(d_2, h, dtype=object)
            yield _point(_zeros(h, d_0), W_2), f"depth 2: W_1 = 0, W_2 = t [I; 0], t = {t}"
    else:
        # Times t^{2 d_0} the determinant of the bracket is one of degree at most 2 d_0.
        for t in range(1, 2 * d_0 + 2):
            W_1 = _zeros(h, d_0)
            W_1[:d_2] = t * solution
            W_2 = np.eye(d_2, h, dtype=object) * Fraction(1, t)
            yield _point(W_1, W_2), f"depth 2: a minimizer, its layers times t and 1/t, t = {t}"


def _regression(problem: RationalProblem) -> tuple[int, Any]:
    """The rank of X, and a W with WΣ = S.

    Only the columns of independent inputs are not zero; they come from the reduced form of [Σ, Sᵀ].
    """
    X, Y = exact(problem.X), exact(problem.Y)
    Sigma, S = (matrix * X.transpose() for matrix in (X, Y))
    both = Sigma.tolist(), S.transpose().tolist()
    reduced, rank = fmpq_mat([a + b for a, b in zip(*both, strict=True)]).rref()
    d_0 = X.nrows()
    solution = _zeros(Y.nrows(), d_0)
    for line in reduced.tolist()[: int(rank)]:
        used = next(j for j, entry in enumerate(line) if entry != 0)
        solution[:, used] = [fraction(entry) for entry in line[d_0:]]
    return int(rank), solution


def _zeros(rows: int, columns: int) -> Any:
    return np.zeros((rows, columns), dtype=object)  # of Python's integers


def _point(*weights: Any) -> tuple[Fraction, ...]:
    return tuple(Fraction(entry) for W in weights for entry in W.flat)
