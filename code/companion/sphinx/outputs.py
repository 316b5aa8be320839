"""Show on a notebook's page what its cells published: figures and numbers, each below its cell.

:mod:`companion.notebook.publish` gives the outputs of cells a mark in their metadata, by which
myst-nb hands them to :class:`Renderer` (an entry point in ``pyproject.toml``). A figure is shown
there as everywhere on the site: light and dark, with alt text. Its caption says where it is
explained. It is not shown twice if the directive ``published`` follows its cell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from companion.sphinx.elements import page_link, volatile
from companion.sphinx.published import declared_figures, published_picture

_logger = logging.getLogger(__name__)


class published_output(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """What a cell published: ``figure``, its name, or ``numbers``, their records."""


class explanation(nodes.Inline, nodes.Element):  # noqa: N801 - a docutils node
    """Stands for "Fig. 5.3, explained in …", which is known once all pages are read: ``figure``."""


class Renderer:
    """myst-nb asks this one about every output of a cell."""

    mime_priority_overrides: ClassVar[Sequence[tuple[str, str, int | None]]] = ()

    @staticmethod
    def handle_mime(
        _renderer: NbElementRenderer, data: MimeData, _inline: bool
    ) -> list[nodes.Element] | None:
        mark = data.output_metadata.get(data.mime_type, {})
        if "figure" in mark or "numbers" in mark:
            return [published_output(figure=mark.get("figure"), numbers=mark.get("numbers"))]
        return None


def setup(app: Sphinx) -> None:
    app.add_node(published_output)
    app.add_node(explanation)
    # Before Sphinx collects the images of a page, and before links are resolved.
    app.connect("doctree-read", _show_outputs, priority=400)
    app.connect("doctree-resolved", _explain, priority=400)


def _show_outputs(app: Sphinx, doctree: nodes.document) -> None:
    shown = set()
    for output in list(doctree.findall(published_output)):
        bundle = output.parent.parent  # all forms of this output; one for each MIME type
        if output["numbers"]:
            bundle.replace_self(_number_line(output["numbers"]))
            continue
        name = output["figure"]
        shown.add(name)
        if _page_goes_on_with(name, bundle):
            _remove(bundle)
        else:
            bundle.replace_self(_figure(app.env, name))
    for name, entry in declared_figures(app.env).items():
        if entry["notebook"] == f"{app.env.docname}.ipynb" and name not in shown:
            _logger.warning("figure %r: no cell of %s shows it", name, entry["notebook"])


def _number_line(numbers: Sequence[Mapping[str, Any]]) -> nodes.paragraph:
    line = nodes.paragraph("", classes=["published-numbers"])
    for number in numbers:
        value = (
            volatile(text=number["value"]) if number["volatile"] else nodes.Text(number["value"])
        )
        line += nodes.inline("", "", nodes.Text(f"{number['name']} = "), value)
        line += nodes.Text(" ")
    return line


def _figure(env: BuildEnvironment, name: str) -> nodes.figure:
    figure = nodes.figure("", published_picture(env, name), classes=["published"], published=name)
    # Not a caption: Sphinx would number it.
    figure += nodes.legend("", nodes.paragraph("", "", explanation(figure=name)))
    return figure


def _page_goes_on_with(name: str, output: nodes.Element) -> bool:
    """Whether below the cell, with only other figures between, a directive shows figure `name`."""
    cell: nodes.Element = output
    while "cell" not in cell["classes"]:
        cell = cell.parent
    for node in cell.parent[cell.parent.index(cell) + 1 :]:
        if node.get("published") == name:
            return True
        if not {"published", "published-links"} & set(node.get("classes", ())):
            return False
    return False


def _remove(node: nodes.Element) -> None:
    """Remove a node, and what holds nothing else."""
    parent = node.parent
    parent.remove(node)
    if not parent.children:
        _remove(parent)


# Where a figure is explained ----------------------------------------------------------------


def _explain(app: Sphinx, doctree: nodes.document, here: str) -> None:
    labels = app.env.domains["std"].data["labels"]
    for node in list(doctree.findall(explanation)):
        name = f"fig-{node['figure']}"
        if name not in labels:
            _remove(node)
            continue
        page, label, _ = labels[name]
        number = ".".join(map(str, app.env.toc_fignumbers[page]["figure"][label]))
        text = nodes.Text(app.config.numfig_format["figure"] % number)
        title = nodes.Text(f", explained in {app.env.titles[page].astext()}")
        node.replace_self([page_link(app.env, here, page, name, text), title])
