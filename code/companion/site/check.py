"""Check a built site as files: nothing from another host, no dead link, no image without size."""

import os
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from companion.errors import refuse

# Attributes by which a page makes the browser load something, unlike a link a reader may follow.
_LOADING = {"src", "srcset", "poster"}
_LOADING_RELATIONS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest"}
_CSS_URL = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])([^'\")\s]+)")
# Most of a page loads nothing and leads nowhere: formulas, and tags that end or have a class alone.
_IDLE = re.compile(
    r"<mjx-container .*?</mjx-container>|</(?!script|style)[^>]*>"
    r"|<(?:div|em|li|p|pre|span|strong|td|th|tr|ul)(?: class=\"[^\"]*\")?>",
    re.DOTALL,
)
# Made by Sphinx: their links and ids are its business.
_OWN_PAGES_ONLY = ("genindex.html", "search.html")


class _Page(HTMLParser):
    """The ids, loads and links of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.problems: list[str] = []
        self.feed(_IDLE.sub("", path.read_text(encoding="utf-8")))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        if (name := values.get("id")) is not None:
            if name in self.ids:
                self.problems.append(f"two elements have the id {name}")
            self.ids.add(name)
        self.loads += [values[key] for key in _LOADING if values.get(key)]
        if tag == "object" and values.get("data"):
            self.loads.append(values["data"])
        if tag == "link" and _LOADING_RELATIONS & set(values.get("rel", "").split()):
            self.loads.append(values.get("href", ""))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        source = values.get("src", "")
        if tag == "img" and "alt" not in values:
            self.problems.append(f"image {source} has no alt text")
        if tag == "img" and not (values.get("width") and values.get("height")):
            self.problems.append(f"image {source} has no width or no height")


def check_site(site: Path) -> None:
    """Check every page and style sheet below `site`."""
    # Themes leave templates of theirs among the static files; they are no pages.
    found = (path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts)
    pages = {path: _Page(path) for path in found}
    problems: list[str] = []
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        problems += [f"{name}: {problem}" for problem in _page_problems(path, page, pages)]
    for sheet in sorted(site.rglob("*.css")):
        for url in _CSS_URL.findall(sheet.read_text(encoding="utf-8", errors="replace")):
            if is_foreign(url):
                problems.append(f"{sheet.relative_to(site).as_posix()}: loads {url}")
    refuse(problems)


def is_foreign(url: str) -> bool:
    """Whether a browser would ask another host for `url`."""
    parts = urlsplit(url)
    return bool(parts.netloc) and parts.scheme in ("", "http", "https", "ws", "wss")


def _page_problems(path: Path, page: _Page, pages: Mapping[Path, _Page]) -> Iterator[str]:
    for url in page.loads:
        if is_foreign(url):
            yield f"loads {url} from another host"
        elif not _is_present(path, url):
            yield f"loads {url}, which is not there"
    if path.name in _OWN_PAGES_ONLY:
        return
    yield from dict.fromkeys(page.problems)
    for url in dict.fromkeys(page.links):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
        if not target.exists():
            yield f"links to {url}, which is not there"
        anchor = unquote(parts.fragment)
        if anchor not in ("", "top") and target in pages and anchor not in pages[target].ids:
            yield f"links to {url}, which has no such anchor"


def _is_present(path: Path, url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "data" or (path.parent / unquote(parts.path)).exists()
