"""The same problem in exact symbolic arithmetic, for small widths.

Nothing is shared with the numerical formulas: gradient and Hessian are SymPy derivatives of the
loss, so agreement of the two is evidence for both.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import sympy as sp  # type: ignore[import-untyped, unused-ignore]
from sympy.polys.matrices import DomainMatrix  # type: ignore[import-untyped, unused-ignore]

from . import checks


class SymbolicProblem:
    """L(θ) = ‖π(θ)X − Y‖_F² as a polynomial in the entries of θ.

    X (d_0, n) and Y (d_N, n) are SymPy matrices or nested sequences with exact entries (integers,
    rationals, symbols; not floats); ``widths`` are (d_0, …, d_N). ``weights`` are the matrices
    W_1, …, W_N, and ``symbols`` their D entries: W_1 first, row by row. ``w2_1_3`` is the entry in
    row 1 and column 3 of W_2, counted from 1.

    >>> scalar = SymbolicProblem([[1]], [[1]], (1, 1, 1))
    >>> scalar.loss
    (w1_1_1*w2_1_1 - 1)**2
    """

    def __init__(self, X: Any, Y: Any, widths: Sequence[int]) -> None:
        self.widths = checks.layer_widths(widths)
        self.X = _exact_matrix("X", X)
        self.Y = _exact_matrix("Y", Y)
        checks.data_shapes(self.widths, self.X.shape, self.Y.shape)
        self.weights = [
            sp.ImmutableMatrix(
                rows,
                columns,
                lambda a, b, layer=layer: sp.Symbol(f"w{layer}_{a + 1}_{b + 1}", real=True),
            )
            for layer, (columns, rows) in enumerate(pairwise(self.widths), start=1)
        ]
        self.symbols: tuple[sp.Symbol, ...] = tuple(w for W in self.weights for w in W)

    @cached_property
    def end_to_end(self) -> sp.ImmutableMatrix:
        """π(θ) = W_N ⋯ W_1, (d_N, d_0)."""
        product = sp.eye(self.widths[0])
        for W in self.weights:
            product = W * product
        return sp.ImmutableMatrix(product)

    @cached_property
    def loss(self) -> sp.Expr:
        """L(θ), a sum of squares, not expanded."""
        return sp.Add(*(entry**2 for entry in self.end_to_end * self.X - self.Y))

    @cached_property
    def gradient(self) -> sp.ImmutableMatrix:
        """∇L(θ), (D, 1)."""
        return sp.ImmutableMatrix([sp.diff(self.loss, w) for w in self.symbols])

    @cached_property
    def hessian(self) -> sp.ImmutableMatrix:
        """H(θ), (D, D)."""
        return sp.ImmutableMatrix(sp.hessian(self.loss, self.symbols))

    def step_map(self, eta: Any) -> sp.ImmutableMatrix:
        """G_η(θ) = θ − η∇L(θ), (D, 1); η is a positive exact number or an expression."""
        return sp.ImmutableMatrix(self.symbols) - _exact_step_size(eta) * self.gradient

    def jacobian(self, eta: Any) -> sp.ImmutableMatrix:
        """DG_η(θ) = I − ηH(θ), (D, D); η as in :meth:`step_map`."""
        unit = sp.ImmutableMatrix(sp.eye(len(self.symbols)))
        return unit - _exact_step_size(eta) * self.hessian

    def jacobian_determinant(self, eta: Any) -> sp.Poly:
        """Det DG_η(θ), a polynomial in ``symbols``; η as in :meth:`step_map`.

        Its ``.is_zero`` says whether det DG ≡ 0. Other symbols, in η, X and Y, are part of its
        coefficients. It is the last coefficient of the characteristic polynomial, which needs no
        division and so stays in the polynomial ring (Berkowitz).
        """
        matrix = DomainMatrix.from_Matrix(self.jacobian(eta).applyfunc(sp.expand)).to_dense()
        coefficients = matrix.charpoly()  # det(zI − A), the highest power of z first
        last = matrix.domain.to_sympy(coefficients[-1])
        return sp.Poly((-1) ** len(self.symbols) * last, *self.symbols)

    def substitute(
        self, expression: Any, theta: Sequence[Any], others: Mapping[Any, Any] | None = None
    ) -> Any:
        """Put D values for θ into an expression, a matrix or a polynomial of this problem.

        ``others`` are values for symbols in ``X``, ``Y`` or η. The result is of the same kind, but
        a polynomial becomes an expression.
        """
        if len(theta) != len(self.symbols):
            checks.refuse("theta", f"{len(self.symbols)} entries", f"{len(theta)} entries")
        if isinstance(expression, sp.Poly):
            expression = expression.as_expr()
        pairs = {**dict(zip(self.symbols, theta, strict=True)), **(others or {})}
        # xreplace replaces all symbols at once, so values may contain symbols themselves.
        return expression.xreplace({symbol: sp.sympify(value) for symbol, value in pairs.items()})


def _exact_matrix(argument: str, value: Any) -> sp.ImmutableMatrix:
    try:
        matrix = sp.ImmutableMatrix(value)
    except (TypeError, ValueError):
        checks.refuse(argument, "a matrix of exact entries", type(value).__name__)
    if matrix.has(sp.Float) or matrix.has(sp.nan, sp.oo, -sp.oo, sp.zoo):
        checks.refuse(argument, "finite exact entries (integers, rationals, symbols)", matrix)
    if 0 in matrix.shape:
        checks.refuse(argument, "a non-empty matrix (two axes)", f"shape {matrix.shape}")
    return matrix


def _exact_step_size(value: Any) -> sp.Expr:
    eta = sp.sympify(value)
    exact = isinstance(eta, sp.Expr) and not eta.has(sp.Float, sp.nan, sp.oo, -sp.oo, sp.zoo)
    if not exact or eta.is_positive is False:
        checks.refuse("eta", "a positive exact number or a symbol", repr(value))
    return eta
