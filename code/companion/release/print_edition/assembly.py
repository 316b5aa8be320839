"""The whole book as one HTML document, put together from the pages of the built site.

A theorem, a figure, an equation has the number it has on the site, because it is the same HTML.
What this module changes: ids get the name of their page in front, so that they stay unique; links
between pages become links within the document; headings move down to where they stand in the book;
what only a screen can use (dark variants, buttons, downloads, a figure shown once more) goes, and
what was folded is opened.
"""

from __future__ import annotations

import copy
import html
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from companion.project import BookError, Project
from companion.release.print_edition.front import Line, contents_list, title_page

_STYLE = Path(__file__).with_name("print_edition.css")
_ONLY_ON_SCREEN = (
    "script, link, button, .headerlink, .for-dark, .d-print-none, .toctree-wrapper, "
    ".sd-summary-state-marker, .repeated, .repeated + .published-links"
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
        """What stands in front of the page's ids, and the id of the page itself."""
        return self.page.with_suffix("").as_posix().replace("/", "-")


def compose(project: Project) -> str:
    """Return the print edition of the built site as HTML, to be opened at the site's root.

    Raises
    ------
    BookError
        If there is no site, or a page of it has no article.
    """
    entries = entries_of(project)
    slugs = {entry.page: entry.slug for entry in entries}
    articles = [_adapted(article_of(project.site, entry), entry, slugs) for entry in entries]
    pairs = list(zip(entries, articles, strict=True))
    lines = [line for entry, article in pairs for line in _lines(entry, article)]
    return (
        '<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head>'
        f'<meta charset="utf-8"><title>{html.escape(project.settings["title"])}</title>'
        f"{''.join(_head(project.site, entries[0].page))}"
        f"<style>{_STYLE.read_text(encoding='utf-8')}{_running_heads(pairs)}</style></head>"
        f'<body><main class="bd-article print-edition" id="print-edition">{title_page(project)}'
        f"{contents_list(lines)}{''.join(_chapters(pairs))}</main></body></html>"
    )


def _head(site: Path, page: Path) -> Iterator[str]:
    """The style sheets of the site; no script."""
    soup = _parsed(site / page)
    for link in soup.select('head link[rel~="stylesheet"]'):
        link["href"] = _address(_file_of(page, str(link["href"])))
        yield str(link)


# The pages of the site ----------------------------------------------------------------------


def entries_of(project: Project) -> list[Entry]:
    """Return all pages of the book, read from the sidebar of its first page.

    Raises
    ------
    BookError
        If there is no site.
    """
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


def _file_of(page: Path, url: str) -> Path:
    """Return the file of the site that `url`, on `page`, leads to."""
    return Path(os.path.normpath(page.parent / unquote(urlsplit(url).path)))


def _parsed(path: Path) -> BeautifulSoup:
    """Parse a page; plain words of code lose the element they are in."""
    if not path.is_file():
        raise BookError(f"{path}: no such page in the site; build it first")
    text = _PLAIN_CODE.sub(r"\1", path.read_text(encoding="utf-8"))
    return BeautifulSoup(text, "html.parser")


# Chapters -----------------------------------------------------------------------------------


def _chapters(pairs: list[tuple[Entry, Tag]]) -> Iterator[str]:
    for entry, article in pairs:
        yield (
            f'<section class="page depth-{entry.depth}" id="{entry.slug}">'
            f"{article.decode_contents()}</section>"
        )


def _running_heads(pairs: list[tuple[Entry, Tag]]) -> str:
    """Rules that set the title of a chapter at the head of its pages."""
    rules, name = [], ""
    for entry, article in pairs:
        if entry.depth == 1:
            name = f"chapter-{entry.slug}"
            title = " ".join(_heading(article).get_text().split())
            text = title.replace("\\", r"\\").replace('"', r"\"").replace("<", r"\3c ")
            rules.append(f'@page {name} {{ @top-right {{ content: "{text}"; }} }}')
        rules.append(f"#{entry.slug} {{ page: {name}; }}")
    return "\n".join(rules)


def _lines(entry: Entry, article: Tag) -> Iterator[Line]:
    """What the table of contents says of a page: its title, and a chapter's sections."""
    yield Line(entry.slug, entry.depth, _words(_heading(article)), entry.part)
    if entry.depth == 1:
        for heading in article.select("h2.level-2"):
            section = heading.find_parent("section")
            if section is not None and heading.select_one(".section-number"):
                yield Line(str(section["id"]), 2, _words(heading), entry.part)


def _heading(article: Tag) -> Tag:
    heading = article.select_one(".level-1")
    assert heading is not None, "every page of a book has a title"
    return heading


def _words(heading: Tag) -> str:
    """The words and formulas of a heading, without links of their own."""
    heading = copy.copy(heading)
    for element in heading.select("a"):
        element.unwrap()
    return heading.decode_contents().strip()


# A page -------------------------------------------------------------------------------------


def _adapted(article: Tag, entry: Entry, slugs: dict[Path, str]) -> Tag:
    for element in article.select(_ONLY_ON_SCREEN):
        element.decompose()
    for cell in article.select("details.hide"):
        if cell.summary:
            cell.summary.decompose()  # "Show code cell source"
        cell.unwrap()
    for paragraph in article.select(".published-links"):
        _keep_link_to_cell(paragraph)
    for element in article.find_all(True):
        _adapt(element, entry, slugs)
    return article


def _keep_link_to_cell(paragraph: Tag) -> None:
    """Of the links below a figure, only the one to its cell leads to something in the document."""
    cell = paragraph.select_one("a:not(.download)")
    paragraph.clear()
    if cell:
        paragraph.append(cell)


def _adapt(element: Tag, entry: Entry, slugs: dict[Path, str]) -> None:
    """Fit one element into the document, and unfold it."""
    if element.name == "noscript":
        element.unwrap()
    elif element.name == "details":
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


def _address(path: Path) -> str:
    return quote(path.as_posix())
