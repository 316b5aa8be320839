"""A cell shows what it published: in the executed notebook and on its page."""

from __future__ import annotations

from base64 import b64decode
from collections import defaultdict
from types import SimpleNamespace

import nbformat
from bs4 import BeautifulSoup
from docutils.utils import new_document

from companion.sphinx import outputs

ALT = "A straight line rising from the origin with constant slope."


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
    assert figure.get_text().split() == ["Fig.", "1.1,", "explained", "in", "Lines"]
    assert figure.a["href"] == "#fig-line"
    line = page.select_one("#cell-draw-line .published-numbers")
    assert line.get_text().split()[:7] == ["answer", "=", "42", "tiny", "=", "-1.5e-07", "now"]
    assert [figure.get("id") for figure in page.select("figure.published")] == ["fig-line", None]


def test_declared_figure_that_no_output_shows(toy, caplog):
    env = SimpleNamespace(docname="book/toy/lines", srcdir=toy.root, metadata=defaultdict(dict))
    outputs._show_outputs(SimpleNamespace(env=env), new_document("lines"))
    assert "figure 'line': no cell of book/toy/lines.ipynb shows it" in caplog.text
