"""The whole book as one HTML document, put together from the pages of the built site.

It is the same HTML, so theorems, figures and equations have the numbers of the site. Changed are
ids, which get the name of their page in front; links between pages, which become links within the
document; the levels of headings. What only a screen can use goes, and so do the theorems in Coq;
what else was folded is opened. ``document.html`` is what the pages are put into.
"""

import copy
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from companion.checking.citation import names_of, read_citation
from companion.project import BookError, Project

_ONLY_ON_SCREEN = (
    "script, link, button, .headerlink, .for-dark, .for-narrow, .d-print-none, .toctree-wrapper, "
    ".sd-summary-state-marker, details.hide > summary, details.formal, "
    ".repeated, .repeated + .published-links"
)
_ITEMS = ".bd-links p.caption, .bd-links li > a.reference.internal"
# Words of code in the colour of the text around them. Each element costs the PDF an entry of its
# structure, and these would be two thirds of all elements of the book.
_PLAIN_CODE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')
_HEADING = re.compile("h[1-6]")
# Attributes that hold ids: one or several.
_REFERRING = ("id", "for", "aria-labelledby", "aria-describedby", "aria-controls")


@dataclass(frozen=True)
class Entry:
    """A page of the book."""

    page: Path  # relative to the site
    depth: int  # 1 for chapters, 2 for their sections
    part: str  # the caption of the part it belongs to; empty outside of parts

    @property
    def slug(self) -> str:
        """What the page's ids begin with, and the id of the page itself."""
        return self.page.with_suffix("").as_posix().replace("/", "-")


def _words(heading: Tag) -> Markup:
    """The words and formulas of a heading, without links of their own."""
    heading = copy.copy(heading)
    for element in heading.select("a"):
        element.unwrap()
    return Markup(heading.decode_contents().strip())


def compose(project: Project) -> str:
    """Return the print edition of the built site as HTML, to be opened at the site's root."""
    entries = entries_of(project)
    slugs = {entry.page: entry.slug for entry in entries}
    loader = FileSystemLoader(Path(__file__).parent)
    template = Environment(loader=loader, autoescape=True).get_template("document.html")
    return template.render(
        title=project.settings["title"],
        citation=read_citation(project.citation),
        names_of=names_of,
        sheets=list(_style_sheets(project.site, entries[0].page)),
        pages=[_page(article_of(project.site, entry), entry, slugs) for entry in entries],
    )


# The pages of the site ----------------------------------------------------------------------


def entries_of(project: Project) -> list[Entry]:
    """Return all pages of the book, read from the sidebar of its first page."""
    first = Path(project.name(project.pages[0])).with_suffix(".html")
    entries = [Entry(first, 1, "")]
    part = ""
    for item in _parsed(project.site / first).select(_ITEMS):
        if item.name == "p":
            part = item.get_text().strip()
        elif urlsplit(str(item["href"])).path:  # the first page lists itself with the address "#"
            page = _file_of(first, str(item["href"]))
            entries.append(Entry(page, len(list(item.find_parents("li"))), part))
    return entries


def article_of(site: Path, entry: Entry) -> Tag:
    """Return the article of a page, which is the page without what leads to other pages."""
    article = _parsed(site / entry.page).select_one("article.bd-article")
    if article is None:
        raise BookError(f"{entry.page.as_posix()}: no article on this page of the site")
    return article


def _style_sheets(site: Path, page: Path) -> Iterator[Markup]:
    for link in _parsed(site / page).select('head link[rel~="stylesheet"]'):
        link["href"] = _address(_file_of(page, str(link["href"])))
        yield Markup(str(link))


def _file_of(page: Path, url: str) -> Path:
    """Return the file of the site that `url`, on `page`, leads to."""
    return Path(os.path.normpath(page.parent / unquote(urlsplit(url).path)))


def _address(path: Path) -> str:
    return quote(path.as_posix())


def _parsed(path: Path) -> BeautifulSoup:
    """Parse a page; plain words of code lose the element they are in."""
    if not path.is_file():
        raise BookError(f"{path}: no such page in the site; build it first")
    text = _PLAIN_CODE.sub(r"\1", path.read_text(encoding="utf-8"))
    return BeautifulSoup(text, "html.parser")


# A page -------------------------------------------------------------------------------------


def _page(article: Tag, entry: Entry, slugs: dict[Path, str]) -> dict[str, Any]:
    """Return a page for the template; its sections are those that have a number."""
    _adapt_all(article, entry, slugs)
    (title, *_) = article.select(".level-1")  # every page of a book has one
    words = json.dumps(" ".join(title.get_text().split()), ensure_ascii=False)
    sections = [
        (section["id"], _words(heading))
        for section in article.select("section[id]")
        for heading in section.select(":scope > h2.level-2:has(.section-number)")
    ]
    return {
        "slug": entry.slug,
        "depth": entry.depth,
        "part": entry.part,
        "content": Markup(article.decode_contents()),
        "heading": _words(title),
        "running_head": Markup(words.replace("<", r"\3c ")),  # a string of CSS
        "sections": sections,
    }


def _adapt_all(article: Tag, entry: Entry, slugs: dict[Path, str]) -> None:
    for element in article.select(_ONLY_ON_SCREEN):
        element.decompose()
    for element in article.select("noscript, details.hide"):
        element.unwrap()
    for paragraph in article.select(".published-links"):
        # Only the link to the cell leads to something in the document.
        cell = paragraph.select_one("a:not(.download)")
        paragraph.clear()
        if cell:
            paragraph.append(cell)
    for element in article.find_all(True):
        _adapt(element, entry, slugs)


def _adapt(element: Tag, entry: Entry, slugs: dict[Path, str]) -> None:
    """Fit one element into the document, and unfold it."""
    if element.name == "details":
        element["open"] = ""
    elif _HEADING.fullmatch(element.name):
        # The outline of the PDF is made of the headings: sections belong below their chapter.
        level = int(element.name[1])
        element["class"] = f"level-{level}"
        element.name = f"h{min(level + entry.depth - 1, 6)}"
    for attribute in _REFERRING:
        if attribute in element.attrs:
            value = element[attribute]
            names = value.split() if isinstance(value, str) else value
            element[attribute] = " ".join(f"{entry.slug}--{name}" for name in names)
    if "src" in element.attrs:
        element["src"] = _address(_file_of(entry.page, str(element["src"])))
        element["loading"] = "eager"
    if "href" in element.attrs:
        _redirect(element, entry, slugs)


def _redirect(link: Tag, entry: Entry, slugs: dict[Path, str]) -> None:
    """Lead a link to its target in the document; what is only on the site loses its link."""
    url = urlsplit(str(link["href"]))
    if url.scheme or url.netloc:
        return
    target = slugs.get(_file_of(entry.page, url.path) if url.path else entry.page)
    if target is None:
        del link["href"]
    else:
        fragment = f"--{unquote(url.fragment)}" if url.fragment else ""
        link["href"] = f"#{target}{fragment}"
