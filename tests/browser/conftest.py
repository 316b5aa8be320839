"""The built site, served on loopback, in headless Chromium."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

SITE = Path(__file__).resolve().parents[2] / "_build" / "html"
PAGES = sorted(
    [path.relative_to(SITE).as_posix() for path in (SITE / "book").rglob("*.html")]
    + ["search.html"]
)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    assert PAGES, "no site; `make book` builds it"
    handler = functools.partial(_Quiet, directory=str(SITE))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "Chromium needed (Debian: apt-get install chromium)"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=flags)
        yield browser
        browser.close()


class Visit:
    """A page that was opened, with everything that went wrong on the way."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("response", self._response)
        page.on("requestfailed", lambda r: self.complaints.append(f"request failed: {r.url}"))
        page.on("request", functools.partial(self._request, address))

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _request(self, address: str, request) -> None:
        if not request.url.startswith((address, "data:", "blob:")):
            self.complaints.append(f"another host: {request.url}")


@pytest.fixture
def visit(browser: Browser, address: str):
    """Open a page of the site at a width and a colour scheme; wait for its formulas."""
    contexts = []

    def opened(name: str, width: int = 1280, scheme: str = "light") -> Visit:
        size = {"width": width, "height": 900}
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        result = Visit(context.new_page(), address)
        result.page.goto(address + name, wait_until="load")
        result.page.wait_for_function(
            "() => !window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true)"
        )
        return result

    yield opened
    for context in contexts:
        context.close()
