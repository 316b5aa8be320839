"""The site works from a folder of a host, as GitHub Pages serves it, not only from its root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import PROJECT, Quiet, served
from inspection import BAD_IMAGES
from visiting import Visit, load_images

PREFIX = "/some%20one/companion/"


class _BelowPrefix(Quiet):
    """Serve the site below `PREFIX`; anywhere else is nothing."""

    def translate_path(self, path: str) -> str:
        if not path.startswith(PREFIX):
            return str(Path(self.directory) / "nothing is here")
        return super().translate_path(path.removeprefix(PREFIX.rstrip("/")))


@pytest.fixture(scope="module")
def below(browser) -> Iterator[Visit]:
    with served(_BelowPrefix) as host:
        context = browser.new_context()
        yield Visit(context, f"{host}{PREFIX}")
        context.close()


def test_the_page_at_the_root_is_whole_and_leads_to_the_book(below):
    # Requests and not visits: the page at the root leads on while the next visit begins.
    request = below.page.request
    page = BeautifulSoup(request.get(below.address).text(), "html.parser")
    link = page.select_one("a")["href"]
    assert page.title.text == PROJECT.settings["title"]
    assert page.select_one("meta[http-equiv=refresh]")["content"] == f"0; url={link}"
    # Without an icon a browser asks the root of the host for one, which is not the site's.
    assert page.select_one("link[rel=icon]")["href"].startswith("data:")
    assert request.get(f"{below.address}{link}").status == 200
    assert request.get(f"{below.address.removesuffix(PREFIX)}/{link}").status == 404


@pytest.mark.parametrize("name", ["", "book/setting/scalar_net.html", "book/statements.html"])
def test_pages_are_whole(below, name):
    below.open(name)
    if not name:
        below.page.wait_for_url("**/book/index.html")
    load_images(below.page)
    assert below.page.evaluate(BAD_IMAGES) == []
    assert below.complaints == []


def test_search_finds_pages_of_the_folder(below):
    below.open("search.html?q=sharpness")
    page = below.page
    # Results, and the pages they quote, come in one by one; leaving earlier would cut them off.
    page.wait_for_function(
        "() => /found/i.test(document.querySelector('.search-summary')?.textContent ?? '')"
    )
    page.wait_for_load_state("networkidle")
    result = page.locator("#search-results li a").first
    assert result.evaluate("a => a.href").startswith(below.address)
    result.click()
    page.wait_for_url(f"{below.address}book/**")
    page.wait_for_load_state("load")
    assert below.complaints == []
