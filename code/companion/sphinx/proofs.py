"""Proofs that fold: ``{prf:proof}`` takes its idea, one sentence, as argument, and shows it alone.

In the page's source a proof is open: without scripts and on paper all of it is there. A script
closes it while the page is parsed, before it is drawn, so nothing moves. On a page with proofs
there is a switch that opens them all; ``_static/proofs.js`` remembers it, and opens what a link
leads to.
"""

from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.sphinx.elements import fold, fold_line

_CLASS = "proof-fold"
_HEAD = """\
const proofs = {
  get open() { try { return localStorage.proofs === "open"; } catch { return false; } },
  fold(proof) {
    proof.open = proofs.open || proof.id
      && (`#${proof.id}` === location.hash || !!history.state?.proofs?.includes(proof.id));
  },
};"""
_SWITCH = """\
<label class="proofs-switch"><input type="checkbox" role="switch"> Show all proofs</label>\
<script>document.querySelector(".proofs-switch input").checked = proofs.open</script>
"""
_FOLD = "<script>proofs.fold(document.currentScript.parentElement)</script>\n"


def setup(app: Sphinx) -> None:
    app.add_directive_to_domain("prf", "proof", _ProofDirective, override=True)
    app.add_js_file(None, body=_HEAD)
    app.connect("doctree-read", _add_switch)


class _ProofDirective(SphinxDirective):
    """A proof; its argument says the idea in one sentence."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        idea, messages = self.parse_inline(self.arguments[0])
        beginning = nodes.inline("", "Proof.", classes=["proof-beginning"])
        line = fold_line("", "", beginning, nodes.Text(" "), *idea)
        proof = fold("", line, _html(_FOLD), classes=[_CLASS], open=True)
        proof += self.parse_content_to_nodes()
        self.set_source_info(proof)
        return [proof, *messages]


def _add_switch(_: Sphinx, doctree: nodes.document) -> None:
    """Put the switch below the title of a page that has proofs."""
    if any(_CLASS in node["classes"] for node in doctree.findall(fold)):
        title = next(iter(doctree.findall(nodes.title)))
        title.parent.insert(1, _html(_SWITCH))


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")
