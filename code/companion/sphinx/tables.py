"""Tables; a reader can sort some (``_static/sortable.js``). Where too wide, they scroll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from docutils import nodes

Row = Sequence[Sequence[nodes.Node]]


def sortable_table(columns: Mapping[str, int], rows: Iterable[Row], name: str) -> nodes.container:
    """Return a table of class `name`; `columns` maps each heading to its relative width."""
    return plain_table(columns, rows, name, "sortable")


def plain_table(columns: Mapping[str, int], rows: Iterable[Row], *names: str) -> nodes.container:
    """Return a table of classes `names`, whose rows stay in the order given."""
    table = nodes.table(classes=list(names))
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=width) for width in columns.values()]
    group += nodes.thead("", _row([[nodes.Text(column)] for column in columns]))
    group += nodes.tbody("", *map(_row, rows))
    table += group
    return nodes.container("", table, classes=["statement-overview"])


def _row(cells: Row) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))
