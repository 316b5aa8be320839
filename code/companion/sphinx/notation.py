"""Show the index of notation: directive ``notation`` with ``throughout`` or ``local``."""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.checking.notation import Symbol, read_notation
from companion.sphinx.elements import depended_on, table

# How to refer to what a label labels, by the kind at its beginning; all others are statements.
_REFERENCES = {
    "eq": "{{eq}}`{label}`",
    "proof": "{{ref}}`proof <{label}>` of {{prf:ref}}`{rest}`",
    "table": "{{ref}}`symbols <{label}>`",
}


def setup(app: Sphinx) -> None:
    app.add_directive("notation", _NotationDirective)


class _NotationDirective(SphinxDirective):
    """A table of symbols, with links to the places that introduce them."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        scope = directives.choice(self.arguments[0], ("throughout", "local"))
        rows = []
        previous = ""
        for item in read_notation(depended_on(self.env, "book/notation.yml")):
            if bool(item.chapter) == (scope == "local"):
                symbol = "" if item.symbol == previous else _symbol(item.symbol)
                previous = item.symbol
                cells = (symbol, item.meaning, _place(item))
                rows.append([self.parse_inline(text)[0] for text in cells])
        return [table({"Symbol": 20, "Meaning": 45, "Where": 35}, rows, "notation")]


def _symbol(symbol: str) -> str:
    is_word = symbol.isalnum() and len(symbol) > 1  # A1 is the name of an assumption
    return symbol if is_word else f"${symbol}$"


def _place(item: Symbol) -> str:
    kind, _, rest = item.where.partition("-")
    place = _REFERENCES.get(kind, "{{prf:ref}}`{label}`").format(label=item.where, rest=rest)
    return f"{place} in {{doc}}`/book/{item.chapter}/index`" if item.chapter else place
