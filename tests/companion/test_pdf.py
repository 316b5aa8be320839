"""The pages of a site as one document to print, and the PDF in the site; without a browser."""

import io
import shutil
from collections import Counter

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter

from companion.project import Project
from companion.release.print_edition import PDF, PLACE, attach
from companion.release.print_edition.assembly import compose, entries_of
from companion.release.print_edition.printing import finished
from companion.site.build import change_site
from companion.site.check import check_site
from toy import REPOSITORY

INDEX, LINES = "book-toy-index", "book-toy-lines"
PAGES = [INDEX, LINES, "book-toy-alone", "book-toy-apparatus", "book-reproducibility"]


# What no page of the toy book has, put at the end of two of them.
FOLDED = (
    '<details class="solution"><summary>Solution</summary><p>two</p></details>'
    '<details class="hide above-input"><summary>Show code</summary><pre>code</pre></details>'
)
ADDED = {
    "book/toy/index.html": '<p id="same">x</p><a href="#same">y</a>',
    "book/toy/lines.html": '<p id="same">x</p><a href="#same">y</a>'
    '<a class="x" href="https://example.org/a">z</a><a class="y" href="../../search.html">z</a>'
    f"{FOLDED}<h2>Below</h2>",
}


@pytest.fixture
def project(toy) -> Project:
    (toy.root / "CITATION.cff").write_bytes((REPOSITORY / "CITATION.cff").read_bytes())
    return Project(toy.root)


@pytest.fixture(scope="module")
def printed(built_once, tmp_path_factory) -> tuple[Project, BeautifulSoup]:
    """The toy book with additions, and its document."""
    root = tmp_path_factory.mktemp("printed") / "book"
    shutil.copytree(built_once.root, root)
    (root / "CITATION.cff").write_bytes((REPOSITORY / "CITATION.cff").read_bytes())
    project = Project(root)
    for page, markup in ADDED.items():
        text = (project.site / page).read_text(encoding="utf-8")
        assert text.count("</article>") == 1
        text = text.replace("</article>", f"{markup}</article>")
        (project.site / page).write_text(text, encoding="utf-8")
    return project, BeautifulSoup(compose(project), "html.parser")


@pytest.fixture
def document(printed) -> BeautifulSoup:
    return printed[1]


def test_pages_stand_in_reading_order_with_headings_below_their_chapter(printed):
    project, document = printed
    assert [entry.slug for entry in entries_of(project)] == PAGES
    assert [page["id"] for page in document.select("section.page")] == PAGES
    depths = {entry.slug: entry.depth for entry in entries_of(project)}
    for page in document.select("section.page"):
        assert page.select_one(".level-1").name == f"h{depths[page['id']]}"
    assert document.find(class_="level-2", string="Below").name == f"h{depths[LINES] + 1}"


def test_links_lead_within_the_document_or_to_other_hosts(document):
    counts = Counter(element["id"] for element in document.select("[id]"))
    assert max(counts.values()) == 1  # also where pages repeat an id
    links = [link["href"] for link in document.select("main a[href]")]
    inside = [link for link in links if link.startswith("#")]
    assert len(inside) > 10
    assert {link[1:] for link in inside} <= set(counts)
    assert f"#{INDEX}--thm-two" in inside  # from the reference on the page and from the table
    assert f"#{LINES}--fig-line" in inside  # from another page
    for slug in (INDEX, LINES):
        assert counts[f"{slug}--same"] == 1
        assert document.select(f'#{slug} a[href="#{slug}--same"]')
    assert all(link.startswith(("#", "https://")) for link in links)
    assert document.select_one("a.x")["href"] == "https://example.org/a"
    assert "href" not in document.select_one("a.y").attrs  # to a file of the site


def test_nothing_of_the_screen_is_left_and_what_was_folded_is_open(document):
    main = document.select_one("main")
    screen = (
        "script, button, form, nav.bd-links, .headerlink, .for-dark, .published-links .download"
    )
    assert not main.select(f"{screen}, .download[href]")
    # Where its directive is, and below its cell; not where it is repeated.
    images = [image["class"] for image in main.select("figure.published img")]
    assert images == 2 * [["for-light", "dark-light"]]
    assert not document.select("script[src]")  # formulas are typeset already
    assert all("open" in details.attrs for details in document.select("details"))
    assert document.select_one("details.solution").get_text() == "Solutiontwo"
    assert "Show code" not in document.get_text()
    assert document.find("pre", string="code")


def test_title_contents_and_files(printed):
    project, document = printed
    front = document.select_one(".title-page").get_text(" ")
    for part in ("arXiv:2402.13108", "Crăciun", "Version", "The companion's authors"):
        assert part in front
    listed = [link["href"] for link in document.select(".list-of-pages a")]
    assert [link for link in listed if "--" not in link] == [f"#{slug}" for slug in PAGES]
    assert "Theorem 1" in document.select_one(f"[id='{INDEX}--thm-two']").get_text()
    files = [image["src"] for image in document.select("img")]
    files += [link["href"] for link in document.select("link[rel=stylesheet]")]
    assert len(files) > 3
    for file in files:
        assert (project.site / file.partition("?")[0]).is_file(), file


def test_a_pdf_is_linked_from_every_page_once_it_is_attached(project):
    pages = [path.read_text("utf-8") for path in project.site.glob("book/**/*.html")]
    assert all(PLACE in page and f'{PDF}"' not in page for page in pages)
    change_site(project, lambda site: attach(site, b"%PDF-1.7"))
    assert (project.site / PDF).read_bytes() == b"%PDF-1.7"
    for path in project.site.glob("book/**/*.html"):
        up = "../" * len(path.relative_to(project.site).parent.parts)
        assert f'href="{up}{PDF}"' in path.read_text(encoding="utf-8")
    check_site(project.site)


def test_finished_file_says_what_it_is_and_depends_on_nothing_else(project):
    blank = io.BytesIO()
    writer = PdfWriter()
    writer.add_blank_page(595, 842)
    writer.add_metadata({"/CreationDate": "D:20010101000000Z", "/Producer": "a browser"})
    writer.write(blank)
    content = finished(project, blank.getvalue())
    reader = PdfReader(io.BytesIO(content))
    assert reader.metadata.title == "Gradient descent at the edge of stability"
    assert reader.metadata.author == "The companion's authors"
    assert "browser" not in str(reader.metadata)
    assert reader.metadata.creation_date.year == 2026
    assert len(reader.pages) == 1
    assert finished(project, blank.getvalue()) == content


def test_without_chromium_one_sentence_says_what_to_install(monkeypatch, refused):
    monkeypatch.setenv("CHROMIUM", "no-such-browser")
    message = refused("pdf").strip()
    assert "no-such-browser" in message
    assert "apt-get install chromium" in message
    assert len(message.splitlines()) == 1
