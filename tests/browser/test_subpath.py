"""The site works from a folder of a host, as GitHub Pages serves it, not only from its root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Quiet, served
from inspection import Visit, broken_images

PREFIX = "/some%20one/companion/"


class _BelowPrefix(Quiet):
    """Serve the site below `PREFIX`; anywhere else is nothing."""

    def translate_path(self, path: str) -> str:
        if not path.startswith(PREFIX):
            return str(Path(self.directory) / "nothing is here")
        return super().translate_path(path.removeprefix(PREFIX.rstrip("/")))


@pytest.fixture(scope="module")
def below() -> Iterator[str]:
    with served(_BelowPrefix) as host:
        yield f"{host}{PREFIX}"


@pytest.fixture
def visit_below(browser, below):
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def opened(name: str) -> Visit:
        visit = Visit(context.new_page(), below)
        visit.page.goto(below + name, wait_until="load")
        return visit

    yield opened
    context.close()


def test_the_root_of_the_host_is_not_the_site(browser, below):
    page = browser.new_page()
    # Requests and not visits: the page at the root leads on while the next visit begins.
    assert page.request.get(below).status == 200
    assert page.request.get(below.removesuffix(PREFIX) + "/book/index.html").status == 404
    page.close()


@pytest.mark.parametrize(
    "name", ["", "book/setting/index.html", "book/setting/scalar_net.html", "book/statements.html"]
)
def test_pages_are_whole(visit_below, name):
    visit = visit_below(name)
    page = visit.page
    assert broken_images(page) == []
    if page.locator(".math").count():
        assert page.locator("mjx-container").count() > 0
    assert visit.complaints == []


def test_no_link_leaves_the_folder(visit_below, below):
    for name in ("book/index.html", "book/setting/scalar_net.html", "genindex.html", "search.html"):
        page = visit_below(name).page
        targets = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
        host = below.removesuffix(PREFIX)
        assert targets
        assert [t for t in targets if t.startswith(host) and not t.startswith(below)] == []


def test_search_finds_pages_of_the_folder(visit_below, below):
    visit = visit_below("search.html?q=sharpness")
    page = visit.page
    # Results, and the pages they quote, come in one by one; leaving earlier would cut them off.
    page.wait_for_function(
        "() => /found/i.test(document.querySelector('.search-summary')?.textContent ?? '')"
    )
    page.wait_for_load_state("networkidle")
    result = page.locator("#search-results li a").first
    assert result.evaluate("a => a.href").startswith(below)
    result.click()
    page.wait_for_url(f"{below}book/**")
    page.wait_for_load_state("load")
    assert visit.complaints == []


def test_data_and_notebook_can_be_downloaded(visit_below, below):
    page = visit_below("book/setting/scalar_net.html").page
    links = page.evaluate("[...document.querySelectorAll('a[href]')].map(a => a.href)")
    for ending in (".npz", ".svg", ".png", ".ipynb"):
        found = [link for link in links if link.startswith(below) and link.endswith(ending)]
        assert found, ending
        assert page.request.get(found[0]).ok
