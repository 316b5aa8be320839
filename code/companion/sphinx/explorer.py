"""Directive ``explorer``: an interactive picture, with a published figure in its place.

The content has one ``published`` figure, or one block of code that gives the same answer. It is
shown wherever no script runs: in print, without JavaScript. Where one runs, a module of
``book/explorers/modules`` puts the explorer before it.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri

_MODULES = Path("book") / "explorers" / "modules"
_SERVED = "_static/explorers"  # not loaded by every page, unlike html_static_path
_STYLE = "explorers.css"
_EXPLORER = re.compile(r'data-explorer="([\w-]+)"')


def setup(app: Sphinx) -> None:
    app.add_directive("explorer", _ExplorerDirective)
    app.connect("html-page-context", _load_modules)
    app.connect("build-finished", _copy_modules)


class _ExplorerDirective(SphinxDirective):
    """``{explorer} module`` with a ``published`` figure, or a block of code, in its content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        file = Path(self.env.srcdir) / _MODULES / f"{name}.js"
        if not file.is_file():
            raise self.error(f"explorer {name!r}: there is no {_MODULES.as_posix()}/{name}.js")
        content = self.parse_content_to_nodes()
        figures = [figure for node in content for figure in node.findall(nodes.figure)]
        stills = sum("published" in figure["classes"] for figure in figures)
        stills += sum(1 for node in content for _ in node.findall(nodes.literal_block))
        if stills != 1:
            raise self.error(
                f"explorer {name!r}: {stills} published figures or blocks of code in it; one needed"
            )
        page = self.env.app.builder.get_target_uri(self.env.docname)
        style = relative_uri(page, f"{_SERVED}/{_STYLE}")
        begin = f'<div class="explorer" data-explorer="{name}">'
        end = f'</div>\n<link rel="stylesheet" href="{style}">'
        return [nodes.raw("", begin, format="html"), *content, nodes.raw("", end, format="html")]


def _load_modules(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Load the modules of the page's explorers; explorers.css keeps room for them until then."""
    for name in _EXPLORER.findall(context.get("body", "")) if app.builder.name == "html" else ():
        module = context["pathto"](f"{_SERVED}/{name}.js", 1)
        script = f'<script type="module" src="{module}"></script>'
        context["metatags"] = context.get("metatags", "") + script


def _copy_modules(app: Sphinx, error: Exception | None) -> None:
    source = Path(app.srcdir) / _MODULES
    if error or app.builder.name != "html" or not source.is_dir():
        return
    target = Path(app.outdir) / _SERVED
    shutil.rmtree(target, ignore_errors=True)  # modules that are gone
    shutil.copytree(source, target)
