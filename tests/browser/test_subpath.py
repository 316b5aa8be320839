"""The site works from a folder of a host, as GitHub Pages serves it, not only from its root."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import PROJECT, Quiet, served
from inspection import BAD_IMAGES
from visiting import Visit, all_results, load_images

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


def test_the_page_at_the_root_leads_to_the_book(below):
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


def test_pages_are_whole_and_found(below):
    for name in ("book/setting/scalar_net.html", "book/statements.html"):
        below.open(name)
        load_images(below.page)
        assert below.page.evaluate(BAD_IMAGES) == []
        assert below.complaints == []
    below.open("search.html?q=sharpness")
    all_results(below.page)
    result = below.page.locator("#search-results li a").first
    assert result.evaluate("a => a.href").startswith(below.address)
    assert below.complaints == []
