"""The first leaves of the print edition: title page and table of contents."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from companion.checking.citation import names_of, read_citation
from companion.project import Project


class Line(NamedTuple):
    """A line of the table of contents."""

    target: str  # an id of the document
    depth: int
    text: str  # HTML
    part: str


def title_page(project: Project) -> str:
    """Return the first page: title, the paper it accompanies, how to cite, licences."""
    return (
        f'<section class="title-page"><p class="title">{html.escape(project.settings["title"])}</p>'
        f"{''.join(_imprint(read_citation(project.citation)))}</section>"
    )


def _imprint(citation: dict[str, Any]) -> Iterator[str]:
    if not citation:
        return
    for paper in citation.get("references", ()):
        number = paper["url"].rpartition("/")[2]
        work = f"<em>{html.escape(paper['title'])}</em>, arXiv:{number}, {paper['year']}"
        yield (
            f'<p class="accompanies">An executable companion to<br>'
            f"{html.escape(names_of(paper))}<br>"
            f'<a href="{html.escape(paper["url"])}">{work}</a></p>'
        )
    authors, released = html.escape(names_of(citation)), citation["date-released"]
    yield f'<p class="authors">{authors}<br>Version {citation["version"]}, {released}</p>'
    yield (
        f'<div class="imprint"><p>{html.escape(citation["message"])} {authors}: '
        f"<em>{html.escape(citation['title'])}</em>, version {citation['version']}, {released}.</p>"
        "<p>Text: CC BY 4.0. Code: BSD 3-Clause. Every figure and number was computed and checked "
        "by the run that built this book. What is folded on the site is open here, and a still "
        "picture stands for each explorer.</p></div>"
    )


def contents_list(lines: Iterable[Line]) -> str:
    """Return the table of contents; page numbers are filled in after the first printing."""
    items, part = [], ""
    for line in lines:
        if line.part != part:
            part = line.part
            items.append(f'<li class="part">{html.escape(part)}</li>')
        items.append(
            f'<li class="depth-{line.depth}"><a href="#{line.target}"><span>{line.text}</span>'
            f'<span class="page-number" data-page="{line.target}"></span></a></li>'
        )
    heading = '<p class="title">Contents</p>'
    return f'<nav class="list-of-pages">{heading}<ol>{"".join(items)}</ol></nav>'
