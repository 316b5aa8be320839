"""One look at one page: what the tests ask of every page, from a single load."""

import functools
import gzip
import json
from pathlib import Path, PurePosixPath
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from visiting import DRAWN, MISSED, NARROW, SCHEMES, WIDE, Visit, load_images, show, unfold

from companion.notebook.stacked import WIDTH as STACKED
from companion.project import Project

HEAVIEST = 500_000  # bytes of the first load, compressed as hosts do
SLOWEST = 2.0  # seconds of the processor until the page is loaded
LOWEST_LETTERS = 8.9  # pixels, of figures
MOST_WORDS = 3000
LONGEST_WAY = 3240  # pixels without a picture, 3.6 screens

_LOADED = """() => performance.getEntries().filter(e => e.encodedBodySize)
    .map(e => new URL(e.name).pathname)"""
# A formula counts as one word, a displayed one as ten, about a line of text.
_WORDS = """article => {
    const seen = [...article.querySelectorAll("mjx-container")].filter(e => e.checkVisibility())
    for (const formula of seen) formula.style.display = "none"
    const words = article.innerText.split(/\\s+/).filter(Boolean).length
    for (const formula of seen) formula.style.display = ""
    return seen.reduce((sum, e) => sum + (e.getAttribute("display") ? 10 : 1), words)
}"""
# The longest way between two pictures, or to an end of the page.
_WAY = """article => {
    const {top, bottom} = article.getBoundingClientRect()
    const pictures = [...article.querySelectorAll("figure.published")]
        .map(figure => figure.getBoundingClientRect())
    const ends = [...pictures.map(box => box.top), bottom]
    const beginnings = [top, ...pictures.map(box => box.bottom)]
    return Math.max(...ends.map((end, i) => end - beginnings[i]))
}"""
_FIGURES = """() => [...document.querySelectorAll("figure.published")].map(figure => ({
    images: [...figure.querySelectorAll("img")].map(i => [i.getAttribute("src"), i.alt]),
    shown: [...figure.querySelectorAll("img")].filter(i => i.checkVisibility())
        .map(i => i.getAttribute("src")),
    widths: [...figure.querySelectorAll("img")].filter(i => i.checkVisibility())
        .map(i => i.clientWidth),
    explorer: figure.closest(".explorer.is-live") !== null,
}))"""
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
BAD_IMAGES = """() => [...document.images]
    .filter(i => !i.alt.trim() || i.checkVisibility() && !i.naturalWidth).map(i => i.outerHTML)"""
# A screen reader of today may pass over a header that is a formula and no more.
_WORDLESS_HEADERS = """() => [...document.querySelectorAll("th")].filter(th => {
    const copy = th.cloneNode(true)
    copy.querySelectorAll(".math").forEach(formula => formula.remove())
    return !copy.textContent.trim()
}).map(th => th.outerHTML)"""
_PLAIN_FORMULAS = """() => document.querySelectorAll("mjx-container").forEach(e => {
    e.replaceChildren("formula")
    e.style.overflow = "visible"
})"""
# Of what is alike, one: of tokens of code in one kind of place, of items of a list, of rows of a
# table. A token loses its colour, an item or a row goes.
_ONE_OF_EACH = """() => {
    const seen = new Set()
    const isNew = kind => !seen.has(kind) && seen.add(kind)
    for (const token of document.querySelectorAll("pre span")) {
        const places = []
        for (let e = token; e; e = e.parentElement) places.push(e.className)
        if (!isNew(places.join(" in "))) token.replaceWith(...token.childNodes)
    }
    const shape = e => `${e.tagName}.${e.className} ${e.getAttributeNames()}`
        + (e.textContent.trim() ? "" : " empty") + `(${[...new Set([...e.children].map(shape))]})`
    document.querySelectorAll("tbody, ul, ol").forEach((list, i) => {
        for (const e of [...list.children]) if (!isNew(i + shape(e))) e.remove()
    })
}"""
_FOLLOWED = f"""targets => targets.flatMap(target => {{
    location.replace(`#${{target}}`)
    return ({MISSED})()
}})"""


