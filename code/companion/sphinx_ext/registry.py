"""Show the registry of statements: badges below each, one table, one map."""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from companion.sphinx_ext.cells import cell_link, page_link
from companion.sphinx_ext.tables import sortable_table
from companion.statements import TIERS, Evidence, Statement, order, proof_target, read_registry

_FILE = Path("book") / "statements.yml"


class statement_table(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Stands where the table of statements will be, once all pages are read."""


class statement_map(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Stands where the map of statements will be, once all pages are read."""


def setup(app: Sphinx) -> None:
    app.add_node(statement_table)
    app.add_node(statement_map)
    app.add_directive("statement-table", _TableDirective)
    app.add_directive("statement-map", _MapDirective)
    app.connect("doctree-read", _add_badges)
    app.connect("env-get-outdated", _overviews)
    # Before the links of `cells` are resolved: the table has some.
    app.connect("doctree-resolved", _fill_overviews, priority=400)


class _Overview(SphinxDirective):
    """Common to both overviews: they depend on the registry and on every page."""

    option_spec: ClassVar[dict[str, Any]] = {}
    node_class: ClassVar[type[nodes.Element]]

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(Path(self.env.srcdir) / _FILE))
        self.env.metadata[self.env.docname]["has_statement_overview"] = True
        return [self.node_class()]


class _MapDirective(_Overview):
    node_class = statement_map


class _TableDirective(_Overview):
    node_class = statement_table

    def run(self) -> list[nodes.Node]:
        (table,) = super().run()
        assert isinstance(table, nodes.Element)
        # Sources may cite, so they are parsed now, while citations can still be resolved.
        for label, statement in _registry(self.env).items():
            source, _ = self.state.inline_text(statement.source, self.lineno)
            table += nodes.paragraph("", "", *source, label=label)
        return [table]


def _registry(env: BuildEnvironment) -> dict[str, Statement]:
    return read_registry(Path(env.srcdir) / _FILE)


# Below a statement --------------------------------------------------------------------------


def _add_badges(app: Sphinx, doctree: nodes.document) -> None:
    """Add a line "How we know" to every registered statement of a page."""
    registry: dict[str, Statement] | None = None
    for node in list(doctree.findall(_is_statement)):
        if registry is None:
            app.env.note_dependency(str(Path(app.srcdir) / _FILE))
            registry = _registry(app.env)
        statement = registry.get(node["label"])
        if statement and (statement.evidence or statement.uses):
            node += _footer(app.env, statement)


def _footer(env: BuildEnvironment, statement: Statement) -> nodes.container:
    """Return one line for each tier of evidence, and one for what the proof uses."""
    footer = nodes.container(classes=["statement-footer"])
    for tier in statement.tiers:
        places = [_place(env, statement, item) for item in statement.evidence if item.tier == tier]
        footer += nodes.paragraph("", "", _badge(tier), nodes.Text(" "), *_separated(places))
    if statement.uses:
        links = [_statement_link(env.docname, label) for label in statement.uses]
        footer += nodes.paragraph("", "Uses ", *_separated(links), classes=["statement-uses"])
    return footer


def _badge(tier: str) -> nodes.inline:
    return nodes.inline("", tier, classes=["badge", f"tier-{tier}"])


def _separated(items: Sequence[nodes.Node]) -> list[nodes.Node]:
    return [part for item in items for part in (nodes.Text(", "), item)][1:]


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


def _statement_link(docname: str, label: str) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.literal("", label),
        refdomain="prf",
        reftype="ref",
        reftarget=label,
        refdoc=docname,
        refwarn=True,
        refexplicit=False,
    )


# All statements -----------------------------------------------------------------------------


