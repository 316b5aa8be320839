"""Where everything is: one small class, so that no other module knows a folder's name."""

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sphinx_external_toc.parsing import MalformedError, parse_toc_data

from companion.errors import BookError as BookError  # most modules know it from here
from companion.errors import refuse
from companion.source_files import form, read_yaml

NOTEBOOK_SUFFIX = ".ipynb"
PAGE_SUFFIXES = (".md", NOTEBOOK_SUFFIX)


class _Place:
    """A file or folder of every project, by its path below the root."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __get__(self, project: "Project", _: "type[Project]") -> Path:
        return project.root / self.path


@dataclass(frozen=True)
class Project:
    """A checkout of the book: `root` is the folder with ``_config.yml`` and ``_toc.yml``."""

    root: Path

    def __post_init__(self) -> None:
        if not self.config.is_file():
            raise BookError(f"{self.root}: no _config.yml; run this at the root of the book")

    # What is committed.
    book = _Place("book")
    config = _Place("_config.yml")
    toc = _Place("_toc.yml")
    figures = _Place("book/figures.yml")
    statements = _Place("book/statements.yml")
    claims = _Place("book/claims.yml")
    notation = _Place("book/notation.yml")
    formal = _Place("book/formal.json")  # what Coq said; see companion.checking.formal
    citation = _Place("CITATION.cff")
    lock = _Place("requirements.lock")
    references = _Place("tests/references")

    # What is made.
    build = _Place("_build")
    runs = _Place("_build/runs")  # executed notebooks by key; see companion.running.runs
    running = _Place("_build/running")  # runs under way; what a killed build left in it may go
    failed = _Place("_build/failed")  # partly executed notebooks of failed runs, for reading
    cache = _Place("_build/cache")
    stage = _Place("_build/stage")
    sphinx = _Place("_build/sphinx")  # Jupyter Book's output; only a complete build leaves it
    site = _Place("_build/html")  # the last good site
    proofs = _Place("_build/formal")  # the proofs as Coq compiles them
    launch = _Place("_build/launch")  # the repository as launch buttons open it

    def fingerprint(self, source: str) -> Path:
        """What is kept of a quoted text; see :mod:`companion.checking.claims`."""
        return self.book / "claims" / "fingerprints" / f"{source}.txt"

    @property
    def settings(self) -> dict[str, Any]:
        """What ``_config.yml`` says; Jupyter Book checks the rest of it."""
        return read_yaml(self.config, form("config"))

    def name(self, path: Path) -> str:
        """Path relative to the root, with forward slashes: how files are called in messages."""
        return path.relative_to(self.root).as_posix()

    @cached_property
    def pages(self) -> tuple[Path, ...]:
        """All pages of the book in reading order, as listed in ``_toc.yml``.

        Every listed page must exist, and every page below ``book/`` must be listed.
        """
        contents = read_yaml(self.toc)
        try:
            listed = [self._page(entry) for entry in parse_toc_data(contents)]
        except (MalformedError, TypeError) as error:  # TypeError: of what it does not check
            raise BookError(f"{self.toc.name}: {error}") from error
        present = {
            path
            for suffix in PAGE_SUFFIXES
            for path in self.book.rglob(f"*{suffix}")
            if not any(part.startswith((".", "_")) for part in path.relative_to(self.book).parts)
        }
        unlisted = sorted(self.name(path) for path in present - set(listed))
        refuse(f"{name}: not listed in _toc.yml" for name in unlisted)
        return tuple(listed)

    @property
    def notebooks(self) -> tuple[Path, ...]:
        """The pages that are notebooks."""
        return tuple(page for page in self.pages if page.suffix == NOTEBOOK_SUFFIX)

    def _page(self, entry: str) -> Path:
        for suffix in ("", *PAGE_SUFFIXES):
            path = self.root / f"{entry}{suffix}"
            if path.is_file():
                return path
        raise BookError(f"_toc.yml: {entry}: no such page")


def package_source(package: str, room: str = "") -> tuple[Path, ...]:
    """Source files of an installed package, or of one of its rooms, sorted; nothing is imported."""
    for entry in map(Path, sys.path):
        if (entry / package / "__init__.py").is_file():
            return tuple(sorted((entry / package / room).rglob("*.py")))
    raise BookError(f"package {package}: not found; `make env` installs it")
