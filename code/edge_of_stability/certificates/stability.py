r"""Exact certificates of the stability of a rational global minimizer.

At a global minimizer the residual is orthogonal to the inputs, so H = 2JᵀJ with

    J V = Σ_j Q_j V_j P_{j−1} X,     J = [ Q_1 ⊗ (P_0X)ᵀ, …, Q_N ⊗ (P_{N−1}X)ᵀ ]   (d_N n, D).

All entries are rational, so the numbers of eigenvalues above, at and below 2/η can be computed
without rounding, by two routes that share nothing:

* :func:`certify_stability` reads them off a decomposition H − (2/η)I = LDLᵀ (Sylvester's law of
  inertia), with H from the formula above.
* :meth:`StabilityCertificate.verify` takes H from second differences of the loss and applies
  Descartes' rule of signs to the characteristic polynomial of H − (2/η)I. All its roots are real,
  and for such a polynomial the number of positive roots *equals* the number of sign changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flint import fmpq, fmpq_mat

from . import _checks, verify_certificate
from ._rationals import FractionMatrix, rational_matrix, rational_number
from .stability import Stability


@dataclass(frozen=True)
class StabilityCertificate:
    """The exact position of the Hessian's spectrum against 2/η at a global minimizer.

    Attributes
    ----------
    widths : tuple of int
        (d_0, …, d_N).
    X : d_0 rows of n fractions
    Y : d_N rows of n fractions
    theta : D fractions
        A global minimizer: W_1 first, then W_2, …, W_N, each row by row.
    eta : Fraction
        Step size.
    above, equal, below : int
        The numbers of eigenvalues of H(θ) above, equal to and below 2/η; their sum is D.
    """

    widths: tuple[int, ...]
    X: FractionMatrix
    Y: FractionMatrix
    theta: tuple[Fraction, ...]
    eta: Fraction
    above: int
    equal: int
    below: int

    @property
    def verdict(self) -> Stability:
        """UNSTABLE if an eigenvalue is above 2/η, STABLE if all are below, else UNDECIDED."""
        if self.above:
            return Stability.UNSTABLE
        return Stability.UNDECIDED if self.equal else Stability.STABLE

    def verify(self) -> bool:
        """Check everything anew, by the second route of the module's docstring.

        The time grows like D² evaluations of the loss plus a characteristic polynomial of order D.

        Returns
        -------
        bool
            True if θ is a global minimizer, (π(θ)X − Y)Xᵀ = 0, and the counts are right.
        """
        size = sum(before * after for before, after in pairwise(self.widths))
        if self.eta <= 0 or len(self.theta) != size:
            return False
        if not _is_minimizer(self.widths, self.X, self.Y, self.theta):
            return False
        H = verify_certificate.hessian(self.widths, self.X, self.Y, self.theta)
        shifted = fmpq_mat(
            [
                [_flint(H[i][j] - (2 / self.eta if i == j else 0)) for j in range(size)]
                for i in range(size)
            ]
        )
        return _root_signs(shifted.charpoly().coeffs()) == (self.above, self.equal, self.below)


def certify_stability(
    widths: Sequence[int], X: Any, Y: Any, theta: Any, eta: Any
) -> StabilityCertificate:
    """Decide in exact arithmetic whether a rational global minimizer is stable.

    Parameters
    ----------
    widths : sequence of int
        (d_0, …, d_N), N ≥ 1.
    X : (d_0, n) matrix of rationals
        SymPy matrix, nested sequence or integer array with entries int, ``Fraction``,
        ``sympy.Rational`` or strings such as ``"3/7"``. Of any rank.
    Y : (d_N, n) matrix of rationals
    theta : D rationals, or N matrices of rationals
        A global minimizer, exactly: π(θ)XXᵀ = YXᵀ.
    eta : rational
        Step size, positive.

    Returns
    -------
    StabilityCertificate

    Raises
    ------
    ValueError
        If ``theta`` is not a global minimizer, an entry is not rational (a float is not taken for
        one), or the shapes do not fit.

    Notes
    -----
    Source: this book, the theorems on stable and on unstable minimizers.

    Examples
    --------
    >>> certify_stability((1, 1, 1), [[1]], [[1]], [2, "1/2"], "1/4").verdict  # λ_max = 17/2
    <Stability.UNSTABLE: 'unstable'>
    """
    checked = _checks.layer_widths(widths)
    inputs, targets = rational_matrix("X", X), rational_matrix("Y", Y)
    _checks.data_shapes(checked, (len(inputs), len(inputs[0])), (len(targets), len(targets[0])))
    step = rational_number("eta", eta)
    if step <= 0:
        _checks.refuse("eta", "a positive rational number", repr(eta))
    point = _rational_point(checked, theta)
    if not _is_minimizer(checked, inputs, targets, point):
        _checks.refuse("theta", "a global minimizer, π(θ)XXᵀ = YXᵀ exactly", "another point")
    J = _derivative(checked, inputs, point)
    H = 2 * (J.transpose() * J)
    size = len(point)
    shifted = [
        [H[i, j] - (_flint(2 / step) if i == j else 0) for j in range(size)] for i in range(size)
    ]
    above, equal, below = inertia(shifted)
    return StabilityCertificate(
        checked, inputs, targets, point, step, above=above, equal=equal, below=below
    )


def inertia(matrix: Sequence[Sequence[Any]]) -> tuple[int, int, int]:
    """Count the positive, zero and negative eigenvalues of a symmetric matrix of exact numbers.

    By symmetric elimination: a non-zero diagonal entry has its sign; if there is none, an entry
    a ≠ 0 off the diagonal gives the pivot [[0, a], [a, 0]], with one eigenvalue of either sign.

    Parameters
    ----------
    matrix : D rows of D Fractions or fmpq
        Symmetric.

    Returns
    -------
    positive, zero, negative : int
    """
    rest = [list(row) for row in matrix]
    positive = negative = 0
    while rest:
        size = range(len(rest))
        pivot = next((i for i in size if rest[i][i] != 0), None)
        if pivot is not None:
            value = rest[pivot][pivot]
            positive, negative = positive + (value > 0), negative + (value < 0)
            others = [i for i in size if i != pivot]
            rest = [
                [rest[i][j] - rest[i][pivot] * rest[pivot][j] / value for j in others]
                for i in others
            ]
            continue
        pair = next(((i, j) for i in size for j in range(i) if rest[i][j] != 0), None)
        if pair is None:
            break
        p, q = pair
        value = rest[p][q]
        positive, negative = positive + 1, negative + 1
        others = [i for i in size if i not in pair]
        rest = [
            [
                rest[i][j] - (rest[i][p] * rest[q][j] + rest[i][q] * rest[p][j]) / value
                for j in others
            ]
            for i in others
        ]
    return positive, len(rest), negative


def _root_signs(coefficients: Sequence[Any]) -> tuple[int, int, int]:
    """Count positive, zero and negative roots of a real-rooted polynomial, lowest power first."""
    zeros = next(k for k, coefficient in enumerate(coefficients) if coefficient != 0)
    signs = [coefficient > 0 for coefficient in coefficients if coefficient != 0]
    positive = sum(a != b for a, b in pairwise(signs))
    return positive, zeros, len(coefficients) - 1 - zeros - positive


def _derivative(widths: tuple[int, ...], X: FractionMatrix, point: tuple[Fraction, ...]) -> Any:
    """J of the module's docstring, (d_N n, D)."""
    weights = [_matrix(W) for W in _split(widths, point)]
    after = [_matrix([[int(i == j) for j in range(widths[-1])] for i in range(widths[-1])])]
    for W in reversed(weights[1:]):
        after.append(after[-1] * W)  # Q_N, …, Q_1
    before = _matrix(X)  # P_{j-1} X, (d_{j-1}, n)
    rows: list[list[Any]] = [[] for _ in range(widths[-1] * len(X[0]))]
    for W, Q in zip(weights, reversed(after), strict=True):
        left, right = Q.tolist(), before.transpose().tolist()
        for k, row in enumerate(rows):  # k = (output, sample)
            output, sample = divmod(k, len(right))
            row.extend(q * p for q in left[output] for p in right[sample])
        before = W * before
    return fmpq_mat(rows)


