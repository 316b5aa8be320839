"""One look at one page: everything the tests ask of every page, from a single load.

The page opens as on a phone, is widened to a desktop window, and changes between light and dark by
the setting of the reader's system, as the theme listens to it. Loading is what takes the time, so
the tests share what was seen.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

NARROW, WIDE = 390, 1280
SCHEMES = ("light", "dark")
_FIRST_VIEW = """() => new Promise(resolve => new PerformanceObserver(list => {
    for (const entry of list.getEntriesByName("first-contentful-paint")) resolve(entry.startTime)
}).observe({type: "paint", buffered: true}))"""
_FIGURES = """() => [...document.querySelectorAll("figure.published")].map(figure => ({
    images: [...figure.querySelectorAll("img")].map(i => [i.getAttribute("src"), i.alt]),
    shown: [...figure.querySelectorAll("img")].filter(i => i.checkVisibility())
        .map(i => i.getAttribute("src")),
    explorer: figure.closest(".explorer.is-live") !== null,
}))"""
_WIDTHS_OF_IMAGES = """() => [...document.querySelectorAll("figure.published img")]
    .filter(i => i.checkVisibility()).map(i => [i.getAttribute("src"), i.clientWidth])"""
# What sticks out of the window: the outermost elements, unless something around them scrolls.
_STICKING_OUT = """() => {
    const width = document.documentElement.clientWidth
    if (document.documentElement.scrollWidth <= width) return []
    return [...document.querySelectorAll("body *")]
        .filter(e => e.getBoundingClientRect().right > width + 1 && e.checkVisibility())
        .map(e => `${e.tagName}.${e.className} "${e.textContent.trim().slice(0, 40)}"`)
        .concat([`page is ${document.documentElement.scrollWidth} px wide`]).slice(-6)
}"""

# What scrolls in its place but cannot take the focus to be scrolled by keyboard.
_OUT_OF_REACH = """() => [...document.querySelectorAll("mjx-container, .published-picture")]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto"
        && e.tabIndex < 0)
    .map(e => e.className + e.textContent.slice(0, 60))"""
_PLAIN_FORMULAS = """() => document.querySelectorAll("mjx-container").forEach(e => {
    e.replaceChildren("formula")
    e.style.overflow = "visible"
})"""
# Of the code, one token of each kind and place: a token's colour depends on nothing else.
PLAIN_CODE = """() => {
    const seen = new Set()
    for (const token of document.querySelectorAll("pre span")) {
        const places = []
        for (let e = token.parentElement; e; e = e.parentElement) places.push(e.className)
        const kind = [token.className, ...places].join(" in ")
        if (seen.has(kind)) token.replaceWith(...token.childNodes)
        else seen.add(kind)
    }
}"""
# The page has been drawn anew, and its observers of sizes have been told.
_DRAWN = """() => new Promise(resolve =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))"""


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

_FOLLOWED = f"""targets => targets.flatMap(target => {{
    location.replace(`#${{target}}`)
    return ({MISSED})()
}})"""


class Visit:
    """A page that is open, with everything that went wrong and came over the wire on the way."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.transferred: dict[str, int] = {}
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))
        page.on("response", self._response)
        page.on("requestfinished", self._finished)
        page.on("requestfailed", lambda r: self.complaints.append(f"request failed: {r.url}"))
        page.on("request", self._request)

    def open(self, name: str) -> None:
        """Go to a page of the site."""
        self.page.goto(self.address + name, wait_until="load")

    def _console(self, message) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _response(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def _finished(self, request) -> None:
        if request.url.startswith(self.address):
            name = request.url.removeprefix(self.address)
            self.transferred[name] = request.sizes()["responseBodySize"]

    def _request(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"another host: {request.url}")


@dataclass
class Inspection:
    """What was seen on one page."""

    complaints: list[str]
    transferred: dict[str, int]  # bytes by file, on the first load, as the phone's window asks
    first_view: float  # milliseconds to the first contentful paint
    shifted: float = 0  # cumulative layout shift of that load
    missed: dict[int, list[str]] = field(default_factory=dict)  # by width: links that miss
    broken_images: list[str] = field(default_factory=list)
    empty_alts: list[str] = field(default_factory=list)
    figures: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by scheme
    sticking_out: dict[int, list[str]] = field(default_factory=dict)  # by width
    widths_of_images: dict[int, list[tuple[str, float]]] = field(default_factory=dict)  # by width
    out_of_reach: dict[int, list[str]] = field(default_factory=dict)  # by width
    violations: dict[str, list[str]] = field(default_factory=dict)  # by scheme: what axe found


def first_view(browser: Browser, address: str, name: str) -> float:
    """Milliseconds until a new visitor, with nothing in the cache, sees the page."""
    context = browser.new_context(viewport={"width": NARROW, "height": 844})
    page = context.new_page()
    page.goto(address + name, wait_until="load")
    time = page.evaluate(_FIRST_VIEW)
    context.close()
    return float(time)


def inspect(browser: Browser, address: str, name: str, targets: list[str]) -> Inspection:
    """Look at one page of the site: once, in both widths and both schemes.

    `targets` are the anchors of the page that links lead to; it is opened at one of them.
    """
    context = browser.new_context(viewport={"width": NARROW, "height": 844}, color_scheme="light")
    visit = Visit(context.new_page(), address)
    page = visit.page
    page.add_init_script(SHIFTED)
    visit.open(name + (f"#{targets[len(targets) // 2]}" if targets else ""))
    page.wait_for_load_state("networkidle")
    seen = Inspection(visit.complaints, dict(visit.transferred), page.evaluate(_FIRST_VIEW))
    seen.shifted = page.evaluate("window.shifted")
    _follow_links(page, seen, targets)
    _look_at_content(page, seen)
    unfold(page)
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(_DRAWN)
        seen.sticking_out[width] = page.evaluate(_STICKING_OUT)
        seen.out_of_reach[width] = page.evaluate(_OUT_OF_REACH)
        seen.widths_of_images[width] = page.evaluate(_WIDTHS_OF_IMAGES)
    # MathJax draws formulas, in the colour of the text around them, with thousands of elements, and
    # code has as many tokens. They take axe most of its time; a test of its own lets it see them.
    page.evaluate(_PLAIN_FORMULAS)
    page.evaluate(PLAIN_CODE)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function("s => document.documentElement.dataset.theme === s", arg=scheme)
        seen.figures[scheme] = page.evaluate(_FIGURES)
        # The schemes differ in colours alone.
        seen.violations[scheme] = violations(page, colours_only=scheme != SCHEMES[0])
    context.close()
    return seen


def _follow_links(page: Page, seen: Inspection, targets: list[str]) -> None:
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate(_DRAWN)
        seen.missed[width] = page.evaluate(_FOLLOWED, targets)


def unfold(page: Page) -> None:
    """Open what is folded: it counts too."""
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


def _look_at_content(page: Page, seen: Inspection) -> None:
    seen.broken_images = broken_images(page)
    seen.empty_alts = page.evaluate(
        "[...document.images].filter(i => !i.alt.trim()).map(i => i.src)"
    )


def broken_images(page: Page) -> list[str]:
    """Addresses of the images that are to be seen and are not; all are loaded first."""
    # Lazy images load when seen; see them all.
    page.evaluate("document.querySelectorAll('img').forEach(i => { i.loading = 'eager' })")
    page.wait_for_function(
        "() => [...document.images].every(i => i.complete || !i.checkVisibility())"
    )
    addresses: list[str] = page.evaluate(
        "[...document.images].filter(i => i.checkVisibility() && !i.naturalWidth).map(i => i.src)"
    )
    return addresses


_LESSER_BUT_COUNTED = ("region", "empty-table-header")


def violations(page: Page, colours_only: bool = False) -> list[str]:
    """Findings of axe-core that count, each with the first elements it concerns."""
    # `preload` would fetch the style sheets again, by addresses that are not theirs.
    options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
    if colours_only:
        options["runOnly"] = ["color-contrast"]
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}, {len(rule['nodes'])} ×): {node['html'][:150]} — "
        + node["failureSummary"].replace("\n", " ")[:300]
        for rule in found
        if rule["impact"] in ("serious", "critical") or rule["id"] in _LESSER_BUT_COUNTED
        for node in rule["nodes"][:3]
    ]
