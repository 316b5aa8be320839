"""Directive ``explorer``: an interactive picture, with a published figure in its place.

The content is a ``published`` figure. It is shown wherever no script runs: in print, without
JavaScript. Where one runs, a module of ``book/explorers/modules`` puts the explorer before it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

_MODULES = Path("book") / "explorers" / "modules"
_SERVED = "_static/explorers"  # not loaded by every page, as what stands in html_static_path is
_STYLE = "explorers.css"


class explorer(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes in lower case
    """A published figure that a module makes interactive.

    Attributes: ``module``, its name without the suffix.
    """


def setup(app: Sphinx) -> None:
    app.add_directive("explorer", _ExplorerDirective)
    app.add_node(explorer, html=(_begin, _end))
    app.connect("build-finished", _copy_modules)


class _ExplorerDirective(SphinxDirective):
    """``{explorer} module`` with a ``published`` figure as content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        file = Path(self.env.srcdir) / _MODULES / f"{name}.js"
        if not file.is_file():
            raise self.error(f"explorer {name!r}: there is no {_MODULES.as_posix()}/{name}.js")
        node = explorer(module=name)
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        figures = [
            figure for figure in node.findall(nodes.figure) if "published" in figure["classes"]
        ]
        if len(figures) != 1:
            raise self.error(
                f"explorer {name!r}: {len(figures)} published figures as its content; one needed"
            )
        return [node]


def _begin(translator: HTML5Translator, node: explorer) -> None:
    translator.body.append(f'<div class="explorer" data-explorer="{node["module"]}">\n')


def _end(translator: HTML5Translator, node: explorer) -> None:
    builder = translator.builder
    page = builder.get_target_uri(builder.current_docname)
    style = relative_uri(page, f"{_SERVED}/{_STYLE}")
    module = relative_uri(page, f"{_SERVED}/{node['module']}.js")
    translator.body.append(f'</div>\n<link rel="stylesheet" href="{style}">\n')
    translator.body.append(f'<script type="module" src="{module}"></script>\n')


def _copy_modules(app: Sphinx, error: Exception | None) -> None:
    source = Path(app.srcdir) / _MODULES
    if error or app.builder.name != "html" or not source.is_dir():
        return
    target = Path(app.outdir) / _SERVED
    shutil.rmtree(target, ignore_errors=True)  # modules that are gone
    shutil.copytree(source, target)
