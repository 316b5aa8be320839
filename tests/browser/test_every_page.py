"""What holds on every page of the site."""

from __future__ import annotations

import json
import statistics
from pathlib import PurePosixPath
from typing import Any

import pytest
from conftest import PAGES, PROJECT
from inspection import NARROW, PLAIN_CODE, SCHEMES, WIDE, first_view, unfold, violations

HEAVIEST = 1_500_000  # bytes of the first load, not compressed
SLOWEST = 1000  # milliseconds on localhost until something is seen

# All that is asked of one page is asked by one process.
every_page = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PAGES]
)


@every_page
def test_no_complaint_and_no_other_host(look, name):
    assert look(name).complaints == []


@every_page
def test_every_link_to_the_page_lands_where_it_says(look, name):
    assert look(name).missed == {NARROW: [], WIDE: []}


@every_page
def test_nothing_moves_while_the_page_loads(look, name):
    assert look(name).shifted < 0.1


@every_page
def test_images_are_there_and_have_words(look, name):
    seen = look(name)
    assert seen.broken_images == []
    assert seen.empty_alts == []


@every_page
def test_nothing_sticks_out(look, name):
    assert look(name).sticking_out == {NARROW: [], WIDE: []}


@every_page
def test_what_is_too_wide_scrolls_by_keyboard(look, name):
    assert look(name).out_of_reach == {NARROW: [], WIDE: []}


@pytest.mark.parametrize("scheme", SCHEMES)
@every_page
def test_accessible(look, name, scheme):
    assert look(name).violations[scheme] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_formulas_are_accessible(visit, scheme):
    page = visit("book/owndata/index.html", scheme=scheme).page
    assert page.locator("mjx-container").count() > 20
    assert violations(page) == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_code_is_accessible(visit, scheme):
    page = visit("book/setting/scalar_net.html", scheme=scheme).page
    unfold(page)
    assert page.locator("pre span").count() > 1000
    assert violations(page) == []


def test_faint_token_is_found_among_those_that_are_left(visit):
    page = visit("book/setting/scalar_net.html").page
    page.add_style_tag(content=".highlight .mf { color: #ddd !important }")
    page.evaluate(PLAIN_CODE)
    assert page.locator("pre span").count() < 100
    assert any("color-contrast" in found and 'class="mf"' in found for found in violations(page))


@every_page
def test_weight(look, name):
    transferred = look(name).transferred
    heaviest = sorted(transferred.items(), key=lambda item: -item[1])[:8]
    assert transferred
    assert sum(transferred.values()) <= HEAVIEST, heaviest


@every_page
def test_first_view(look, name, browser, address, alone):
    """The median of three; the other two are taken only when the first, beside others, is slow."""
    times = [look(name).first_view]
    if times[0] > SLOWEST:
        alone()
        times += [first_view(browser, address, name) for _ in range(2)]
    assert statistics.median(times) <= SLOWEST, times


@every_page
def test_figures_show_the_variant_of_the_theme_and_say_what_was_published(look, name):
    for scheme, figures in look(name).figures.items():
        for figure in figures:
            if figure["explorer"]:  # it stands in the place of its picture
                assert figure["shown"] == []
            else:
                (shown,) = figure["shown"]
                assert shown.endswith(".dark.svg") == (scheme == "dark")
            for source, alt in figure["images"]:
                assert alt == _published(source)["alt"]


@every_page
def test_letters_of_figures_are_at_least_nine_pixels_high(look, name):
    for images in look(name).widths_of_images.values():
        for source, width in images:
            figure = _published(source)
            assert width / figure["width"] * figure["letters"] > 8.9, (source, width)


def _published(source: str) -> dict[str, Any]:
    """What the run recorded of a figure: alt text, width and smallest letters in points."""
    figure = PurePosixPath(source).name.removesuffix(".svg").removesuffix(".dark")
    (record,) = (PROJECT.stage / "book").glob(f"*/_published/figures/{figure}.json")
    loaded: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))
    return loaded


def test_all_declared_figures_are_seen_by_these_tests(look):
    sources = {
        PurePosixPath(source).name.removesuffix(".svg").removesuffix(".dark")
        for name in PAGES
        for figure in look(name).figures["light"]
        for source, _ in figure["images"]
    }
    published = {path.stem for path in (PROJECT.stage / "book").glob("*/_published/figures/*.json")}
    assert sources == published
