"""The directive ``theory-map``: every statement as a link, chapter by chapter.

The script ``_static/theory_map.js`` draws what a chosen statement rests on and what rests on it.
"""

import json
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.sphinx.elements import page_link
from companion.sphinx.registry import Placed, placed


class theory_map(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """Where the map will be, once all pages are read."""


def setup(app: Sphinx) -> None:
    app.add_node(theory_map)
    app.add_directive("theory-map", _MapDirective)
    app.connect("doctree-resolved", _fill_maps, priority=400)


class _MapDirective(SphinxDirective):
    """The map; ``begin`` is the statement that is chosen when the page opens."""

    option_spec: ClassVar[dict[str, Any]] = {"begin": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        self.env.metadata[self.env.docname]["has_statement_overview"] = True
        return [theory_map(begin=self.options["begin"])]


def _fill_maps(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for place in list(doctree.findall(theory_map)):
        items = placed(app.env)
        whole = nodes.container(classes=["theory-map"])
        for chapter, found in groupby(items, key=lambda item: str(Path(item.docname).parent)):
            title = app.env.titles[f"{chapter}/index"].astext()
            heading = page_link(app.env, docname, f"{chapter}/index", "", nodes.Text(title))
            chips = nodes.paragraph(classes=["map-statements"])
            for item in found:
                chips += [_chip(app, docname, item), nodes.Text(" ")]
            whole += nodes.container(
                "", nodes.paragraph("", "", heading, classes=["map-chapter"]), chips
            )
        uses = {item.statement.label: item.statement.uses for item in items}
        data = json.dumps({"begin": place["begin"], "uses": uses})
        script = f'<script type="application/json">{data}</script>\n'
        whole += nodes.raw("", script, format="html")
        place.replace_self(whole)


def _chip(app: Sphinx, docname: str, item: Placed) -> nodes.reference:
    """The link to a statement, in the colour of the best evidence for it."""
    label = item.statement.label
    title = nodes.inline("", "", *(child.deepcopy() for child in item.title))
    link = page_link(
        app.env, docname, item.docname, label, nodes.strong("", item.name), nodes.Text(" "), title
    )
    tier = next(iter(item.statement.tiers), "definition")
    link["classes"] += ["map-statement", f"best-{tier.replace(' ', '-')}"]
    link["ids"].append(f"map-{label}")
    return link
