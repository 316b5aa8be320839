"""Print an HTML document with Chromium, from the files of the site and without a network.

The printed file then gets its metadata, and the contents get their page numbers from it.
"""

import io
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page, Route, sync_playwright
from pypdf import PdfReader, PdfWriter

from companion.checking.citation import names_of, read_citation
from companion.errors import BookError, refuse
from companion.project import Project
from companion.release.chromium import FLAGS, find_chromium

_FIT = Path(__file__).with_name("fit.js")
# Never asked for over a network: every request is answered from the site's folder.
_ORIGIN = "http://book.invalid/"
# The width of the text, A4 less the margins of print_edition.css, in CSS pixels.
_WIDTH = int((210 - 2 * 18) / 25.4 * 96)
_SMALLEST = 0.55  # a formula or table printed smaller than this could not be read
_TALLEST = 300  # CSS pixels; what is taller may be cut between two pages
_LONGEST = 240_000  # milliseconds that a step in the browser may take

# The PDF tells a listener what an image shows, and nothing of an element with a role. So a formula
# is drawn as before, and an image that nobody sees says its TeX.
_SPOKEN = """() => {
    for (const formula of document.querySelectorAll("[data-tex]")) {
        const drawn = formula.querySelector("mjx-container")
        drawn.querySelector("mjx-assistive-mml").remove()
        const spoken = document.createElement("img")
        spoken.className = "spoken"
        spoken.alt = formula.dataset.tex
        spoken.src = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
        drawn.append(spoken)  // not in what MathJax hides from listeners
    }
}"""
_FILL_IN = """numbers => document.querySelectorAll("[data-page]").forEach(place => {
    place.textContent = numbers[place.dataset.page] ?? ""
})"""


def printed(document: str, site: Path) -> bytes:
    """Print an HTML document at the root of `site`; return the PDF.

    A missing file, and what is wider than the paper, are errors.
    """
    missing: list[str] = []

    def answer(route: Route) -> None:
        url = urlsplit(route.request.url)
        file = site / unquote(url.path).lstrip("/")
        if url.scheme == "data":
            route.continue_()
        elif route.request.url == _ORIGIN:
            route.fulfill(body=document, content_type="text/html; charset=utf-8")
        elif route.request.url.startswith(_ORIGIN) and file.is_file():
            route.fulfill(path=file)
        else:
            missing.append(route.request.url.removeprefix(_ORIGIN))
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": _WIDTH, "height": 1000}, color_scheme="light")
        page.set_default_timeout(_LONGEST)
        page.emulate_media(media="print")
        page.route("**/*", answer)
        page.goto(_ORIGIN, wait_until="load")
        page.evaluate(_SPOKEN)
        page.evaluate("document.fonts.ready.then(() => true)")
        page.evaluate("Promise.all([...document.images].map(i => i.decode().catch(() => {})))")
        too_wide = page.evaluate(_FIT.read_text(encoding="utf-8"), [_SMALLEST, _TALLEST])
        refuse([*too_wide, *(f"{url}: the PDF needs it" for url in missing)])
        content = _with_page_numbers(page)
        browser.close()
    return content


def _with_page_numbers(page: Page) -> bytes:
    """Print twice: which page something is on is known only after the first time."""
    draft = page.pdf(prefer_css_page_size=True, print_background=True)
    numbers = page_numbers(draft)
    page.evaluate(_FILL_IN, numbers)
    content = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    if page_numbers(content) != numbers:
        raise BookError("the contents of the PDF name other pages than it has")
    return content


def page_numbers(content: bytes) -> dict[str, int]:
    """Return the page, counted from 1, of every target of a link."""
    reader = PdfReader(io.BytesIO(content))
    numbers = {}
    for name, destination in reader.named_destinations.items():
        number = reader.get_destination_page_number(destination)
        if number is not None:
            numbers[name.removeprefix("/")] = number + 1
    return numbers


def finished(project: Project, content: bytes) -> bytes:
    """Return the printed file with title, authors and date; it opens with its outline shown.

    The date is that of the release in ``CITATION.cff``, so that the same book is the same file.
    """
    writer = PdfWriter(clone_from=io.BytesIO(content))
    citation = read_citation(project.citation)
    metadata = {"/Title": project.settings["title"], "/Creator": "edge-of-stability-companion"}
    if citation:
        released = datetime.fromisoformat(citation["date-released"]).replace(tzinfo=UTC)
        metadata["/Author"] = names_of(citation)
        metadata["/Subject"] = citation["title"]
        metadata["/CreationDate"] = metadata["/ModDate"] = released.strftime("D:%Y%m%d%H%M%SZ")
    writer.metadata = None
    writer.add_metadata(metadata)
    preferences = writer.create_viewer_preferences()
    preferences.display_doctitle = True  # type: ignore[assignment]  # made at run time
    writer.page_mode = "/UseOutlines"
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()
