"""Text that another build of the same commit would have otherwise: times, the machine, the commit.

It carries a mark in the HTML, by which a comparison of two builds leaves it out, and it does not
reach the search index, which is made of text nodes.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


class volatile(nodes.Inline, nodes.Element):  # noqa: N801 - docutils names nodes in lower case
    """Such a text, as the attribute ``text``."""


def setup(app: Sphinx) -> None:
    app.add_node(volatile, html=(_visit, lambda *_: None))


def _visit(translator: Any, node: volatile) -> None:
    start = translator.starttag(node, "span", "", CLASS="volatile")
    translator.body.append(f"{start}{translator.encode(node['text'])}</span>")
    raise nodes.SkipNode