def _is_minimizer(
    widths: tuple[int, ...], X: FractionMatrix, Y: FractionMatrix, point: Sequence[Fraction]
) -> bool:
    """Whether (π(θ)X − Y)Xᵀ = 0: the normal equations, which say that L is at its minimum."""
    state: Sequence[Sequence[Fraction]] = X
    for W in _split(widths, point):
        columns = list(zip(*state, strict=True))
        state = [[_dot(row, column) for column in columns] for row in W]
    residual = [
        [a - b for a, b in zip(rows, targets, strict=True)]
        for rows, targets in zip(state, Y, strict=True)
    ]
    return all(_dot(row, inputs) == 0 for row in residual for inputs in X)


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def _split(widths: tuple[int, ...], point: Sequence[Fraction]) -> list[list[list[Fraction]]]:
    weights, start = [], 0
    for before, after in pairwise(widths):
        weights.append(
            [list(point[start + a * before : start + (a + 1) * before]) for a in range(after)]
        )
        start += before * after
    return weights


def _rational_point(widths: tuple[int, ...], theta: Any) -> tuple[Fraction, ...]:
    size = sum(before * after for before, after in pairwise(widths))
    need = f"{size} rationals, or matrices of shapes {[(a, b) for b, a in pairwise(widths)]}"
    try:
        entries = list(theta)
    except TypeError:
        _checks.refuse("theta", need, repr(theta))
    if entries and (hasattr(entries[0], "tolist") or isinstance(entries[0], (list, tuple))):
        matrices = [rational_matrix("theta", entry) for entry in entries]
        shapes = [(len(W), len(W[0])) for W in matrices]
        if shapes != [(after, before) for before, after in pairwise(widths)]:
            _checks.refuse("theta", need, f"shapes {shapes}")
        return tuple(entry for W in matrices for row in W for entry in row)
    if len(entries) != size:
        _checks.refuse("theta", need, f"{len(entries)} entries")
    return tuple(rational_number("theta", entry) for entry in entries)


def _matrix(rows: Sequence[Sequence[Any]]) -> Any:
    return fmpq_mat([[_flint(Fraction(entry)) for entry in row] for row in rows])


def _flint(value: Fraction) -> Any:
    return fmpq(value.numerator, value.denominator)
