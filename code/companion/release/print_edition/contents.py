"""The pages of a built site in reading order, as its sidebar lists them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.filter import SoupStrainer

from companion.project import BookError, Project

_ITEMS = ".bd-links p.caption, .bd-links li > a.reference.internal"


# Words of code in the colour of the text around them. Each element costs the PDF an entry of its
# structure, and these would be two thirds of all elements of the book.
_PLAIN_CODE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')


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
    for item in parsed(project.site / first, "nav").select(_ITEMS):
        if item.name == "p":
            part = item.get_text().strip()
        elif urlsplit(str(item["href"])).path:  # the first page lists itself with the address "#"
            page = file_of(first, str(item["href"]))
            entries.append(Entry(page, len(list(item.find_parents("li"))), part))
    return entries


def article_of(site: Path, entry: Entry) -> Tag:
    """Return the article of a page, which is the page without what leads to other pages."""
    article = parsed(site / entry.page, "article").select_one("article.bd-article")
    if article is None:
        raise BookError(f"{entry.page.as_posix()}: no article on this page of the site")
    return article


def file_of(page: Path, url: str) -> Path:
    """Return the file of the site that `url`, on `page`, leads to."""
    return Path(os.path.normpath(page.parent / unquote(urlsplit(url).path)))


def parsed(path: Path, only: str | None = None) -> BeautifulSoup:
    """Parse a page, or only its elements of one name, which takes less time.

    Plain words of code lose the element they are in.
    """
    if not path.is_file():
        raise BookError(f"{path}: no such page in the site; build it first")
    part = SoupStrainer(only) if only else None
    text = _PLAIN_CODE.sub(r"\1", path.read_text(encoding="utf-8"))
    return BeautifulSoup(text, "html.parser", parse_only=part)
