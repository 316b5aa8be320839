"""The map of statements: which uses which, as a picture for wide windows and as a list for all."""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError

from companion.sphinx.cells import page_link
from companion.sphinx.registry import Overview, Placed, badge, placed, separated


class statement_map(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Stands where the map of statements will be, once all pages are read."""


class _MapDirective(Overview):
    node_class = statement_map


def setup(app: Sphinx) -> None:
    app.add_node(statement_map)
    app.add_directive("statement-map", _MapDirective)
    # Before the links of `cells` are resolved: the list has some.
    app.connect("doctree-resolved", _fill_maps, priority=400)


def _fill_maps(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for chart in list(doctree.findall(statement_map)):
        items = placed(app.env)
        picture = nodes.raw("", _picture(app, docname, items), format="html")
        chart.replace_self([picture, _list(app.env, items)])


# The list -----------------------------------------------------------------------------------


def _list(env: BuildEnvironment, items: Sequence[Placed]) -> nodes.container:
    """Every statement by chapter, with links to what it uses and to what uses it."""
    by_label = {item.statement.label: item for item in items}
    users: dict[str, list[Placed]] = {label: [] for label in by_label}
    for item in items:
        for label in item.statement.uses:
            if label in users:
                users[label].append(item)
    whole = nodes.container(classes=["statement-list"])
    for chapter, members in groupby(items, lambda item: _chapter(env, item.docname)):
        title = page_link("", env.titles[chapter].astext(), docname=chapter, anchor="")
        whole += nodes.rubric("", "", title)
        entries = nodes.bullet_list()
        for item in members:
            used = [by_label[label] for label in item.statement.uses if label in by_label]
            entries += _entry(item, used, users[item.statement.label])
        whole += entries
    return whole


def _entry(item: Placed, uses: Sequence[Placed], users: Sequence[Placed]) -> nodes.list_item:
    head = nodes.paragraph("", "", item.link(), *(child.deepcopy() for child in item.title))
    for tier in item.tiers:
        head += [nodes.Text(" "), badge(tier)]
    relations = nodes.paragraph(classes=["statement-uses"])
    for words, related in (("Uses ", uses), ("Used by ", users)):
        if related:
            relations += [nodes.Text(words), *separated([other.link() for other in related])]
            relations += nodes.Text(". ")
    return nodes.list_item("", head, *([relations] if relations.children else []))


def _chapter(env: BuildEnvironment, docname: str) -> str:
    """The page that opens the chapter of `docname`; itself if the book's parts have no numbers."""
    number = env.toc_secnumbers.get(docname, {}).get("", ())[:1]
    openings = (name for name, own in env.toc_secnumbers.items() if own.get("", ()) == number)
    return next(openings, docname) if number else docname


# The picture --------------------------------------------------------------------------------


def _picture(app: Sphinx, docname: str, items: Sequence[Placed]) -> str:
    """The dependency graph as inline SVG, each node a link."""
    lines = [
        "digraph statements { rankdir=LR; bgcolor=transparent; ranksep=0.35; nodesep=0.12;",
        'node [shape=box, style="rounded", fontname="Arimo", fontsize=10, margin="0.1,0.05"];',
        "edge [arrowsize=0.5];",
    ]
    for item in items:
        label = item.statement.label
        uri = app.builder.get_relative_uri(docname, item.docname).partition("#")[0]
        text = "".join(node.astext() for node in item.title).strip(" ()")
        lines.append(
            f'"{label}" [label="{_dot(_wrapped(f"{item.name}: {text}"))}", '
            f'class="tier-{item.tiers[0]}", URL="{uri}#{label}", tooltip="{_dot(text)}", '
            'target="_self"];'
        )
    lines += [f'"{used}" -> "{label}";' for used, label in _edges(items)]
    svg = _graphviz("\n".join([*lines, "}"]))
    caption = html.escape("Which statement uses which, as a picture; a list follows.")
    return f'<figure class="statement-map" tabindex="0" aria-label="{caption}">{svg}</figure>'


def _edges(items: Sequence[Placed]) -> list[tuple[str, str]]:
    shown: Mapping[str, Placed] = {item.statement.label: item for item in items}
    return [
        (used, label)
        for label, item in shown.items()
        for used in item.statement.uses
        if used in shown
    ]


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
