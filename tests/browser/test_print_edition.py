"""The PDF of the built site: printed once, read with pypdf, and compared with the site."""

import io
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import PROJECT, SITE
from pypdf import PdfReader

from companion.project import BookError
from companion.release.print_edition import pdf_of
from companion.release.print_edition.assembly import article_of, entries_of
from companion.release.print_edition.printing import page_numbers
from companion.release.print_edition.printing import printed as printed_here

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pdf")]  # printed once, for all of them
MEGABYTE = 1e6
Result = TypeVar("Result")
STATEMENTS = yaml.safe_load(PROJECT.statements.read_text(encoding="utf-8"))


def apart(call: Callable[..., Result], *arguments: object) -> Result:
    """Call in a thread of its own: Playwright runs once a thread, and `browser` may run in ours."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, *arguments).result()


def printed(markup: str) -> bytes:
    return apart(printed_here, alone(markup), SITE)


@pytest.fixture(scope="module")
def content() -> bytes:
    return apart(pdf_of, PROJECT)


@pytest.fixture(scope="module")
def reader(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


@pytest.fixture(scope="module")
def places(content: bytes) -> dict[str, int]:
    return page_numbers(content)


@pytest.fixture(scope="module")
def text(reader: PdfReader):
    """The text of a page, counted from 1."""
    return cache(lambda number: squeezed(reader.pages[number - 1].extract_text()))


def squeezed(words: str) -> str:
    """Without blanks, which readers of PDF guess, and without ligatures."""
    return "".join(unicodedata.normalize("NFKC", words).split())


def test_it_is_a_book_and_not_a_heavy_one(reader, content):
    assert 100 < len(reader.pages) < 600
    assert len(content) < 30 * MEGABYTE


def test_title_page_and_metadata(reader, text):
    citation = yaml.safe_load(PROJECT.citation.read_text(encoding="utf-8"))
    title = yaml.safe_load(PROJECT.config.read_text(encoding="utf-8"))["title"]
    (author,) = citation["authors"]
    for words in (title, citation["references"][0]["title"], author["name"], "arXiv:2402.13108"):
        assert squeezed(words) in text(1)
    assert reader.metadata.title == title
    assert reader.metadata.author == author["name"]
    assert reader.root_object["/Lang"] == "en"
    assert reader.root_object["/MarkInfo"]["/Marked"]


def test_every_page_of_the_site_is_in_outline_and_contents(reader, places, text):
    titles = {squeezed(item.title) for item in flat(reader.outline)}
    listed = "".join(text(number) for number in range(2, places["book-index"]))
    for entry in entries_of(PROJECT):
        heading = article_of(SITE, entry).h1
        heading.select_one(".headerlink").decompose()
        title = squeezed(heading.get_text())
        assert title in titles
        assert f"{title}{places[entry.slug]}" in listed
        assert title in text(places[entry.slug])


def flat(outline) -> Iterator:
    for item in outline:
        if isinstance(item, list):
            yield from flat(item)
        else:
            yield item


def test_every_statement_has_the_number_of_the_site(places, text):
    page = BeautifulSoup((SITE / "book/statements.html").read_text("utf-8"), "html.parser")
    names = {
        link["href"].partition("#")[2]: link.get_text()
        for link in page.select(".statement-table td:first-child a[href*='#']")
    }
    assert set(STATEMENTS) <= set(names)
    for label in STATEMENTS:
        (number,) = {page for name, page in places.items() if name.endswith(f"--{label}")}
        assert squeezed(names[label]) in text(number), label


def test_every_link_leads_somewhere(reader):
    targets = set(reader.named_destinations)
    internal = external = 0
    for page in reader.pages:
        for annotation in page.get("/Annots") or []:
            link = annotation.get_object()
            action = link.get("/A", {})
            if "/URI" in action:
                assert re.match(r"https?://(?!book\.invalid|localhost|127\.)", action["/URI"])
                external += 1
            else:
                assert link.get("/Dest", action.get("/D")) in targets
                internal += 1
    assert external > 30
    assert internal > 5 * len(STATEMENTS)


def test_every_figure_is_there_with_its_words_and_every_formula_with_its_tex(reader):
    published = {
        json.loads(path.read_text(encoding="utf-8"))["alt"]
        for path in (PROJECT.stage / "book").glob("*/_published/figures/*.json")
    }
    spoken = set(alternatives(reader.root_object["/StructTreeRoot"]))
    assert published
    assert published <= spoken
    assert r"\eta" in {words.strip() for words in spoken}


def alternatives(root) -> Iterator[str]:
    """The alt texts in the structure of the document."""
    todo = [root]
    while todo:
        node = todo.pop().get_object()
        if isinstance(node, list):
            todo += [child for child in node if not isinstance(child, int)]
        elif isinstance(node, dict):
            if "/Alt" in node:
                yield node["/Alt"]
            if "/K" in node and not isinstance(node["/K"], int):
                todo.append(node["/K"])


def test_something_wider_than_the_paper_is_refused():
    with pytest.raises(BookError, match=r"too wide.*outside the page"):
        printed('<div style="width: 50cm">too wide</div>')


def test_a_missing_file_is_refused():
    with pytest.raises(BookError, match=r"no-such\.svg: the PDF needs it"):
        printed('<img src="no-such.svg" alt="x">')


def test_a_wide_formula_is_shrunk_until_it_could_not_be_read():
    drawn = "<mjx-math style='display: inline-block; width: {}mm'>x</mjx-math>"
    formula = f"<mjx-container>{drawn}</mjx-container>"
    assert printed(formula.format(200))
    with pytest.raises(BookError, match="would be printed at"):
        printed(formula.format(500))


def alone(markup: str) -> str:
    """A document that holds `markup`."""
    return f'<main class="print-edition"><section class="page" id="here">{markup}</section></main>'
