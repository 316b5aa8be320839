from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from companion.__main__ import main
from toy import ToyBook, make_toy_book

Build = Callable[..., int]


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> ToyBook:
    """One toy book with references and a site; tests work on copies."""
    toy = make_toy_book(tmp_path_factory.mktemp("toy") / "a book")
    assert main(["--root", str(toy.root), "reference", "--all"]) == 0
    assert main(["--root", str(toy.root), "book"]) == 0
    return toy


@pytest.fixture
def toy(built_once: ToyBook, tmp_path: Path) -> ToyBook:
    """A copy of the built toy book to break at will, in a folder whose name looks like patterns."""
    root = tmp_path / "b[1] {y} %s #é'*?$HOME"
    shutil.copytree(built_once.root, root)
    return ToyBook(root)


@pytest.fixture
def build(toy: ToyBook) -> Build:
    """Run a command on the toy book (``book`` by default) and return its exit code."""

    def run(*arguments: str) -> int:
        return main(["--root", str(toy.root), *(arguments or ("book",))])

    return run


@pytest.fixture
def refused(toy: ToyBook, build: Build, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Build, expect failure, check that the site is untouched; return the message."""
    before = {path: path.read_bytes() for path in toy.site.rglob("*") if path.is_file()}
    assert before

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert build(*arguments) == 1
        after = {path: path.read_bytes() for path in toy.site.rglob("*") if path.is_file()}
        assert after == before
        return capsys.readouterr().err

    return run