def _overviews(
    _app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages with an overview are made again whenever any page changes: it may state something."""
    if not (added or changed or removed):
        return []
    return [name for name, data in env.metadata.items() if data.get("has_statement_overview")]


def _fill_overviews(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for table in list(doctree.findall(statement_table)):
        sources = {paragraph["label"]: paragraph for paragraph in table.findall(nodes.paragraph)}
        table.replace_self(_table(app, docname, sources))
        # Titles may have formulas; MathJax is loaded only on pages known to have some.
        math: Any = app.env.get_domain("math")
        math.data["has_equations"][docname] = True
    for chart in list(doctree.findall(statement_map)):
        chart.replace_self(nodes.raw("", _map(app, docname), format="html"))


class _Placed(NamedTuple):
    """A registered statement as it stands on its page."""

    statement: Statement
    docname: str
    name: str  # "Theorem 2.1"
    title: list[nodes.Node]  # in parentheses, as sphinx-proof typesets it


def _placed(env: BuildEnvironment) -> list[_Placed]:
    """All registered statements that pages state, in reading order."""
    registry = _registry(env)
    proofs: Mapping[str, Mapping[str, Any]] = getattr(env, "proof_list", {})
    found = []
    for docname in sorted({proofs[label]["docname"] for label in registry if label in proofs}):
        for position, node in enumerate(env.get_doctree(docname).findall(_is_statement)):
            label = node["label"]
            if label in registry:
                numbers = env.toc_fignumbers.get(docname, {}).get(node["countertype"], {})
                number = ".".join(map(str, numbers.get(label, ())))
                name = f"{node['realtype'].title()} {number}"
                place = (env.toc_secnumbers.get(docname, {}).get("", ()), docname, position)
                found.append((place, _Placed(registry[label], docname, name, node[0].children)))
    return [item for _, item in sorted(found, key=lambda row: row[0])]


def _is_statement(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and "realtype" in node


def _table(app: Sphinx, docname: str, sources: Mapping[str, nodes.paragraph]) -> nodes.container:
    columns = {"Statement": 40, "How we know": 25, "Where it comes from": 35}
    rows = []
    for statement, place, name, title in _placed(app.env):
        link = page_link("", nodes.Text(name), docname=place, anchor=statement.label)
        tiers: list[nodes.Node] = []
        for tier in statement.tiers or ("definition",):
            tiers += [_badge(tier), nodes.Text(" ")]
        rows.append(
            [
                [link, *(child.deepcopy() for child in title)],
                tiers,
                sources[statement.label].children,
            ]
        )
    return sortable_table(columns, rows, "statement-table")


def _map(app: Sphinx, docname: str) -> str:
    """The dependency graph as inline SVG, each node a link."""
    registry = _registry(app.env)
    lines = [
        "digraph statements { rankdir=LR; bgcolor=transparent; ranksep=0.35; nodesep=0.12;",
        'node [shape=box, style="rounded", fontname="Arimo", fontsize=10, margin="0.1,0.05"];',
        "edge [arrowsize=0.5];",
    ]
    placed = _placed(app.env)
    for statement, place, name, title in placed:
        tier = (statement.tiers or ("definition",))[0]
        uri = app.builder.get_relative_uri(docname, place).partition("#")[0]
        text = "".join(node.astext() for node in title).strip(" ()")
        lines.append(
            f'"{statement.label}" [label="{_dot(_wrapped(f"{name}: {text}"))}", '
            f'class="tier-{tier}", URL="{uri}#{statement.label}", tooltip="{_dot(text)}", '
            'target="_self"];'
        )
    shown = {item.statement.label for item in placed}
    for label in order(registry):
        for used in registry[label].uses:
            if {label, used} <= shown:
                lines.append(f'"{used}" -> "{label}";')
    svg = _graphviz("\n".join([*lines, "}"]))
    caption = html.escape("Which statement uses which; the table above lists the same statements.")
    return f'<figure class="statement-map" tabindex="0" aria-label="{caption}">{svg}</figure>'


def _graphviz(source: str) -> str:
    program = Path(sys.executable).with_name("graphviz-pure")
    command = str(program) if program.exists() else shutil.which("graphviz-pure")
    if command is None:
        raise ExtensionError("graphviz-pure is not installed; `make env` installs it")
    result = subprocess.run(
        [command, "-Kdot", "-Tsvg"], input=source, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise ExtensionError(f"graphviz-pure: {result.stderr.strip()}")
    return result.stdout[result.stdout.index("<svg") :]


def _wrapped(text: str, width: int = 24) -> str:
    return "\n".join(textwrap.wrap(text, width))


def _dot(text: str) -> str:
    return text.replace("\\", "").replace('"', "'").replace("\n", "\\n")
