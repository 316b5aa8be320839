"""Rational input of the exact certificates: what counts as rational, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp  # type: ignore[import-untyped, unused-ignore]

from . import _checks

FractionMatrix = tuple[tuple[Fraction, ...], ...]


def rational_number(argument: str, value: Any) -> Fraction:
    """Return an exact number; refuse floats, which are rarely the rational a user means."""
    need = "a rational number: int, Fraction, sympy.Rational or a string such as '3/7'"
    if isinstance(value, (bool, np.bool_)):
        _checks.refuse(argument, need, repr(value))
    if isinstance(value, (int, np.integer, Fraction)):
        return Fraction(int(value)) if not isinstance(value, Fraction) else value
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, str):
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            pass
    _checks.refuse(argument, need, f"{value!r} of type {type(value).__name__}")


def rational_matrix(argument: str, value: Any) -> FractionMatrix:
    """Return the rows of a non-empty matrix of rational numbers."""
    rows = value.tolist() if hasattr(value, "tolist") else value
    try:
        matrix = tuple(tuple(rational_number(argument, entry) for entry in row) for row in rows)
    except TypeError as error:
        raise ValueError(
            f"{argument}: need a matrix of rational numbers, got {type(value).__name__}"
        ) from error
    if not matrix or not matrix[0] or any(len(row) != len(matrix[0]) for row in matrix):
        _checks.refuse(
            argument,
            "a non-empty matrix with rows of one length",
            f"row lengths {[len(row) for row in matrix]}",
        )
    return matrix
