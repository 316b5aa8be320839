"""Someone who knows only Jupyter Book runs `jupyter-book build .` and gets the book."""

import shutil
import subprocess
import sys

from companion.site.check import check_site
from companion.site.launch import prepared
from toy import TITLE


def test_plain_jupyter_book_builds_the_book(toy):
    shutil.rmtree(toy.root / "_build")
    title, directive = TITLE.split("\n\n")
    toy.write_notebook(title=title, below=directive)
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command += ["build", ".", "-W", "-n", "--keep-going"]
    result = subprocess.run(command, cwd=toy.root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    page = (toy.site / "book/toy/index.html").read_text()
    assert "It says" in page
    assert "42.0" in page
    notebook = (toy.site / "book/toy/lines.html").read_text()
    assert 'id="fig-line"' in notebook
    # The directive shows it directly below the cell, so that its output does not.
    assert notebook.count("<figure") == 1
    assert not list((toy.site / "_images").glob("*.png"))
    assert "answer = 42" in notebook
    downloaded = (toy.site / "_sources/book/toy/lines.ipynb").read_text(encoding="utf-8")
    assert downloaded == prepared(toy.notebook, None)
    check_site(toy.site)
    record = (toy.site / "book/reproducibility.html").read_text()
    assert record.count("nothing was compared or recorded") == 1
