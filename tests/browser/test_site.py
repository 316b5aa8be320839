"""What single pages show and do that no other test looks at."""

import io
import re

from conftest import PROJECT
from fontTools.ttLib import TTFont
from visiting import DRAWN, SCHEMES, show

from companion.site.launch import Origin

ICONS = """
() => [...document.querySelectorAll('body *')].flatMap(element =>
  ['::before', '::after'].map(part => getComputedStyle(element, part))
    .filter(style => style.fontFamily.includes('Font Awesome') && style.content.startsWith('"'))
    .flatMap(style => [...style.content.slice(1, -1)].map(character => character.codePointAt(0))))
"""


def test_every_icon_is_in_the_font(visit, address):
    folder = f"{address}_static/vendor/fontawesome/6.5.2/webfonts"
    for name in ("book/index", "book/measurezero/index", "book/setting/scalar_net"):
        page = visit(f"{name}.html").page
        icons = set(page.evaluate(ICONS))
        font = TTFont(io.BytesIO(page.request.get(f"{folder}/fa-solid-900.woff").body()))
        assert len(icons) > 2
        assert icons <= set(font.getBestCmap())


def test_colours_do_not_wait_for_the_script_of_the_theme(visit):
    opened = visit("book/cite.html", scheme="dark")
    opened.page.route("**/*theme.js*", lambda route: route.abort())
    opened.page.reload()
    colour = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 50


def test_statement_table_sorts_by_column_and_by_keyboard(visit):
    page = visit("book/statements.html").page
    cells = page.locator("table.sortable tbody tr td:nth-child(2)")
    heading = page.locator("table.sortable th:nth-child(2)")
    for order in ("ascending", "descending"):
        heading.locator("button").press("Enter")
        assert heading.get_attribute("aria-sort") == order
        found = cells.all_inner_texts()
        assert found == sorted(found, reverse=order == "descending")


def test_a_fold_shows_what_coq_has_checked(visit, address):
    page = visit("book/past/ellipse.html").page
    statement = page.locator("#lem-basin-invariant")
    assert statement.locator(".statement-footer summary .tier-formal").is_visible()
    fold = statement.locator("details.formal")
    assert not fold.locator("pre").is_visible()
    fold.locator("summary").click()
    assert "Theorem lem_basin_invariant" in fold.locator("pre").inner_text()
    proof = fold.get_by_role("link", name="the proof").get_attribute("href")
    assert "Theorem lem_basin_invariant" in page.request.get(f"{address}book/past/{proof}").text()


def test_first_page_names_the_evidence_and_leads_to_the_paper_and_the_code(visit):
    page = visit("book/index.html").page
    rows = page.locator(".statement-table tbody tr")
    assert rows.count() >= 8
    for row in rows.all():
        assert row.locator("a[href*='#']").count() == 1
        assert "proved" in row.locator(".badge").all_inner_texts()
    top = page.locator("#the-result-in-three-sentences p", has_text="Paper")
    assert top.get_by_role("link", name="Paper").get_attribute("href") == (
        "https://arxiv.org/abs/2402.13108"
    )
    origin = Origin.find(PROJECT)
    code = page.locator("a", has_text=re.compile("^Code$"))
    assert [link.get_attribute("href") for link in code.all()] == ([origin.url] if origin else [])
    top.get_by_role("link", name="Install and run").click()
    assert "pip install" in page.locator("section:target, section:has(> span:target)").inner_text()
    assert ("git clone" in page.inner_text("#install-and-run")) == bool(origin)
    bibliography = (PROJECT.root / "book" / "references.bib").read_text(encoding="utf-8")
    titles = re.findall(r"title = {(.*)},\n.*eprint = {2402\.13108", bibliography)
    assert len(titles) == 2
    assert set(titles) <= set(page.locator("em").all_inner_texts())


CONTRAST = """element => {
    const numbers = text => text.match(/[\\d.]+/g).map(Number)
    const luminance = colour => numbers(colour).slice(0, 3).map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
    const ground = e => (numbers(getComputedStyle(e).backgroundColor)[3] ?? 1) === 0
        ? ground(e.parentElement) : getComputedStyle(e).backgroundColor
    const both = [luminance(getComputedStyle(element).color), luminance(ground(element))]
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05)
        * (getComputedStyle(element).opacity < 1 ? 0 : 1)
}"""
LINKS = (
    ".bd-article p a.reference",
    ".bd-article h2",  # which shows its link
    "a.headerlink",
    ".statement-table a",
    ".bd-links a",
    ".toc-entry a.nav-link:not(.active)",
    ".prev-next-area a p",
)


def test_links_under_the_pointer_can_be_read(visit):
    page = visit("book/index.html").page
    for scheme in SCHEMES:
        show(page, scheme=scheme)
        for selector in LINKS:
            link = page.locator(f"{selector} >> visible=true").first
            link.hover()
            page.evaluate(DRAWN)  # the theme fades colours in
            assert link.evaluate(CONTRAST) >= 4.5, (scheme, selector)
