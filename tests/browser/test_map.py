"""The map of the theory: walking it by mouse and keyboard, and without scripts."""

import pytest
from conftest import PROJECT
from visiting import NARROW, WIDE

from companion.checking.statements import read_registry

MAP = "book/map.html"
STATEMENTS = read_registry(PROJECT.statements)


def chosen(page) -> list[str]:
    return page.evaluate(
        "[...document.querySelectorAll('.map-statement.is-chosen')].map(e => e.id.slice(4))"
    )


def joined(page, name: str) -> int:
    return page.locator(f".theory-map path.{name}").count()


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_statement_shows_what_it_rests_on_and_what_uses_it(visit, width):
    page = visit(MAP, width).page
    assert chosen(page) == ["thm-main"]
    page.locator("#map-lem-transport").click()
    assert chosen(page) == ["lem-transport"]
    assert page.url.endswith(MAP)
    users = [label for label, other in STATEMENTS.items() if "lem-transport" in other.uses]
    assert joined(page, "rests-on") == len(STATEMENTS["lem-transport"].uses)
    assert joined(page, "used-by") == len(users) > 1
    assert page.locator(".map-panel .used-by button").count() == len(users)
    # What rests on it through others is marked, too; what is not connected fades.
    assert "is-above" in page.locator("#map-thm-main").get_attribute("class")
    assert "is-far" in page.locator("#map-thm-manifold").get_attribute("class")
    page.locator("#map-lem-transport").click()
    page.wait_for_url("**#lem-transport")  # a second click opens the statement
    # Which leads back to its place on the map.
    footer = page.locator("#lem-transport .statement-footer")
    footer.locator("summary").click()
    footer.get_by_text("On the map").click()
    page.wait_for_url("**/map.html#map-lem-transport")
    page.wait_for_selector(".map-panel")
    assert chosen(page) == ["lem-transport"]


def test_one_walks_by_keyboard_and_enters_a_statement(visit):
    page = visit(MAP).page
    page.locator("#map-thm-flattest").press("Enter")
    assert chosen(page) == ["thm-flattest"]
    page.locator(".map-panel .rests-on button").first.press("Enter")
    (label,) = chosen(page)
    assert label in STATEMENTS["thm-flattest"].uses
    assert page.evaluate("document.activeElement.hash") == f"#{label}"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**#{label}")


def test_without_scripts_the_map_is_a_list_of_links(visit):
    page = visit(MAP, java_script_enabled=False).page
    links = page.locator(".map-statement").evaluate_all("all => all.map(a => a.hash.slice(1))")
    assert sorted(links) == sorted(STATEMENTS)
    assert page.locator(".map-panel").count() == 0
