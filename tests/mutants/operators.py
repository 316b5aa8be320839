"""Planted errors of the kinds people make, generated from the syntax tree of a module.

A mutant replaces one node of the tree; the rest of the file stays as it is, to the byte. Each
operator below is one class of errors: it looks at a node and proposes others for it. Annotations,
decorators, docstrings and the texts of messages are left alone.
"""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

Operator = Callable[[ast.AST, ast.AST], Iterator[ast.AST]]  # (node, its parent) → what replaces it

MESSAGES = frozenset({"refuse", "ValueError", "BookError", "PublishError", "PrecisionError"})
# Exchanged arguments are an error of another class here, or none.
NO_ORDER = frozenset({"isinstance", "getattr", "range"})
SYMMETRIC = frozenset({"min", "max", "minimum", "maximum", "array_equal", "broadcast_shapes"})
# Keywords that do not change what a correct program computes.
SAFEGUARDS = frozenset({"strict", "nogil", "cache"})


@dataclass(frozen=True)
class Mutant:
    """A planted error.

    `name` says module, function, class of error, what was there and what is there now. It does not
    change when other lines do. A test that can catch the error runs one of `lines`, unless the
    result of the function is kept between calls (`cached`) or the error acts at import.
    """

    name: str
    module: str
    operator: str
    start: int
    end: int
    new: str
    lines: range
    cached: bool = False

    def apply(self, text: str) -> str:
        """The source with the error in it."""
        return text[: self.start] + self.new + text[self.end :]


def mutants_of(module: str, text: str) -> list[Mutant]:
    """All mutants of a module, in the order of the text."""
    tree = ast.parse(text)
    starts, total = [0], 0
    lines = text.split("\n")
    for line in lines:
        total += len(line) + 1
        starts.append(total)

    def at(line: int, column: int) -> int:  # columns of the tree count bytes
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    found: list[Mutant] = []
    names: Counter[str] = Counter()
    for node, parent, place in _walk(tree, tree, _Place()):
        for operator, propose in OPERATORS.items():
            for replacement in propose(node, parent):
                new = ast.unparse(replacement)
                if isinstance(node, ast.expr) and not _is_atom(replacement):
                    new = f"({new})"
                old = " ".join(ast.unparse(node).split())
                if new == ast.unparse(node):  # two equal arguments exchanged
                    continue
                name = f"{module}{place.name}: {operator}: {old} → {' '.join(new.split())}"
                names[name] += 1
                if names[name] > 1:
                    name += f" #{names[name]}"
                start, end = _span(node, at)
                if operator == "hollow":  # what the function did stays, and is never reached
                    new, end = f"return\n{' ' * node.col_offset}", start  # type: ignore[attr-defined]
                found.append(
                    Mutant(name, module, operator, start, end, new, place.lines, place.cached)
                )
    return sorted(found, key=lambda mutant: (mutant.start, mutant.name))


def _span(node: ast.AST, at: Callable[[int, int], int]) -> tuple[int, int]:
    return at(node.lineno, node.col_offset), at(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Place:
    """Where a node is: its function, the lines of its statement (not of a body), cached or not."""

    name: str = ""
    lines: range = range(0)
    cached: bool = False

    def at(self, node: ast.AST) -> _Place:
        place = self
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            cached = any("cache" in ast.unparse(item) for item in node.decorator_list)
            place = replace(place, name=f"{place.name}.{node.name}", cached=place.cached or cached)
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno
            place = replace(place, lines=range(node.lineno, max(last, node.lineno) + 1))
        return place


def _walk(
    node: ast.AST, parent: ast.AST, place: _Place
) -> Iterator[tuple[ast.AST, ast.AST, _Place]]:
    place = place.at(node)
    yield node, parent, place
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_silent(child):
                yield from _walk(child, node, place)


def _is_silent(node: ast.AST) -> bool:
    """Whether no error in a node would change what is computed."""
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.keyword) and node.arg in SAFEGUARDS:
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True  # a docstring
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return True
    return isinstance(node, ast.Call) and _called(node) in MESSAGES


