"""Show the index of notation: directive ``notation`` with ``throughout`` or ``local``."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.checking.notation import Symbol, read_notation
from companion.sphinx.elements import table

_FILE = Path("book") / "notation.yml"


def setup(app: Sphinx) -> None:
    app.add_directive("notation", _NotationDirective)


class _NotationDirective(SphinxDirective):
    """A table of symbols, with links to the places that introduce them."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        scope = directives.choice(self.arguments[0], ("throughout", "local"))
        path = Path(self.env.srcdir) / _FILE
        self.env.note_dependency(str(path))
        local = scope == "local"
        items = [item for item in read_notation(path) if bool(item.chapter) == local]
        rows = []
        previous = ""
        for item in items:
            chapter = f" in {{doc}}`/book/{item.chapter}/index`" if local else ""
            symbol = "" if item.symbol == previous else _symbol(item)
            previous = item.symbol
            cells = (symbol, item.meaning, _place(item.where) + chapter)
            rows.append([self._parsed(cell) for cell in cells])
        return [table({"Symbol": 20, "Meaning": 45, "Where": 35}, rows, "notation")]

    def _parsed(self, text: str) -> list[nodes.Node]:
        content: list[nodes.Node] = self.state.inline_text(text, self.lineno)[0] if text else []
        return content


def _symbol(item: Symbol) -> str:
    is_word = item.symbol.isalnum() and len(item.symbol) > 1  # A1 is the name of an assumption
    return item.symbol if is_word else f"${item.symbol}$"


def _place(label: str) -> str:
    """Return a reference to `label`, as the kind of what it labels wants it."""
    kind, _, rest = label.partition("-")
    if kind == "eq":
        return f"{{eq}}`{label}`"
    if kind == "proof":
        return f"{{ref}}`proof <{label}>` of {{prf:ref}}`{rest}`"
    if kind == "table":
        return f"{{ref}}`symbols <{label}>`"
    return f"{{prf:ref}}`{label}`"