def faults_of(
    visit: Visit, name: str, targets: list[str], project: Project
) -> dict[str, list[Any]]:
    """What is wrong with the page that is open, in both widths and both schemes.

    `targets` are the anchors of the page that links lead to.
    """
    page = visit.page
    page.evaluate(DRAWN)
    shifted = page.evaluate("shifted")
    found = {
        "moves while it loads": [shifted] if shifted >= 0.1 else [],
        f"more than {HEAVIEST} bytes": weight(visit, project),
    }
    for width in (NARROW, WIDE):
        show(page, width)
        found[f"links miss at {width} px"] = page.evaluate(_FOLLOWED, targets)
    if _is_read_through(name, project):
        found.update(length(page, is_illustrated="owndata" not in name))
    unfold(page)
    load_images(page)
    found["images"] = page.evaluate(BAD_IMAGES)
    found["headers of tables"] = page.evaluate(_WORDLESS_HEADERS)
    for width in (WIDE, NARROW):
        show(page, width)
        found[f"sticks out at {width} px"] = page.evaluate(_STICKING_OUT)
        found[f"out of reach at {width} px"] = page.evaluate(_OUT_OF_REACH)
        found[f"letters at {width} px"] = small_letters(page, project)
    for scheme in SCHEMES if page.locator("figure.published").count() else ():
        show(page, scheme=scheme)
        found[f"figures, {scheme}"] = wrong_figures(page, project, scheme)
    found["complaints"] = visit.complaints
    return {what: cases for what, cases in found.items() if cases}


def _is_read_through(name: str, project: Project) -> bool:
    """Whether it is a text of a chapter. The audit of claims is read entry by entry."""
    page = project.root / name
    folders = {"book", "explorers", "claims"}
    return page.with_suffix(".md").is_file() and page.parent.name not in folders


def length(page: Page, is_illustrated: bool) -> dict[str, list[Any]]:
    """Whether it is too long while its proofs are folded, or has too few pictures."""
    page.evaluate("document.querySelectorAll('.proof-fold').forEach(d => { d.open = false })")
    article = page.locator(".bd-article")
    words, way = article.evaluate(_WORDS), article.evaluate(_WAY)
    return {
        f"more than {MOST_WORDS} words": [words] if words > MOST_WORDS else [],
        "pixels without a picture": [way] if is_illustrated and way > LONGEST_WAY else [],
    }


def weight(visit: Visit, project: Project) -> list[tuple[int, str]]:
    """The heaviest files of the first load, if all together are too heavy."""
    names = {name.removeprefix("/") for name in visit.page.evaluate(_LOADED)}
    sizes = sorted(((_compressed(project.site / name), name) for name in names), reverse=True)
    return sizes[:8] if sum(size for size, _ in sizes) > HEAVIEST else []


@functools.cache
def _compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))


def wrong_figures(page: Page, project: Project, scheme: str) -> list[Any]:
    """Figures that do not show the variant of theme and width alone, or have other words."""
    return [
        figure
        for figure in page.evaluate(_FIGURES)
        # An explorer stands in the place of its picture.
        if len(figure["shown"]) != (0 if figure["explorer"] else 1)
        or any(source.endswith(".dark.svg") != (scheme == "dark") for source in figure["shown"])
        or any(
            (".narrow." in source) != (page.viewport_size["width"] <= 600)
            for source in figure["shown"]
            if _published(project, source)["stacked"]
        )
        or any(alt != _published(project, source)["alt"] for source, alt in figure["images"])
    ]


def small_letters(page: Page, project: Project) -> list[tuple[str, float]]:
    """Pictures that are shown with letters too small to be read, and the letters' height."""
    heights = [
        (source, width / _points(source, record) * record["letters"])
        for figure in page.evaluate(_FIGURES)
        for source, width in zip(figure["shown"], figure["widths"], strict=True)
        for record in [_published(project, source)]
    ]
    return [(source, height) for source, height in heights if height <= LOWEST_LETTERS]


def _points(source: str, record: dict[str, Any]) -> float:
    """How wide a picture was drawn, in points."""
    return 72 * STACKED if ".narrow." in source else float(record["width"])


def _published(project: Project, source: str) -> dict[str, Any]:
    """What the run recorded of a figure: alt text, width and smallest letters in points."""
    (record,) = (project.stage / "book").glob(f"*/_published/figures/{figure_of(source)}.json")
    loaded: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return loaded


def figure_of(source: str) -> str:
    """The name of the figure that an image shows."""
    return PurePosixPath(source).name.partition(".")[0]


_LESSER_BUT_COUNTED = ("region", "empty-table-header")


def violations(page: Page) -> list[str]:
    """Findings of axe-core that count, each with the first elements it concerns."""
    # `preload` would fetch the style sheets again, by addresses that are not theirs.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response
    return [
        f"{rule['id']} ({rule['impact']}, {len(rule['nodes'])} ×): {node['html'][:150]} — "
        + node["failureSummary"].replace("\n", " ")[:300]
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical") or rule["id"] in _LESSER_BUT_COUNTED
        for node in rule["nodes"][:3]
    ]


def make_plain(page: Page) -> None:
    """Take out what is alike, on which axe would spend most of its time.

    Formulas have the colour of the text around them and thousands of elements, code has as many
    tokens, tables and menus as many rows. A test of its own lets axe see them.
    """
    page.evaluate(_PLAIN_FORMULAS)
    page.evaluate(_ONE_OF_EACH)
