"""Typeset formulas when the book is built: MathJax runs here, in V8, not in the browser.

A page is as high when it is first seen as when everything is loaded, so a link lands where it
leads; formulas need no script; and a wrong one is a warning with its place, hence an error.
"""

import atexit
import functools
import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

_logger = logging.getLogger(__name__)

_CLOSING = re.compile(r"[,.;:!?)\]’”]+")
_FOLDER = "mathjax"  # below _static
_PARTS = ("adaptors/liteDOM", "input/tex", "output/chtml", "a11y/assistive-mml")
_FILES = ("startup", "core", "output/chtml/fonts/tex", *_PARTS)
_FONTS = "output/chtml/fonts/woff-v2"
# The last three packages load others on demand or hide an unknown command.
_START = """
var window = globalThis, global = globalThis;
var MathJax = {
  loader: {
    load: parts,
    require: (name) => (0, eval)(files[Object.keys(files).find((f) => name.endsWith(`/${f}.js`))]),
  },
  startup: {typeset: false},
  chtml: {adaptiveCSS: false, fontURL: fonts},
  tex: {
    packages: {"[-]": ["noundefined", "autoload", "require"]},
    formatError: (_, error) => { throw error },
  },
};
(0, eval)(files.startup);
"""
_TYPESET = """
(tex, display) => {
  try {
    return [MathJax.startup.adaptor.outerHTML(MathJax.tex2chtml(tex, {display})), ""];
  } catch (error) {
    return ["", error.message];
  }
}
"""


def setup(app: Sphinx) -> None:
    inline, block = (functools.partial(_append, tag=tag) for tag in ("span", "div"))
    app.add_html_math_renderer("build", (inline, None), (block, None))
    app.connect("builder-inited", _write_styles)
    app.connect("doctree-resolved", _keep_punctuation)
    app.connect("html-page-context", _preload)


@functools.cache
def _mathjax() -> MiniRacer:
    """MathJax 3 of the installed package, with its whole style sheet."""
    source = _package()
    files = {name: (source / f"{name}.js").read_text(encoding="utf-8") for name in _FILES}
    given = {"files": files, "parts": _PARTS, "fonts": "."}
    engine = MiniRacer()
    # Later than this, it would wait for a thread of its own that Python 3.13 has already stopped.
    atexit.register(engine.close)
    engine.eval("".join(f"var {k} = {json.dumps(v)};" for k, v in given.items()))
    engine.eval(_START)
    engine.eval("MathJax.startup.promise.then(() => true)").get()  # type: ignore[union-attr]
    engine.eval(f"var typeset = {_TYPESET}")
    return engine


@functools.cache  # formulas recur
def typeset(tex: str, display: bool) -> str:
    r"""Return the HTML of a formula, with MathML for listeners.

    Raise `ValueError`, with the words of MathJax, if `tex` is not a formula.
    """
    html, problem = _mathjax().call("typeset", tex, display)
    if problem:
        raise ValueError(problem)
    return str(html)


def style_sheet() -> str:
    """Return the styles of every formula there may be; fonts are looked for beside it."""
    styles = "MathJax.startup.adaptor.textContent(MathJax.chtmlStylesheet())"
    return str(_mathjax().eval(styles))


def plain_text(tex: str) -> str:
    r"""Return a formula as text without mark-up, where none can be: λmax for `\lambda_{\max}`."""
    return BeautifulSoup(typeset(tex, False), "html.parser").get_text()


def _package() -> Path:
    # Its name has hyphens, so it can be found but not imported.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("package sphinx-mathjax-offline is not installed")
    return Path(spec.origin).parent / "static" / "mathjax"


def _write_styles(app: Sphinx) -> None:
    """Put style sheet and fonts (0.8 MB) into the site, before pages link to them."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / _FOLDER
    shutil.copytree(_package() / _FONTS, target, dirs_exist_ok=True)
    (target / "mathjax.css").write_text(style_sheet(), encoding="utf-8")
    app.add_css_file(f"{_FOLDER}/mathjax.css")


def _preload(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Have the font without height there before the first view: others would make lines higher."""
    if "<mjx-container" in context.get("body", ""):
        font = context["pathto"](f"_static/{_FOLDER}/MathJax_Zero.woff", 1)
        link = f'<link rel="preload" as="font" type="font/woff" crossorigin href="{font}" />'
        context["metatags"] = context.get("metatags", "") + link


def _keep_punctuation(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Let no line begin with the comma after a formula, or end with the parenthesis before it."""
    for formula in list(doctree.findall(nodes.math)):
        parent, place = formula.parent, formula.parent.index(formula)
        kept: list[nodes.Node] = [formula]
        before = parent[place - 1] if place else None
        after = parent[place + 1] if place + 1 < len(parent) else None
        if isinstance(before, nodes.Text) and before.endswith("("):
            parent[place - 1] = nodes.Text(before[:-1])
            kept.insert(0, nodes.Text("("))
        if isinstance(after, nodes.Text) and (found := _CLOSING.match(after)):
            parent[place + 1] = nodes.Text(after[found.end() :])
            kept.append(nodes.Text(found.group()))
        if len(kept) > 1:
            parent[place] = nodes.inline("", "", *kept, classes=["unbroken"])


def _append(translator: HTML5Translator, node: nodes.Element, tag: str) -> None:
    tex = node.astext()
    attributes = {"CLASS": "math notranslate nohighlight", "data-tex": tex}
    translator.body.append(translator.starttag(node, tag, "", **attributes))
    if node.get("number"):
        number = get_node_equation_number(translator, node)  # type: ignore[arg-type]
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    try:
        translator.body.append(typeset(tex, tag == "div"))
    except ValueError as error:
        _logger.warning("formula %s: %s", tex, error, location=node)
    translator.body.append(f"</{tag}>")
    raise nodes.SkipNode
