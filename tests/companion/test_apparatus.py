"""What a reader finds on pages: statements, notation, citations, claims, what cells published."""

import re
from base64 import b64decode
from pathlib import Path

import nbformat
import yaml
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from pybtex.database import parse_string

from companion.checking.claims import VERDICTS, fingerprint, occurs, read_claims
from companion.project import Project
from companion.sphinx import elements, outputs, published
from companion.sphinx.bibliography import AuthorYearLabels, citation_entry
from companion.sphinx.search import plain_letters
from toy import CITATION, REPOSITORY, TRACT

ALT = "A straight line rising from the origin with constant slope."


def test_built_apparatus(built_once):
    html = (built_once.site / "book/toy/apparatus.html").read_text()
    index = (built_once.site / "book/toy/index.html").read_text()
    (whole,) = re.findall(r"<table.*?</table>", index, re.DOTALL)
    chosen, throughout, local, *_ = re.findall(r"<table.*?</table>", html, re.DOTALL)
    assert "#def-even" in whole
    assert "sortable" in whole
    assert "#thm-two" in chosen
    assert "#def-even" not in chosen
    assert "Where it comes from" not in chosen
    assert "tier-proved" in chosen
    assert "a slope" in throughout
    assert "#def-even" in throughout
    assert "A toy book" in local  # the chapter, by its title
    assert "#thm-two" in local
    uses = re.findall(r'statement-uses">(\w.*?)</p>', index)
    assert [re.sub(r"<a [^>]*#([\w-]+).*", r"\1", line) for line in uses] == [
        "Used by thm-two",
        "Rests on def-even",
    ]
    cff = yaml.safe_load((built_once.root / "CITATION.cff").read_text())
    cited = re.sub(r"<[^>]*>", "", html[html.index("highlight-bibtex") :])
    assert cff["title"] in cited
    assert f"Version {cff['version']}" in cited
    # Numbers have the format that the text asks for.
    assert '<span class="number">42.0</span>' in index
    assert r'data-tex="-1.50\times10^{-7}"' in index
    assert html.count("_images/line.svg") == 1  # a repeated figure has neither number nor label
    assert 'id="fig-line"' not in html


def test_citation_file_as_bibtex(tmp_path: Path):
    path = tmp_path / "CITATION.cff"
    path.write_text(yaml.safe_dump({**CITATION, "url": "https://example.org/"}))
    entry = citation_entry(path)
    assert [str(person) for person in entry.persons["author"]] == ["{A group}", "Weierstraß, Karl"]
    assert dict(entry.fields) == {
        "title": "{T}",
        "year": "2027",
        "note": "Version 2.1",
        "url": "https://example.org/",
    }


def test_words_are_found_without_diacritics():
    words = ("Łojasiewicz", "Crăciun", "Bézout", "θ")
    assert [*map(plain_letters, words)] == ["Lojasiewicz", "Craciun", "Bezout", "θ"]


def labels(entries):
    return list(AuthorYearLabels().format_labels(list(entries.values())))


def test_accents_stay_and_twins_get_letters():
    text = r"""
        @misc{a, author={Cr{\u{a}}ciun, A. and Ghoshdastidar, D.}, title={One}, year={2024}}
        @misc{b, author={Cr{\u{a}}ciun, A. and Ghoshdastidar, D.}, title={Two}, year={2024}}
        @misc{c, author={van der Waerden, Bartel}, title={Three}, year={1930}}
        @misc{d, author={A, A and B, B and C, C}, title={Four}, year={2000}}
    """
    assert labels(parse_string(text, "bibtex").entries) == [
        "Crăciun and Ghoshdastidar, 2024a",
        "Crăciun and Ghoshdastidar, 2024b",
        "van der Waerden, 1930",
        "A et al., 2000",
    ]


# Claims -------------------------------------------------------------------------------------------


def test_page_shows_entries_counts_and_links(built_once):
    page = (built_once.site / "book/toy/apparatus.html").read_text(encoding="utf-8")
    for part in (
        '<span class="number">2</span> claims, <span class="number">0</span> of',
        'id="claim-one"',
        'href="#claim-one"',
        '<span class="std std-ref">claim 2</span>',
        '<span class="number">42</span> in mind',
        'class="badge verdict-corrected"',
        'href="lines.html#cell-draw-line"',
        'href="index.html#thm-two"',
    ):
        assert part in page


