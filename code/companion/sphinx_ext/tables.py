"""Tables that a reader can sort (``_static/sortable.js``); where too wide, they scroll."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from docutils import nodes

Row = Sequence[Sequence[nodes.Node]]


def sortable_table(columns: Mapping[str, int], rows: Iterable[Row], name: str) -> nodes.container:
    """Return a table of class `name`; `columns` maps each heading to its relative width."""
    table = nodes.table(classes=[name, "sortable"])
    group = nodes.tgroup(cols=len(columns))
    group += [nodes.colspec(colwidth=width) for width in columns.values()]
    group += nodes.thead("", _row([[nodes.Text(column)] for column in columns]))
    group += nodes.tbody("", *map(_row, rows))
    table += group
    return nodes.container("", table, classes=["statement-overview"])


def _row(cells: Row) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))
