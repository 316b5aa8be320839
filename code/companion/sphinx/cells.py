"""Give every cell of a notebook's page an anchor, and let other pages link to it."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from companion.running.notebooks import Notebook, anchor


class page_link(nodes.Inline, nodes.TextElement):  # noqa: N801 - docutils names nodes in lower case
    """A link to an anchor of another page, resolved when addresses are known.

    Attributes: ``docname`` and ``anchor`` (may be empty).
    """


def cell_link(env: BuildEnvironment, target: str, text: str) -> page_link:
    """Link to ``notebook.ipynb#name``; `text` may have ``{name}`` and ``{notebook}`` in it."""
    file, _, name = target.partition("#")
    cell = Notebook.read(Path(env.srcdir) / file).named(name)
    notebook = file.removeprefix("book/").removesuffix(".ipynb")
    return page_link(
        "",
        nodes.Text(text.format(name=name, notebook=notebook)),
        docname=file.removesuffix(".ipynb"),
        anchor=cell.anchor if cell else "",
    )


def setup(app: Sphinx) -> None:
    app.add_node(page_link)
    app.connect("doctree-read", _add_anchors)
    app.connect("doctree-resolved", _resolve_links)


def _add_anchors(_: Sphinx, doctree: nodes.document) -> None:
    for node in doctree.findall(nodes.container):
        if "cell" in node.get("classes", ()) and "cell_index" in node:
            name = node.get("cell_metadata", {}).get("name", "")
            node["ids"].append(anchor(node["cell_index"], name))


def _resolve_links(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    for node in list(doctree.findall(page_link)):
        uri = app.builder.get_relative_uri(docname, node["docname"])
        if node["anchor"]:
            uri = f"{uri.partition('#')[0]}#{node['anchor']}"
        link = nodes.reference("", "", *node.children, refuri=uri, internal=True)
        link["classes"] = node["classes"]
        if title := node.get("title"):
            link["reftitle"] = title
        node.replace_self(link)
