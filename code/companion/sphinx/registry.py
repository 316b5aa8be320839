"""Show the registry of statements: badges below each, and tables of all or of some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from companion.checking.statements import TIERS, Evidence, Statement, proof_target, read_registry
from companion.sphinx.elements import (
    Content,
    badge,
    cell_link,
    page_link,
    separated,
    statement_link,
    table,
)
from companion.sphinx.repairs import stated_on_pages

STATEMENTS = Path("book") / "statements.yml"


class statement_table(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Stands where the table of statements will be, once all pages are read."""


def setup(app: Sphinx) -> None:
    app.add_node(statement_table)
    app.add_directive("statement-table", _TableDirective)
    app.connect("doctree-read", _add_badges)
    app.connect("env-get-outdated", _overviews)
    # Before the links are resolved: the table has some.
    app.connect("doctree-resolved", _fill_tables, priority=400)


class _TableDirective(SphinxDirective):
    """All statements, or only those with the given labels, in the order given."""

    option_spec: ClassVar[dict[str, Any]] = {"only": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(Path(self.env.srcdir) / STATEMENTS))
        self.env.metadata[self.env.docname]["has_statement_overview"] = True
        statements = registry(self.env)
        only = self.options.get("only", "").split()
        for label in only:
            if label not in statements:
                raise self.error(f"{label} is not registered in {STATEMENTS.name}")
        place = statement_table(only=only)
        # Sources may cite, so they are parsed now, while citations can still be resolved.
        for label, statement in statements.items() if not only else ():
            source, _ = self.state.inline_text(statement.source, self.lineno)
            place += nodes.paragraph("", "", *source, label=label)
        return [place]


def registry(env: BuildEnvironment) -> dict[str, Statement]:
    """Return the registry of the book that is being built."""
    return read_registry(Path(env.srcdir) / STATEMENTS)


# Below a statement --------------------------------------------------------------------------


def _add_badges(app: Sphinx, doctree: nodes.document) -> None:
    """Add a line "How we know" to every registered statement of a page."""
    statements: dict[str, Statement] | None = None
    for node in list(doctree.findall(_is_statement)):
        if statements is None:
            app.env.note_dependency(str(Path(app.srcdir) / STATEMENTS))
            statements = registry(app.env)
        if statement := statements.get(node["label"]):
            users = [s.label for s in statements.values() if statement.label in s.uses]
            if statement.evidence or statement.uses or users:
                node += _footer(app.env, statement, users)


def _footer(env: BuildEnvironment, statement: Statement, users: Sequence[str]) -> nodes.container:
    """Return a line for each tier of evidence, for what the proof uses, for what uses it."""
    footer = nodes.container(classes=["statement-footer"])
    for tier in statement.tiers:
        places = [_place(env, statement, item) for item in statement.evidence if item.tier == tier]
        footer += nodes.paragraph("", "", badge(tier), nodes.Text(" "), *separated(places))
    for words, labels in (("Uses ", statement.uses), ("Used by ", users)):
        links = [statement_link(env.docname, label) for label in labels]
        if links:
            footer += nodes.paragraph("", words, *separated(links), classes=["statement-uses"])
    return footer


def _badges(tiers: Iterable[str]) -> list[nodes.Node]:
    """Return the badges of `tiers`, with blanks between them."""
    return [part for tier in tiers for part in (badge(tier), nodes.Text(" "))]


def _place(env: BuildEnvironment, statement: Statement, item: Evidence) -> nodes.Node:
    """Where the evidence is: a link into the book where it is there, else a name."""
    if item.place == "cell":
        return cell_link(env, item.target, "cell {name}")
    if item.place == "test":
        return nodes.inline("", "test ", nodes.literal("", item.target.rpartition("::")[2]))
    if item.place == "function":
        return nodes.inline("", "", nodes.literal("", item.target))
    if item.tier == "cited":
        return nodes.Text(TIERS[item.tier])
    return page_link(
        "", nodes.Text("proof"), docname=env.docname, anchor=proof_target(statement.label)
    )


# All statements -----------------------------------------------------------------------------


def _overviews(
    _app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages with an overview are made again whenever any page changes: it may state something."""
    if not (added or changed or removed):
        return []
    return [name for name, data in env.metadata.items() if data.get("has_statement_overview")]


def _fill_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(statement_table)):
        found = {item.statement.label: item for item in placed(app.env)}
        sources = {item["label"]: item for item in place.findall(nodes.paragraph)}
        wanted = [found[label] for label in place["only"] or found if label in found]
        place.replace_self(_table(wanted, sources))


class Placed(NamedTuple):
    """A registered statement as it stands on its page."""

    statement: Statement
    docname: str
    name: str  # "Theorem 2.1"
    title: list[nodes.Node]  # in parentheses, as sphinx-proof typesets it


def placed(env: BuildEnvironment) -> list[Placed]:
    """All registered statements that pages state, in reading order."""
    statements = registry(env)
    proofs = stated_on_pages(env)
    found = []
    for docname in sorted({proofs[label]["docname"] for label in statements if label in proofs}):
        for position, node in enumerate(env.get_doctree(docname).findall(_is_statement)):
            label = node["label"]
            if label in statements:
                numbers = env.toc_fignumbers.get(docname, {}).get(node["countertype"], {})
                number = ".".join(map(str, numbers.get(label, ())))
                name = f"{node['realtype'].title()} {number}"
                place = (env.toc_secnumbers.get(docname, {}).get("", ()), docname, position)
                found.append((place, Placed(statements[label], docname, name, node[0].children)))
    return [item for _, item in sorted(found, key=lambda row: row[0])]


def _is_statement(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and "realtype" in node


def _table(items: Sequence[Placed], sources: Mapping[str, nodes.paragraph]) -> nodes.container:
    columns = {
        "Statement": 40,
        "How we know": 25,
        **({"Where it comes from": 35} if sources else {}),
    }
    rows = []
    for item in items:
        label = item.statement.label
        link = page_link("", nodes.Text(item.name), docname=item.docname, anchor=label)
        title = [child.deepcopy() for child in item.title]
        # A definition needs no evidence and counts as its own.
        row: list[Content] = [[link, *title], _badges(item.statement.tiers or ("definition",))]
        if sources:
            row.append(sources[label].children)
        rows.append(row)
    return table(columns, rows, "statement-table", "sortable")