def _is_atom(node: ast.AST) -> bool:
    """Whether a node needs no parentheses anywhere."""
    kinds = ast.Name | ast.Constant | ast.Call | ast.Attribute | ast.Subscript | ast.Slice
    return isinstance(node, kinds)


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_number(node: ast.AST, kinds: tuple[type, ...] = (int, float)) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in kinds


def _is_text(node: ast.AST) -> bool:
    """Whether + joins here and does not add."""
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    kinds = ast.JoinedStr | ast.List | ast.Tuple | ast.ListComp
    return isinstance(node, kinds) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _with(node: ast.AST, **fields: object) -> ast.AST:
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


# Arithmetic -----------------------------------------------------------------------------------


def _sign(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """+ and − exchanged, a minus lost."""
    if isinstance(node, ast.BinOp | ast.AugAssign):
        other = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
        value = node.value if isinstance(node, ast.AugAssign) else node
        if other and not _is_text(value):
            yield _with(node, op=other())
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield node.operand


def _dropped(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A summand or a factor lost."""
    if isinstance(node, ast.BinOp) and not _is_text(node):
        if isinstance(node.op, ast.Add | ast.Mult | ast.MatMult):
            yield node.left
            yield node.right
        elif isinstance(node.op, ast.Sub | ast.Div | ast.Mod):
            yield node.left


def _factor(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A factor of 2 too many, × and ÷ exchanged."""
    if isinstance(node, ast.BinOp) and not _is_text(node):
        if isinstance(node.op, ast.Mult | ast.Div):
            yield ast.BinOp(ast.Constant(2), ast.Mult(), node)
            yield _with(node, op=ast.Div() if isinstance(node.op, ast.Mult) else ast.Mult())
        elif isinstance(node.op, ast.MatMult):
            yield ast.BinOp(ast.Constant(2), ast.Mult(), node)


def _exponent(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A power one too high or too low."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        for change in (ast.Add(), ast.Sub()):
            yield _with(node, right=ast.BinOp(node.right, change, ast.Constant(1)))


def _transpose(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A transpose lost, or the factors of a matrix product exchanged."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    if isinstance(node, ast.Call) and _called(node) in ("_t", "swapaxes") and node.args:
        yield node.args[0]
    if isinstance(node, ast.Call) and _called(node) == "transpose" and not node.args:
        assert isinstance(node.func, ast.Attribute)
        yield node.func.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield _with(node, left=node.right, right=node.left)


def _constant(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """Another number: integers one larger, others twice as large (0.0 becomes 1.0)."""
    if _is_number(node, (int,)) and not isinstance(parent, ast.UnaryOp):
        yield ast.Constant(node.value + 1)  # type: ignore[attr-defined]
    if _is_number(node, (float,)):
        yield ast.Constant(2 * node.value or 1.0)  # type: ignore[attr-defined]


# Indices and order ----------------------------------------------------------------------------


def _off_by_one(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A range or a slice one longer or one shorter, the neighbouring entry."""

    def moved(value: ast.expr | None, by: int) -> ast.expr:
        change = ast.Add() if by > 0 else ast.Sub()
        return ast.BinOp(value or ast.Constant(0), change, ast.Constant(1))

    if isinstance(node, ast.Call) and _called(node) == "range":
        for k in range(min(len(node.args), 2)):
            arguments = list(node.args)
            arguments[k] = moved(arguments[k], 1 if len(node.args) > 1 and k == 0 else -1)
            yield _with(node, args=arguments)
    if isinstance(node, ast.Slice):
        if node.lower is not None:
            yield _with(node, lower=moved(node.lower, 1))
        if node.upper is not None:
            yield _with(node, upper=moved(node.upper, -1))
        if node.step is not None:
            yield _with(node, step=None)
    if isinstance(parent, ast.Subscript) and node is parent.slice:
        name = isinstance(node, ast.Name) and isinstance(parent.ctx, ast.Load)
        if name or (isinstance(node, ast.UnaryOp) and _is_number(node.operand)):
            assert isinstance(node, ast.expr)
            yield moved(node, -1)


def _comparison(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """< for ≤ and the like, a comparison turned round."""
    pairs = {
        ast.Lt: (ast.LtE, ast.GtE),
        ast.LtE: (ast.Lt, ast.Gt),
        ast.Gt: (ast.GtE, ast.LtE),
        ast.GtE: (ast.Gt, ast.Lt),
        ast.Eq: (ast.NotEq,),
        ast.NotEq: (ast.Eq,),
        ast.In: (ast.NotIn,),
        ast.NotIn: (ast.In,),
        ast.Is: (ast.IsNot,),
        ast.IsNot: (ast.Is,),
    }
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            for other in pairs[type(operator)]:
                yield _with(node, ops=[*node.ops[:k], other(), *node.ops[k + 1 :]])


OPPOSITES = [
    ("min", "max"),
    ("minimum", "maximum"),
    ("argmin", "argmax"),
    ("all", "any"),
    ("floor", "ceil"),
    ("ROUND_CEILING", "ROUND_FLOOR"),
    ("abs_lower", "abs_upper"),
    ("fmul", "fadd"),
    ("zeros", "ones"),
    ("zeros_like", "ones_like"),
    ("lower", "upper"),
]


def _opposite(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """The opposite function: min for max, all for any, …"""
    for pair in OPPOSITES:
        for one, other in (pair, pair[::-1]):
            if isinstance(node, ast.Name) and node.id == one and isinstance(node.ctx, ast.Load):
                yield _with(node, id=other)
            if isinstance(node, ast.Attribute) and node.attr == one and type(node.ctx) is ast.Load:
                yield _with(node, attr=other)


def _swap(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """The first two arguments of a call, or the two sides of − and ÷, exchanged."""
    if (
        isinstance(node, ast.Call)
        and len(node.args) > 1
        and _called(node) not in NO_ORDER | SYMMETRIC
    ):
        first, second, *rest = node.args
        obvious = ast.Starred | ast.Lambda | ast.GeneratorExp  # the exchange would not even run
        texts = [_is_text(argument) for argument in (first, second)]
        if not isinstance(first, obvious) and not isinstance(second, obvious) and not any(texts):
            yield _with(node, args=[second, first, *rest])


# Logic ----------------------------------------------------------------------------------------


def _logic(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """And for or, a lost not, a lost or turned condition, the other truth value."""
    if isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
        for value in node.values:
            rest = [other for other in node.values if other is not value]
            yield _with(node, values=rest) if len(rest) > 1 else rest[0]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node.operand
    is_test = isinstance(parent, ast.If | ast.IfExp | ast.While) and node is parent.test
    if is_test and not isinstance(node, ast.Compare | ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)


def _statement(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A statement lost: a refusal, a finding, a call, an update."""
    if isinstance(node, ast.Raise | ast.AugAssign | ast.Expr | ast.Continue | ast.Break):
        yield ast.Pass()


def _hollow(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A function that checks and finds nothing: it returns at once."""
    if isinstance(parent, ast.FunctionDef) and parent.returns is not None:
        body = parent.body[1:] if _is_silent(parent.body[0]) else parent.body
        if body and node is body[0] and not isinstance(node, ast.FunctionDef):
            returns = ast.unparse(parent.returns)
            if returns.startswith("Iterator") or returns == "None":
                yield ast.Return()


OPERATORS: dict[str, Operator] = {
    "sign": _sign,
    "dropped": _dropped,
    "factor": _factor,
    "exponent": _exponent,
    "transpose": _transpose,
    "constant": _constant,
    "off by one": _off_by_one,
    "comparison": _comparison,
    "opposite": _opposite,
    "swap": _swap,
    "logic": _logic,
    "statement": _statement,
    "hollow": _hollow,
}
