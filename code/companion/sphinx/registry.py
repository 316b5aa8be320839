"""Show the registry of statements: badges below each, and tables of all or of some of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
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
    depended_on,
    fold,
    fold_line,
    name_link,
    page_link,
    separated,
    table,
)
from companion.sphinx.formal import STATEMENTS, WHOLE, formal_theorems
from companion.sphinx.repairs import stated_on_pages

MAP = "book/map"


class statement_table(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Stands where the table of statements will be, once all pages are read."""


def setup(app: Sphinx) -> None:
    app.add_node(statement_table)
    app.add_directive("statement-table", _TableDirective)
    app.connect("doctree-read", _add_badges)
    app.connect("env-get-updated", _overviews)
    # Before the links are resolved: the table has some.
    app.connect("doctree-resolved", _fill_tables, priority=400)


class _TableDirective(SphinxDirective):
    """All statements, or only those with the given labels, in the order given."""

    option_spec: ClassVar[dict[str, Any]] = {"only": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["has_statement_overview"] = True
        statements = read_registry(depended_on(self.env, STATEMENTS))
        only = self.options.get("only", "").split()
        for label in only:
            if label not in statements:
                raise self.error(f"{label} is not registered in statements.yml")
        place = statement_table(only=only)
        # Sources may cite, so they are parsed now, while citations can still be resolved.
        for label, statement in statements.items() if not only else ():
            source, _ = self.parse_inline(statement.source)
            place += nodes.paragraph("", "", *source, label=label)
        return [place]


# Below a statement --------------------------------------------------------------------------


def _add_badges(app: Sphinx, doctree: nodes.document) -> None:
    """Add a line "Check this" to every registered statement of a page."""
    found = list(doctree.findall(_is_statement))
    statements = read_registry(depended_on(app.env, STATEMENTS)) if found else {}
    for node in found:
        if statement := statements.get(node["label"]):
            node += _footer(app.env, statement, statements)
            node.extend(formal_theorems(app.env, statement))


def _footer(
    env: BuildEnvironment, statement: Statement, statements: Mapping[str, Statement]
) -> fold:
    """Return the badges in a line; folded, each evidence, what it rests on, what rests on it."""
    badges = [part for tier in statement.tiers for part in (nodes.Text(" "), badge(tier))]
    line = "Check this:" if badges else "What it rests on, and what uses it"  # a definition
    footer = fold("", fold_line("", line, *badges), classes=["statement-footer"])
    for tier in statement.tiers:
        places = (_place(env, statement, item) for item in statement.evidence if item.tier == tier)
        footer += nodes.paragraph("", "", badge(tier), nodes.Text(" "), *separated(places))
    used = statement.uses
    users = [label for label, other in statements.items() if statement.label in other.uses]
    footer.extend(_connected(env, "Rests on ", used))
    footer.extend(_connected(env, "Used by ", users))
    if MAP in env.found_docs:
        name = nodes.Text("On the map of the theory")
        link = page_link(env, env.docname, MAP, f"map-{statement.label}", name)
        footer += nodes.paragraph("", "", link)
    footer.extend(_commands(statement))
    return footer


def _connected(
    env: BuildEnvironment, words: str, labels: Sequence[str]
) -> Iterator[nodes.paragraph]:
    """A line with links to the statements of `labels`, if there are any."""
    links = (name_link(env.docname, name, name, domain="prf", explicit=False) for name in labels)
    if labels:
        yield nodes.paragraph("", words, *separated(links), classes=["statement-uses"])


def _commands(statement: Statement) -> Iterator[nodes.container]:
    """What runs the tests and notebooks among the evidence, and Coq."""
    targets: dict[str, list[str]] = {place: [] for place in ("test", "cell", "proof")}
    for item in statement.evidence:
        if item.place in targets:
            targets[item.place].append(item.target)
    notebooks = dict.fromkeys(target.partition("#")[0] for target in targets["cell"])
    commands = [f"make run NOTEBOOK={notebook}" for notebook in notebooks]
    if targets["test"]:
        commands.insert(0, " ".join((".venv/bin/python -m pytest", *targets["test"])))
    for words, command in (
        ("Run it again, in a clone, after make env:", " && ".join(commands)),
        ("Have Coq check it, where Coq is installed:", targets["proof"] and "make formal"),
    ):
        if command:
            block = nodes.literal_block(command, command, language="sh")
            line = nodes.paragraph("", words)
            yield nodes.container("", line, block, classes=["statement-command"])


def _place(env: BuildEnvironment, statement: Statement, item: Evidence) -> nodes.Node:
    """Where the evidence is: a link into the book where it is there, else a name."""
    if item.place == "cell":
        return cell_link(env, item.target, "cell {name}")
    if item.place == "test":
        return nodes.inline("", "test ", nodes.literal("", item.target.rpartition("::")[2]))
    if item.place == "proof":
        return nodes.inline("", item.part or WHOLE)
    if item.place == "function":
        return nodes.inline("", "", nodes.literal("", item.target))
    if item.tier == "cited":
        return nodes.Text(TIERS[item.tier])
    here = env.docname
    return page_link(env, here, here, proof_target(statement.label), nodes.Text("proof"))


# All statements -----------------------------------------------------------------------------


def _overviews(_: Sphinx, env: BuildEnvironment) -> list[str]:
    """Pages with an overview are written again when some page states something else."""
    stated = [(item.docname, item.name, str(item.title), item.statement) for item in placed(env)]
    before = getattr(env, "stated_on_pages", None)
    env.stated_on_pages = stated  # type: ignore[attr-defined]
    overviews = (name for name, data in env.metadata.items() if data.get("has_statement_overview"))
    return [] if stated == before else list(overviews)


def _fill_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(statement_table)):
        found = {item.statement.label: item for item in placed(app.env)}
        sources = {item["label"]: item for item in place.findall(nodes.paragraph)}
        wanted = [found[label] for label in place["only"] or found if label in found]
        place.replace_self(_table(app.env, docname, wanted, sources))


class Placed(NamedTuple):
    """A registered statement as its page has it."""

    statement: Statement
    docname: str
    name: str  # "Theorem 2.1"
    title: list[nodes.Node]  # in parentheses, as sphinx-proof typesets it


@cache  # a process has one environment; it is asked when all pages are read
def placed(env: BuildEnvironment) -> list[Placed]:
    """All registered statements that pages state, in reading order."""
    statements = read_registry(Path(env.srcdir) / STATEMENTS)
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


def _table(
    env: BuildEnvironment,
    here: str,
    items: Sequence[Placed],
    sources: Mapping[str, nodes.paragraph],
) -> nodes.container:
    columns = {"Statement": 40, "How we know": 25}
    if sources:
        columns["Where it comes from"] = 35
    rows = []
    for item in items:
        label = item.statement.label
        link = page_link(env, here, item.docname, label, nodes.Text(item.name))
        title = [child.deepcopy() for child in item.title]
        # A definition needs no evidence and counts as its own.
        tiers = item.statement.tiers or ("definition",)
        badges = [part for tier in tiers for part in (badge(tier), nodes.Text(" "))]
        row: list[Content] = [[link, *title], badges]
        if sources:
            row.append(sources[label].children)
        rows.append(row)
    return table(columns, rows, "statement-table", "sortable")
