"""Show on a notebook's page what its cells published: figures and numbers, each below its cell.

:mod:`companion.notebook.publish` gives the outputs of cells a mark in their metadata, by which
myst-nb hands them to :class:`Renderer` (an entry point in ``pyproject.toml``). A figure is shown
there as everywhere on the site: light and dark, with alt text. Below it are the first sentence of
its caption and where it is explained. It is not shown twice if ``published`` follows its cell.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from companion.sphinx.elements import page_link, volatile
from companion.sphinx.published import declared_figures, published_picture

_logger = logging.getLogger(__name__)


class published_output(nodes.General, nodes.Element):  # noqa: N801 - a docutils node
    """What a cell published: ``figure``, its name, or ``numbers``, their records."""


class explanation(nodes.Inline, nodes.Element):  # noqa: N801 - a docutils node
    """What a figure shows, and "Fig. 5.3, explained in …", once all pages are read: ``figure``."""


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
    # Before Sphinx collects the images of a page.
    app.connect("doctree-read", _show_outputs, priority=400)
    app.add_post_transform(_Explain)
    app.connect("env-before-read-docs", _note_read)
    app.connect("env-get-updated", _explained_anew)


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
    line = nodes.paragraph("", "For the text: ", classes=["published-numbers"])
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


class _Explain(SphinxPostTransform):
    default_priority = 5  # before links are resolved, also those of a caption's sentence

    def run(self, **_: Any) -> None:
        tree = functools.cache(self.env.get_doctree)
        here = self.env.docname
        for node in list(self.document.findall(explanation)):
            name = f"fig-{node['figure']}"
            if name not in _labels(self.env):
                _remove(node)
                continue
            page, label = _labels(self.env)[name][:2]
            number = ".".join(map(str, self.env.toc_fignumbers[page]["figure"][label]))
            text = nodes.Text(self.config.numfig_format["figure"] % number)
            title = nodes.Text(f", explained in {self.env.titles[page].astext()}.")
            sentence = first_sentence(tree(page), node["figure"])
            for link in (found for part in sentence for found in part.findall(pending_xref)):
                link["refdoc"] = here
            place = page_link(self.env, here, page, name, text)
            node.replace_self([*sentence, nodes.Text(" "), place, title])


def _labels(env: BuildEnvironment) -> Mapping[str, tuple[str, str, str]]:
    return env.domains["std"].data["labels"]  # type: ignore[no-any-return]


def first_sentence(tree: nodes.document, figure: str) -> list[nodes.Node]:
    """Copy the beginning of a figure's caption, up to the first full stop and a space."""
    sentence: list[nodes.Node] = []
    for caption in tree.findall(nodes.caption):
        if caption.parent.get("published") != figure:
            continue
        for part in caption.children:
            end = re.search(r"[.?](?=\s)", part) if isinstance(part, nodes.Text) else None
            if end:
                return [*sentence, nodes.Text(part[: end.end()])]
            sentence.append(part.deepcopy())
    return sentence


def _note_read(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Remember which pages this build reads: their captions may have changed."""
    app.read_now = {*docnames}  # type: ignore[attr-defined]


def _explained_anew(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Name the notebooks whose figures are explained on a page that was read just now."""
    return [
        entry["notebook"].removesuffix(".ipynb")
        for name, entry in declared_figures(env).items()
        if _labels(env).get(f"fig-{name}", ("",))[0] in app.read_now  # type: ignore[attr-defined]
    ]
