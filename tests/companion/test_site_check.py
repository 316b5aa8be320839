import re

import pytest
from fontTools.ttLib import TTFont

from companion.project import BookError
from companion.site.check import check_site


def write(folder, body: str, name: str = "index.html") -> None:
    (folder / name).write_text(f"<html><head></head><body>{body}</body></html>")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js from"),
        ('<script src="//cdn.example/x.js"></script>', "//cdn.example/x.js from another host"),
        ('<link rel="stylesheet" href="https://f.example/a.css">', "from another host"),
        ('<img src="gone.png" alt="">', "loads gone.png, which is not there"),
        ('<img src="data:image/png;base64,AAAA">', "has no alt text"),
        ('<p id="twice"><p id="twice">', "two elements have the id twice"),
        ('<img src="data:image/png;base64,AAAA" alt="" width="9">', "no width or no height"),
        ('<a href="gone.html">x</a>', "links to gone.html, which is not there"),
        ('<a href="#gone">x</a>', "links to #gone, which has no such anchor"),
        ('<a href="other.html#gone">x</a>', "links to other.html#gone, which has no such anchor"),
    ],
)
def test_problem_is_found(tmp_path, body, problem):
    write(tmp_path, '<p id="here">', name="other.html")
    write(tmp_path, body)
    with pytest.raises(BookError, match=r"index\.html: ") as caught:
        check_site(tmp_path)
    assert problem in str(caught.value)


def test_style_sheet_from_another_host(tmp_path):
    (tmp_path / "a.css").write_text("@font-face { src: url('https://fonts.example/a.woff2'); }")
    with pytest.raises(BookError, match=r"a\.css: loads https://fonts\.example/a\.woff2"):
        check_site(tmp_path)


def test_sound_site_passes(tmp_path):
    write(tmp_path, '<p id="here">', name="other page.html")
    links = '<a href="other%20page.html#here">x</a> <a href="https://arxiv.org/">y</a>'
    write(tmp_path, links + '<a href="#top">z</a> <a href="mailto:a@b.example">m</a>')
    check_site(tmp_path)


def test_the_font_has_the_icons_that_are_shown_and_hardly_another(built_once):
    folder = built_once.site / "_static/vendor/fontawesome/6.5.2"
    (font,) = folder.rglob("fa-solid*")
    assert not list(folder.rglob("*.js"))
    icons = set(TTFont(font).getBestCmap())
    sheet = (folder / "css/all.min.css").read_text(encoding="utf-8")
    assert "../webfonts/fa-solid-900.woff" in sheet
    pages = "".join(path.read_text(encoding="utf-8") for path in built_once.site.rglob("*.html"))
    names = set(re.findall(r'"fa(?:-solid|s) (fa-[\w-]+)', pages))
    assert len(names) > 3
    for name in names:
        (number,) = re.findall(rf'\.{name}:before[^{{]*\{{content:"\\([0-9a-f]+)"', sheet)
        assert int(number, 16) in icons
    assert ord("\uf071") in icons  # of the theme's warnings, by a variable in another sheet
    assert len(icons) < 60
