"""The rational input of certificates: what counts as rational, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from numbers import Rational
from typing import Any

from . import checks
from .parameters import Architecture

FractionMatrix = tuple[tuple[Fraction, ...], ...]


def rational_number(argument: str, value: Any, floats: bool = False) -> Fraction:
    """The exact number; floats are refused, since they are rarely the rational a user means.

    With ``floats`` a float is the binary fraction that it is.
    """
    try:
        if isinstance(value, (Rational, str)) or (floats and isinstance(value, float)):
            exact = Fraction(value)
            return Fraction(int(exact.numerator), int(exact.denominator))  # NumPy's have NumPy's
    except (ValueError, ArithmeticError):  # "one half", "1/0", NaN, infinity
        pass
    need = "a rational number: int, Fraction, sympy.Rational or a string such as '3/7'"
    checks.refuse(argument, need, f"{value!r} of type {type(value).__name__}")


def rational_matrix(argument: str, value: Any, floats: bool = False) -> FractionMatrix:
    """The rows of a non-empty matrix of rational numbers."""
    rows = value.tolist() if hasattr(value, "tolist") else value
    try:
        matrix = tuple(tuple(rational_number(argument, x, floats) for x in row) for row in rows)
    except TypeError:
        checks.refuse(argument, "a matrix of rational numbers", type(value).__name__)
    if not matrix or not matrix[0] or any(len(row) != len(matrix[0]) for row in matrix):
        lengths = [len(row) for row in matrix]
        checks.refuse(argument, "a non-empty matrix with rows of one length", f"lengths {lengths}")
    return matrix


@dataclass(frozen=True)
class RationalProblem(Architecture):
    """Data, architecture and step size in rational numbers; a certificate adds what it proves."""

    X: FractionMatrix  # d_0 rows of n fractions
    Y: FractionMatrix  # d_N rows of n fractions
    widths: tuple[int, ...]  # (d_0, …, d_N)
    eta: Fraction  # the step size

    @property
    def instance(self) -> tuple[FractionMatrix, FractionMatrix, tuple[int, ...], Fraction]:
        """The four of them."""
        return self.X, self.Y, self.widths, self.eta


def rational_problem(
    X: Any, Y: Any, widths: Sequence[int], eta: Any, floats: bool = False
) -> RationalProblem:
    """Check data, widths and step size, also against each other."""
    checked = checks.layer_widths(widths)
    inputs, targets = rational_matrix("X", X, floats), rational_matrix("Y", Y, floats)
    checks.data_shapes(checked, (len(inputs), len(inputs[0])), (len(targets), len(targets[0])))
    step = rational_number("eta", eta, floats)
    if step <= 0:
        checks.refuse("eta", "a positive rational number", repr(eta))
    return RationalProblem(inputs, targets, checked, step)


def rational_point(problem: RationalProblem, theta: Any) -> tuple[Fraction, ...]:
    """θ, given as D numbers or as N matrices, in D fractions."""
    need = f"{problem.dimension} rationals, or matrices of shapes {list(problem.shapes)}"
    try:
        entries = list(theta)
    except TypeError:
        checks.refuse("theta", need, repr(theta))
    if entries and (isinstance(entries[0], (list, tuple)) or getattr(entries[0], "shape", None)):
        matrices = [rational_matrix("theta", entry) for entry in entries]
        given = tuple((len(W), len(W[0])) for W in matrices)
        if given != problem.shapes:
            checks.refuse("theta", need, f"shapes {list(given)}")
        return tuple(entry for W in matrices for row in W for entry in row)
    if len(entries) != problem.dimension:
        checks.refuse("theta", need, f"{len(entries)} entries")
    return tuple(rational_number("theta", entry) for entry in entries)
