"""The built site, served on loopback, in headless Chromium."""

from __future__ import annotations

import functools
import html
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from inspection import WIDE, Visit
from playwright.sync_api import Browser, sync_playwright

from companion.project import Project
from companion.release.chromium import FLAGS, find_chromium

PROJECT = Project(Path(__file__).resolve().parents[2])
SITE = PROJECT.site
PAGES = sorted(
    [path.relative_to(SITE).as_posix() for path in (SITE / "book").rglob("*.html")]
    + ["search.html"]
)


@functools.cache
def _links() -> dict[str, set[str]]:
    """By page, the anchors that links of the site lead to."""
    anchors: dict[str, set[str]] = defaultdict(set)
    for page in [SITE / "genindex.html", *(SITE / name for name in PAGES)]:
        for path, anchor in re.findall(r'href="([^"#:]*)#([^"]+)"', page.read_text("utf-8")):
            target = (page.parent / path).resolve() if path else page
            anchors[target.relative_to(SITE).as_posix()].add(html.unescape(anchor))
    return anchors


def links_into(name: str) -> list[str]:
    """The anchors of a page that links of the site lead to."""
    return sorted(_links()[name] - {"main-content"})  # where the link to skip the menus leads


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def end_headers(self) -> None:
        """Have browsers keep nothing: to every page its visitor is new."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


@contextmanager
def served(handler: type[Quiet]) -> Iterator[str]:
    """The address, without a path, at which `handler` serves the site."""
    assert len(PAGES) > 1, "no site; `make book` builds it"
    of_site = functools.partial(handler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), of_site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with served(Quiet) as host:
        yield f"{host}/"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def tab(browser: Browser, address: str) -> Visit:
    return Visit(browser.new_context(), address)


@pytest.fixture
def visit(tab: Visit, browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open a page of the site in a window of a size and in a colour scheme.

    `options` are of Playwright's `new_context`; with them the page has a browser of its own.
    """
    contexts = []

    def opened(
        name: str, width: int = WIDE, height: int = 900, scheme: str = "light", **options
    ) -> Visit:
        result = tab
        if options:
            contexts.append(browser.new_context(**options))
            result = Visit(contexts[-1], tab.address)
        result.page.set_viewport_size({"width": width, "height": height})
        result.open(name, color_scheme=scheme)
        return result

    yield opened
    for context in contexts:
        context.close()
