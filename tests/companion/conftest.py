import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from proving import with_proof

from companion.__main__ import main
from companion.site.launch import REF, REPOSITORY
from toy import ToyBook, make_toy_book

# Of the checkout that is tested, not of the toy book.
for name in (REPOSITORY, REF):
    os.environ.pop(name, None)

Build = Callable[..., int]


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> ToyBook:
    """One toy book with references and a site; tests work on copies. All workers share it."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        shared = shared.parent
    root = shared / "built" / "a book"
    with FileLock(shared / "built.lock"):
        if not root.exists():
            made = make_toy_book(shared / "being built" / "a book").root
            assert main(["--root", str(made), "reference", "--all"]) == 0
            assert main(["--root", str(made), "book"]) == 0
            made.parent.rename(root.parent)
    return ToyBook(root)


@pytest.fixture
def toy(built_once: ToyBook, tmp_path: Path) -> ToyBook:
    """A copy of the built toy book to break at will, in a folder whose name looks like patterns."""
    root = tmp_path / "b[1] {y} %s #é'*?$HOME"
    shutil.copytree(built_once.root, root)
    return ToyBook(root)


@pytest.fixture
def sources(tmp_path: Path) -> ToyBook:
    """The sources of a toy book to break at will; nothing of it ran."""
    return make_toy_book(tmp_path / "b[1] {y} %s #é'*?$HOME")


@pytest.fixture
def proved(sources: ToyBook) -> ToyBook:
    """The sources of a toy book with one formal proof."""
    return with_proof(sources)


@pytest.fixture
def edited(toy: ToyBook) -> ToyBook:
    """A built book, one page of which was changed since."""
    toy.edit(toy.page, "# A toy book", "# A changed book")
    return toy


@pytest.fixture
def build(toy: ToyBook) -> Build:
    """Run a command on the toy book (``book`` by default) and return its exit code."""

    def run(*arguments: str) -> int:
        return main(["--root", str(toy.root), *(arguments or ("book",))])

    return run


@pytest.fixture
def refused(toy: ToyBook, build: Build, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Build, expect failure, check that the site is untouched; return the message."""
    before = toy.files()
    assert before

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert build(*arguments) == 1
        assert toy.files() == before
        return capsys.readouterr().err

    return run


@pytest.fixture
def refusal(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command (``check`` by default); return the sentences with which it is refused."""

    def run(root: Path, *arguments: str) -> str:
        capsys.readouterr()
        assert main(["--root", str(root), *(arguments or ("check",))]) == 1
        message = capsys.readouterr().err
        assert "Traceback" not in message
        assert all(len(line) < 400 for line in message.splitlines()), message
        return message.strip()

    return run
