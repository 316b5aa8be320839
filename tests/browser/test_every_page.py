"""What holds on every page of the site."""

import pytest
from conftest import PAGES, PROJECT, links_into
from inspection import SLOWEST, faults_of, make_plain, violations
from visiting import NARROW, SCHEMES, WIDE, show, unfold

# One page of each kind. Where one of them is accessible, the others hardly ever are not.
TEMPLATES = (
    "book/index.html",
    "book/minima/index.html",
    "book/owndata/index.html",
    "book/setting/scalar_net.html",
    "book/explorers/scalar_net.html",
    "book/explorers/train.html",
    "book/statements.html",
    "search.html",
)
# The first pages of the chapters have what the others have, and most of the links lead there.
SOON = {*TEMPLATES, "book/map.html", *(name for name in PAGES if name.endswith("/index.html"))}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in SOON else pytest.mark.slow) for name in PAGES],
)
def test_page(tab, name):
    """It is opened at one of the links that lead to it, on a phone."""
    targets = links_into(name)
    anchor = f"#{targets[len(targets) // 2]}" if targets else ""
    tab.page.set_viewport_size({"width": NARROW, "height": 844})
    seconds = tab.open(name + anchor, slowness=1, color_scheme="light")
    assert seconds < SLOWEST
    assert faults_of(tab, name, targets, PROJECT) == {}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in TEMPLATES else pytest.mark.slow) for name in PAGES],
)
def test_accessible(visit, name):
    page = visit(name).page
    unfold(page)
    make_plain(page)
    for width, scheme in zip((WIDE, NARROW), SCHEMES, strict=True):
        show(page, width, scheme)
        assert violations(page) == [], (width, scheme)


def test_there_is_a_page_of_each_kind():
    assert set(TEMPLATES) <= set(PAGES)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["book/owndata/index.html", "book/setting/scalar_net.html"])
def test_formulas_code_and_every_row_are_accessible(visit, name):
    page = visit(name).page
    unfold(page)
    assert page.locator("mjx-container").count() > 20 or page.locator("pre span").count() > 1000
    for scheme in SCHEMES:
        show(page, scheme=scheme)
        assert violations(page) == [], scheme
