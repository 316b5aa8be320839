"""Show on pages what notebooks published: directive ``published``, role ``number``.

myst-nb's ``glue`` cannot show a figure on another page, and Sphinx does not rewrite a page when a
number glued from another page changes. Here both are files a page depends on, so neither happens.
"""

import json
import math
import re
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.writers.html5 import HTML5Translator

from companion.checking.declarations import read_entries
from companion.notebook import FOLDER
from companion.running.notebooks import Notebook
from companion.sphinx.elements import depended_on, download, page_link, volatile

_logger = logging.getLogger(__name__)
# Where panels are, and where a phone shows them.
_BELOW = {"Left": "Top", "Right": "Bottom"}
_SIDE = re.compile(r"\b(Left|Right)\b(?=[:,])")
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

SMALLEST = 9  # CSS pixels: letters of a figure are not made smaller, it scrolls instead


class picture(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes in lower case
    """The images of a figure: light and dark, and for phones both with the panels stacked.

    ``natural`` and ``least`` are widths in CSS pixels, of the images that are not stacked, and
    ``stacked`` is the number of panels of those that are, or 0.
    """


def setup(app: Sphinx) -> None:
    app.add_node(picture, html=(_visit_picture, lambda writer, _: writer.body.append("</div>\n")))
    app.add_directive("published", _PublishedDirective)
    app.add_role("number", _NumberRole())
    app.connect("env-before-read-docs", _read_notebooks_first)


def _read_notebooks_first(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """In a plain build, reading a notebook runs it: it publishes before other pages show."""
    docnames.sort(key=lambda name: not env.doc2path(name).endswith(".ipynb"))


def _visit_picture(writer: HTML5Translator, node: picture) -> None:
    style = f"--natural: {node['natural']}px; --least: {node['least']}px"
    writer.body.append(writer.starttag(node, "div", CLASS="published-picture", style=style))


def published_picture(env: BuildEnvironment, name: str) -> picture:
    """Return the picture of a published figure for the page that is being read, with alt text.

    Raise `FileNotFoundError` if its notebook has not published it.
    """
    folder = _folder(env, name)
    depended_on(env, folder / f"{name}.svg")
    record = json.loads(depended_on(env, folder / f"{name}.json").read_text(encoding="utf-8"))
    forms = {"": ["for-wide"], ".narrow": ["for-narrow"]} if record["stacked"] else {"": []}
    images = [
        nodes.image(
            uri=f"/{(folder / f'{name}{form}{variant}.svg').as_posix()}",
            alt=record["alt"],
            loading="lazy",
            # Not the theme's `only-light`: that hides the caption as well.
            classes=[f"for-{mode}", "dark-light", *classes],
        )
        for form, classes in forms.items()
        for mode, variant in (("light", ""), ("dark", ".dark"))
    ]
    width, letters = record["width"], record["letters"]  # in points
    natural, least = round(width * 96 / 72), math.ceil(width * SMALLEST / letters)
    return picture("", *images, natural=natural, least=least, stacked=record["stacked"])


def _folder(env: BuildEnvironment, name: str) -> Path:
    return Path(_declared_notebook(env, name)).parent / FOLDER / "figures"


def name_rows(caption: nodes.caption) -> None:
    """Say Top and Bottom instead of Left and Right where the panels are below each other."""
    for text in [part for part in caption.children if isinstance(part, nodes.Text)]:
        words = [
            [
                nodes.inline("", word, classes=["for-wide"]),
                nodes.inline("", _BELOW[word], classes=["for-narrow"]),
            ]
            if word in _BELOW
            else [nodes.Text(word)]
            for word in _SIDE.split(text)
        ]
        caption.replace(text, [node for several in words for node in several])


class _PublishedDirective(SphinxDirective):
    """``{published} name`` with the caption as content.

    With ``:repeat:`` the figure is shown once more: without number and label, which belong to the
    place where it is explained.
    """

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"repeat": directives.flag}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        notebook = _declared_notebook(self.env, name)
        if not self.content:
            raise self.error(f"figure {name!r}: a caption needed")
        try:
            shown = published_picture(self.env, name)
        except FileNotFoundError as error:
            message = f"figure {name!r} was not published by {notebook or 'any notebook'}"
            raise self.error(message) from error
        figure = nodes.figure("", shown, classes=["published"], published=name)
        self.set_source_info(figure)
        caption = self._caption()
        if shown["stacked"] in (2, 3):
            name_rows(caption)
        if "repeat" in self.options:
            figure["classes"].append("repeated")
            figure += nodes.legend("", nodes.paragraph("", "", *caption.children))
        else:
            figure += caption
            figure["names"].append(f"fig-{name}")
            self.state.document.note_explicit_target(figure, figure)
        return [figure, self._links(name, notebook)]

    def _caption(self) -> nodes.caption:
        content = self.parse_content_to_nodes()
        if len(content) != 1 or not isinstance(content[0], nodes.paragraph):
            raise self.error("the caption must be one paragraph")
        return nodes.caption("", "", *content[0].children)

    def _links(self, name: str, notebook: str) -> nodes.paragraph:
        folder = _folder(self.env, name)
        line = nodes.paragraph("", classes=["published-links"])
        for text, suffix in (("data", ".npz"), ("SVG", ".svg"), ("PNG", ".png")):
            line += [download(self.env, text, folder / f"{name}{suffix}"), nodes.Text(" · ")]
        cell = Notebook.read(Path(self.env.srcdir) / notebook).publishing_cell(name)
        text, page = nodes.Text("the cell that drew it"), notebook.removesuffix(".ipynb")
        line += page_link(self.env, self.env.docname, page, cell.anchor if cell else "", text)
        return line


class _NumberRole(SphinxRole):
    """``{number}`name:format` ``: a published number, in a Python format."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        name, _, spec = self.text.partition(":")
        found = sorted(Path(self.env.srcdir).glob(f"book/*/{FOLDER}/numbers/{name}.json"))
        if not found:
            return self._refused(f"number {name!r} was not published by any notebook")
        number = json.loads(depended_on(self.env, found[0]).read_text(encoding="utf-8"))
        try:
            text = format(number["value"], spec)
        except ValueError as error:
            return self._refused(f"number {name!r}: format {spec!r}: {error}")
        return [_typeset(text, number["volatile"])], []

    def _refused(self, message: str) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        _logger.warning(message, location=self.get_location())
        return [], []


def _typeset(text: str, is_volatile: bool) -> nodes.Node:
    mantissa, _, power = text.partition("e")
    if not power.lstrip("+-").isdigit():
        text = text.replace("-", "\N{MINUS SIGN}")
    elif is_volatile:
        text = f"{mantissa} × 10{str(int(power)).translate(_SUPERSCRIPTS)}"
    else:
        return nodes.math("", rf"{mantissa}\times10^{{{int(power)}}}")
    if is_volatile:
        return volatile(text=text, classes=["number"])
    return nodes.inline("", text, classes=["number"])


def _declared_notebook(env: BuildEnvironment, figure: str) -> str:
    return str(declared_figures(env).get(figure, {}).get("notebook", ""))


def declared_figures(env: BuildEnvironment) -> dict[str, dict[str, Any]]:
    """Return the entries of ``figures.yml``; pages may differ from a checked source tree here."""
    return read_entries(Path(env.srcdir) / "book/figures.yml")
