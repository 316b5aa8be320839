"""The built site, served on loopback, in headless Chromium."""

import functools
import html
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from own_data_answers import in_browser_of
from playwright.sync_api import Browser, Page, sync_playwright
from visiting import WIDE, Visit

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
    protocol_version = "HTTP/1.1"  # keeps connections
    wbufsize = -1  # an answer in one piece, for which nothing waits

    def log_message(self, *_: object) -> None:
        pass

    def end_headers(self) -> None:
        """Have browsers keep what pages share, as hosts do, and no page."""
        kept = "max-age=3600" if "/_static/" in self.path else "no-store"
        self.send_header("Cache-Control", kept)
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
    """Open a page of the site in a window of a size, as a reader with these settings.

    `options` are of Playwright's `new_context`; with them the page has a context of its own.
    """
    contexts = []

    def opened(
        name: str,
        width: int = WIDE,
        scheme: str = "light",
        height: int = 900,
        motion: str = "no-preference",
        slowness: float | None = None,
        **options,
    ) -> Visit:
        result = tab
        if options:
            contexts.append(browser.new_context(**options))
            result = Visit(contexts[-1], tab.address)
        result.page.set_viewport_size({"width": width, "height": height})
        result.open(name, slowness, color_scheme=scheme, reduced_motion=motion)
        return result

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def explore(visit) -> Iterator[Callable[..., Page]]:
    """Open a page with an explorer, on which nothing may go wrong to the end of the test.

    `name` is that of an explorer, or "owndata/index".
    """
    visits = []

    def opened(name: str, fragment: str = "", **options) -> Page:
        path = name if "/" in name else f"explorers/{name}"
        visits.append(visit(f"book/{path}.html{fragment}", **{"height": 1000, **options}))
        page = visits[-1].page
        page.wait_for_selector(".explorer.is-live")
        return page

    yield opened
    assert [complaint for each in visits for complaint in each.complaints] == []


@pytest.fixture
def own_data(explore) -> Callable[..., Page]:
    """Open the page "Your own data", which answers at once, for its own example."""

    def opened(**options) -> Page:
        page = explore("owndata/index", **options)
        page.wait_for_selector(".own-data .step")
        return page

    return opened


# Lists instead of typed arrays, so that the answer can be serialised.
_CALL = """async ([module, name, cases]) => {
  const { [name]: called } = await import(module);
  const plain = (value) =>
    ArrayBuffer.isView(value) ? Array.from(value)
    : Array.isArray(value) ? value.map(plain)
    : value && typeof value === "object"
      ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
    : value;
  return cases ? cases.map((arguments_) => plain(called(...arguments_))) : plain(called);
}"""


@pytest.fixture(scope="module")
def call(tab: Visit) -> Callable[..., Any]:
    """Call a function of an explorer's module for each list of arguments; or get a constant."""
    tab.open("book/explorers/index.html")

    def called(module: str, name: str, cases: Any = None) -> Any:
        arguments = cases and [
            [part.tolist() if isinstance(part, np.ndarray) else part for part in case]
            for case in cases
        ]
        url = f"{tab.address}_static/explorers/maths/{module}.js"
        return tab.page.evaluate(_CALL, [url, name, arguments])

    return called


@pytest.fixture(scope="module")
def in_browser(tab: Visit) -> Callable[..., Any]:
    """The answers of "Your own data" for cases (content, choice, reading, momentum)."""
    return in_browser_of(tab)


def settle(page) -> None:
    """Wait until a change is drawn: two frames."""
    page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def outcome(page) -> str:
    settle(page)
    return page.locator(".outcome").inner_text()


def centre(page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
