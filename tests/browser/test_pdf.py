"""The PDF of the built site: printed once, read with pypdf, and compared with the site."""

from __future__ import annotations

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
from conftest import PROJECT, SITE
from pypdf import PdfReader

from companion.project import BookError
from companion.release.print_edition import pdf_of
from companion.release.print_edition.assembly import article_of, entries_of
from companion.release.print_edition.printing import page_numbers
from companion.release.print_edition.printing import printed as printed_here

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("pdf")]  # printed once, for all of them
Result = TypeVar("Result")


def apart(call: Callable[..., Result], *arguments: object) -> Result:
    """Call in a thread of its own: Playwright runs once a thread, and `browser` may run in ours."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, *arguments).result()


def printed(markup: str) -> bytes:
    """A document that holds `markup`."""
    section = f'<section class="page" id="here">{markup}</section>'
    return apart(printed_here, f'<main class="print-edition">{section}</main>', SITE)


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


def test_title_page_metadata_and_size(reader, content, text):
    citation = yaml.safe_load(PROJECT.citation.read_text(encoding="utf-8"))
    title = yaml.safe_load(PROJECT.config.read_text(encoding="utf-8"))["title"]
    (author,) = citation["authors"]
    for words in (title, citation["references"][0]["title"], author["name"], "arXiv:2402.13108"):
        assert squeezed(words) in text(1)
    assert reader.metadata.title == title
    assert reader.metadata.author == author["name"]
    assert reader.root_object["/Lang"] == "en"
    assert reader.root_object["/MarkInfo"]["/Marked"]
    assert len(content) < 30e6  # bytes


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
    assert internal > 500


def test_every_figure_is_there_with_its_words(reader):
    published = {
        json.loads(path.read_text(encoding="utf-8"))["alt"]
        for path in (PROJECT.stage / "book").glob("*/_published/figures/*.json")
    }
    objects = [reader.get_object(number) for number in reader.xref[0]]
    spoken = {each["/Alt"] for each in objects if isinstance(each, dict) and "/Alt" in each}
    assert published
    assert published <= spoken


FORMULA = (
    "<mjx-container><mjx-math style='display: inline-block; width: {}mm'>x</mjx-math>"
    "</mjx-container>"
)


@pytest.mark.parametrize(
    ("markup", "complaint"),
    [
        ('<div style="width: 50cm">too wide</div>', r"too wide.*outside the page"),
        ('<img src="no-such.svg" alt="x">', r"no-such\.svg: the PDF needs it"),
        (FORMULA.format(500), "would be printed at"),
    ],
)
def test_what_the_paper_does_not_show_is_refused(markup, complaint):
    with pytest.raises(BookError, match=complaint):
        printed(markup)


def test_a_wide_formula_is_shrunk():
    assert printed(FORMULA.format(200))