def test_quotation_ignores_case_punctuation_and_mark_up():
    whole = fingerprint(TRACT)
    assert set(whole) <= set("0123456789abcdef ")  # nothing of the text itself
    assert occurs("Known that TWO is an *even* number", whole)
    assert occurs(r"so is \(2 + 2\), and", whole)
    assert occurs("odd or even", whole)
    assert not occurs("odd or uneven", whole)
    assert not occurs("even number", whole)  # two words could be anybody's
    assert not occurs("", whole)


def test_every_verdict_has_a_colour_and_a_claim_of_the_book():
    sheet = (REPOSITORY / "book/_static/book.css").read_text(encoding="utf-8")
    for verdict in VERDICTS:
        assert f".verdict-{verdict.replace(' ', '-')} " in sheet
    registry = read_claims(Project(REPOSITORY).claims)
    cited = {source for claim in registry.claims for source in claim.sources}
    assert cited == set(registry.sources)
    assert {claim.verdict for claim in registry.claims} == set(VERDICTS)


# What cells published -----------------------------------------------------------------------------


def test_executed_notebook_carries_picture_and_numbers(built_once):
    (executed,) = (built_once.root / "_build/runs/book/toy/lines").glob("*/notebook.ipynb")
    cells = nbformat.read(executed, as_version=4).cells
    picture, numbers = next(cell for cell in cells if cell.id == "draw-line").outputs
    png = executed.parent / "_published/figures/line.png"
    assert b64decode(picture.data["image/png"]) == png.read_bytes()
    assert picture.metadata["image/png"]["alt"] == ALT
    assert numbers.data["text/plain"].startswith("answer = 42, tiny = -1.5e-07, now = 1.")


def test_page_shows_below_the_cell_what_it_published(built_once):
    page = BeautifulSoup((built_once.site / "book/toy/lines.html").read_text(), "html.parser")
    figure = page.select_one("#cell-draw-line .cell_output figure.published")
    assert [(image["class"][0], image["alt"]) for image in figure.select("img")] == [
        ("for-light", ALT),
        ("for-dark", ALT),
    ]
    caption = figure.get_text().split()
    assert caption[:4] == ["A", "line", "of", "slope"]
    assert caption[-5:] == ["Fig.", "1.1,", "explained", "in", "Lines."]
    assert figure.a["href"] == "#fig-line"
    line = page.select_one("#cell-draw-line .published-numbers")
    assert line.get_text().startswith("For the text: answer = 42 tiny = -1.5e-07 now = ")
    assert [figure.get("id") for figure in page.select("figure.published")] == ["fig-line", None]


def test_names_of_cells_in_the_text_link_to_them():
    page = new_document("lines")
    cell = nodes.container(classes=["cell"], cell_index=3, cell_metadata={"name": "draw-line"})
    words = nodes.paragraph("", "", nodes.literal("", "draw-line"), nodes.literal("", "draw"))
    page += [words, cell]
    elements.add_anchors(None, page)
    (link,) = page.findall(nodes.reference)
    assert link.astext() == "draw-line"
    assert link["refid"] in cell["ids"]


def test_a_figure_is_shown_with_the_first_sentence_of_its_caption():
    page = new_document("lines")
    formula = nodes.math("", "x. y")
    for name, beginning in (("other", "No. "), ("line", "Is it 0.5 or ")):
        words = [nodes.Text(beginning), formula.deepcopy(), nodes.Text("? It is. Blue: both.")]
        caption = nodes.caption("", "", *words)
        page += nodes.figure("", caption, published=name)
    sentence = outputs.first_sentence(page, "line")
    assert "".join(part.astext() for part in sentence) == "Is it 0.5 or x. y?"
    assert outputs.first_sentence(page, "none") == []


def test_a_caption_names_rows_where_panels_are_below_each_other():
    caption = nodes.caption("", "", nodes.Text("Left: a. Right, for "), nodes.math("", "x"))
    caption += nodes.Text(": to the Left of b.")
    published.name_rows(caption)
    for other, words in (("for-narrow", ("Left", "Right")), ("for-wide", ("Top", "Bottom"))):
        hidden = [part for part in caption.findall(nodes.inline) if other in part["classes"]]
        shown = [part for part in caption.children if part not in hidden]
        first, second = words
        expected = f"{first}: a. {second}, for x: to the Left of b."
        assert "".join(part.astext() for part in shown) == expected
