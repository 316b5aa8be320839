"""The built site, served on loopback, in headless Chromium."""

from __future__ import annotations

import functools
import html
import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from inspection import Inspection, Visit, inspect
from playwright.sync_api import Browser, sync_playwright
from sharing import Room, once_for_all

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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this test run, the same in every process of it."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(autouse=True)
def alone(shared: Path) -> Iterator[Callable[[], None]]:
    """Called by a test that measures time: until its end no other test runs."""
    with Room(shared).entered() as alone:
        yield alone


@pytest.fixture(scope="session")
def look(browser: Browser, address: str, shared: Path) -> Callable[[str], Inspection]:
    """What is seen on a page; each page is loaded once for all tests."""

    @functools.cache
    def seen(name: str) -> Inspection:
        kept = shared / "seen" / name.replace("/", "-")
        return once_for_all(kept, lambda: inspect(browser, address, name, links_into(name)))

    return seen


@pytest.fixture
def visit(browser: Browser, address: str):
    """Open a page of the site at a width and a colour scheme."""
    contexts = []

    def opened(name: str, width: int = 1280, scheme: str = "light") -> Visit:
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        result = Visit(context.new_page(), address)
        result.open(name)
        return result

    yield opened
    for context in contexts:
        context.close()
