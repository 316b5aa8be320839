"""A page of the site as a reader opens it: what tests do on every page."""

import re
from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext, Page, TimeoutError

NARROW, WIDE = 390, 1280
SCHEMES = ("light", "dark")

# The page has been drawn anew, its observers have been notified, and what fades in or changes its
# colour has done so.
DRAWN = """() => new Promise(resolve => requestAnimationFrame(() => {
    document.getAnimations().forEach(animation => animation.effect.updateTiming({duration: 0}))
    requestAnimationFrame(() => setTimeout(resolve))
}))"""
# The sum of what has moved without the reader's doing; below 0.1 is good.
SHIFTED = """window.shifted = 0
new PerformanceObserver(list => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifted += entry.value
}).observe({type: "layout-shift", buffered: true})"""
# What the address of the page names, if it does not begin in the first 200 px below the top bar, or
# as near to that as the end of the page allows.
MISSED = """() => {
    const name = decodeURIComponent(location.hash.slice(1))
    const bar = document.querySelector(".bd-header-article").getBoundingClientRect().bottom
    const {top, bottom} = document.getElementById(name).getBoundingClientRect()
    const isAtEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 2
    const isSeen = top >= bar - 1 && top <= (isAtEnd ? innerHeight - 1 : bar + 200)
    const where = `${top.toFixed()} px, bar ${bar.toFixed()} px`
    return isSeen ? [] : [`${location.pathname}#${name}: ${where}`]
}"""


class Visit:
    """A tab of a browser, with everything that goes wrong on the page that is open.

    A new tab takes the processor a second, so tests share one. They do not share what they leave:
    the browser keeps no page (see conftest.Quiet), and `open` puts back the rest.
    """

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.address = address
        self.complaints: list[str] = []
        self.page.set_default_timeout(90_000)  # ms: a busy machine may take them
        self.page.add_init_script(SHIFTED)
        self._session = context.new_cdp_session(self.page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        self.page.on("response", self._response)
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._request)

    def open(self, name: str, slowness: float | None = None, **media: Any) -> float:
        """Go to a page of the site; return the seconds that the processor takes to load it.

        With `slowness` the browser has kept nothing, as on a first visit, and the processor seems
        slower by this factor. `media` are options of Playwright's `emulate_media`.
        """
        self.page.unroute_all()
        if self.page.url.startswith(self.address):
            self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)
        self.page.emulate_media(media="screen", **media)
        self._session.send("Emulation.setCPUThrottlingRate", {"rate": slowness or 1})
        if slowness:
            self._session.send("Network.clearBrowserCache")
        self.complaints, before = [], self._seconds()
        self.page.goto(self.address + name, wait_until="load")
        return self._seconds() - before

    def _seconds(self) -> float:
        """Time of the processor that the page's thread has taken: a busy machine adds nothing."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}["ThreadTime"]

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} {message.location['url']}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before the answer
            self.complaints.append(f"request failed: {request.url}")

    def _request(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"another host: {request.url}")


def missed(page: Page) -> list[str]:
    """Whether the place in the address is not reached, at the latest when the page stands still."""
    with suppress(TimeoutError):
        page.wait_for_function(f"() => !({MISSED})().length", timeout=10_000)
    found: list[str] = page.evaluate(MISSED)
    return found


def show(page: Page, width: int | None = None, scheme: str | None = None) -> None:
    """Change the window's width, or the reader's setting of light and dark."""
    if width:
        page.set_viewport_size({"width": width, "height": 844})
    if scheme:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
    page.evaluate(DRAWN)


def unfold(page: Page) -> None:
    """Open what is folded: it counts too."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    page.evaluate(DRAWN)


def load_images(page: Page) -> None:
    """Load the images that a browser loads only when they are seen."""
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.wait_for_function(
        "() => [...document.images].every(i => i.complete || !i.checkVisibility())"
    )


def all_results(page: Page) -> None:
    """Wait for the results of a search and what they quote, which come in one by one."""
    page.locator(".search-summary", has_text=re.compile("found", re.IGNORECASE)).wait_for()
    page.wait_for_load_state("networkidle")
