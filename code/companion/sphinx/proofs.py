"""Repairs to sphinx-proof's HTML: ids that repeat on a page or get lost, and how proofs begin."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_proof.nodes import proof_node


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", _make_ids_unique)
    app.connect("doctree-read", _emphasise_beginnings)


def _make_ids_unique(_: Sphinx, doctree: nodes.document) -> None:
    for node in doctree.findall(nodes.section):
        if "proof-content" in node["ids"]:  # Sphinx needs every section to have an id
            node["ids"] = [f"{node.parent['label']}-content"]
    for node in doctree.findall(proof_node):
        node[0]["ids"] = node["ids"]  # the outer node leaves no trace in HTML


def _emphasise_beginnings(_: Sphinx, doctree: nodes.document) -> None:
    """Set the word "Proof." apart from the text it begins."""
    for node in doctree.findall(proof_node):
        text = next(iter(node.findall(nodes.Text)), None)
        if text is not None and text.startswith("Proof. "):
            beginning = nodes.emphasis("", "Proof.", classes=["proof-beginning"])
            text.parent.insert(text.parent.index(text), beginning)
            text.parent.replace(text, nodes.Text(text.removeprefix("Proof.")))
