"""Check a built site as files: nothing from another host, no dead link, no image without size."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from companion.project import BookError

# Attributes by which a page makes the browser load something, unlike a link a reader may follow.
_LOADING = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "img": ("src", "srcset"),
    "input": ("src",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "video": ("src", "poster"),
}
_LOADING_RELATIONS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest"}
_CSS_URL = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])([^'\")\s]+)")
# Made by Sphinx: their links and ids are its business.
_OWN_PAGES_ONLY = ("genindex.html", "search.html")


@dataclass
class _Page(HTMLParser):
    """The ids, loads and links of one page."""

    ids: set[str] = field(default_factory=set)
    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    without_alt: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    without_size: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if "id" in values:
            if values["id"] in self.ids:
                self.repeated.append(values["id"])
            self.ids.add(values["id"])
        for key in _LOADING.get(tag, ()):
            if values.get(key):
                self.loads.append(values[key])
        if tag == "link" and _LOADING_RELATIONS & set(values.get("rel", "").split()):
            self.loads.append(values.get("href", ""))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        if tag == "img" and "alt" not in values:
            self.without_alt.append(values.get("src", ""))
        if tag == "img" and not (values.get("width") and values.get("height")):
            self.without_size.append(values.get("src", ""))


def check_site(site: Path, cache: Path | None = None) -> None:
    """Check every page and style sheet below `site`.

    Parameters
    ----------
    site
        The folder of the site.
    cache
        A file that remembers what pages hold from one build to the next.

    Raises
    ------
    BookError
        For a resource on another host, a missing file or anchor, an image without alt text or
        size, and an id that two elements of a page have.
    """
    # Themes leave templates of theirs among the static files; they are no pages.
    found = (path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts)
    parser = _Parser(cache)
    pages = {path.resolve(): parser.parse(path) for path in found}
    parser.remember()
    problems: list[str] = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve()).as_posix()
        problems += [f"{name}: {problem}" for problem in _page_problems(path, page, pages)]
    for sheet in sorted(site.rglob("*.css")):
        for url in _CSS_URL.findall(sheet.read_text(encoding="utf-8", errors="replace")):
            if is_foreign(url):
                problems.append(f"{sheet.relative_to(site).as_posix()}: loads {url}")
    if problems:
        raise BookError("\n".join(problems))


def is_foreign(url: str) -> bool:
    """Whether a browser would ask another host for `url`."""
    parts = urlsplit(url)
    return bool(parts.netloc) and parts.scheme in ("", "http", "https", "ws", "wss")


class _Parser:
    """Parses pages, each content once: most pages are the same in the next build.

    What is remembered belongs to a digest of the page and of this module.
    """

    def __init__(self, cache: Path | None) -> None:
        self._cache = cache
        self._salt = Path(__file__).read_bytes()
        self._known: dict[str, Any] = {}
        self._used: dict[str, Any] = {}
        if cache and cache.is_file():
            with suppress(ValueError):  # cut off by a kill or a full disk
                self._known = json.loads(cache.read_bytes())

    def parse(self, path: Path) -> _Page:
        content = path.read_bytes()
        key = hashlib.sha256(self._salt + content).hexdigest()
        if key in self._known:
            ids, *lists = self._known[key]
            page = _Page(set(ids), *lists)
        else:
            page = _Page()
            page.feed(content.decode("utf-8"))
        ids, *lists = astuple(page)
        self._used[key] = (sorted(ids), *lists)
        return page

    def remember(self) -> None:
        if self._cache and self._used.keys() != self._known.keys():
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            self._cache.write_text(json.dumps(self._used), encoding="utf-8")


def _page_problems(path: Path, page: _Page, pages: Mapping[Path, _Page]) -> Iterator[str]:
    for url in page.loads:
        if is_foreign(url):
            yield f"loads {url} from another host"
        elif not _is_present(path, url):
            yield f"loads {url}, which is not there"
    for source in page.without_alt:
        yield f"image {source} has no alt text"
    for source in page.without_size:
        yield f"image {source} has no width or no height: what is below it would move"
    if path.name in _OWN_PAGES_ONLY:
        return
    for name in dict.fromkeys(page.repeated):
        yield f"two elements have the id {name}"
    for url in dict.fromkeys(page.links):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.exists():
            yield f"links to {url}, which is not there"
        elif parts.fragment and target in pages and not _has_anchor(pages[target], parts.fragment):
            yield f"links to {url}, which has no such anchor"


def _is_present(path: Path, url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "data" or (path.parent / unquote(parts.path)).exists()


def _has_anchor(page: _Page, fragment: str) -> bool:
    return unquote(fragment) in page.ids or fragment == "top"
