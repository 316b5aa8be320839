"""Where everything is: one small class, so that no other module knows a folder's name."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sphinx_external_toc.parsing import MalformedError, parse_toc_data

from companion.errors import BookError as BookError  # most modules know it from here
from companion.source_files import read_yaml, schema_of

NOTEBOOK_SUFFIX = ".ipynb"
PAGE_SUFFIXES = (".md", NOTEBOOK_SUFFIX)

# What we need of it, and what Jupyter Book's parser takes for granted; that one checks the rest.
_ENTRIES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"file": {"type": "string"}, "sections": {"$ref": "#/$defs/entries"}},
    },
}
_TOC = {
    "$defs": {"entries": _ENTRIES},
    "required": ["root"],
    "properties": {
        "format": {"enum": ["jb-book", "jb-article"]},
        "defaults": {"type": "object"},
        "root": {"type": "string"},
        "chapters": {"$ref": "#/$defs/entries"},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"chapters": {"$ref": "#/$defs/entries"}},
            },
        },
    },
}


@dataclass(frozen=True)
class Project:
    """A checkout of the book.

    Parameters
    ----------
    root
        The folder that holds ``_config.yml`` and ``_toc.yml``.
    """

    root: Path

    def __post_init__(self) -> None:
        if not (self.root / "_config.yml").is_file():
            raise BookError(f"{self.root}: no _config.yml; run this at the root of the book")

    # What is committed -----------------------------------------------------------------------
    @property
    def book(self) -> Path:
        return self.root / "book"

    @property
    def config(self) -> Path:
        return self.root / "_config.yml"

    @property
    def toc(self) -> Path:
        return self.root / "_toc.yml"

    @property
    def figures(self) -> Path:
        return self.book / "figures.yml"

    @property
    def statements(self) -> Path:
        return self.book / "statements.yml"

    @property
    def claims(self) -> Path:
        return self.book / "claims.yml"

    def fingerprint(self, source: str) -> Path:
        """What is kept of a quoted text; see :mod:`companion.checking.claims`."""
        return self.book / "claims" / "fingerprints" / f"{source}.txt"

    @property
    def notation(self) -> Path:
        return self.book / "notation.yml"

    @property
    def bibliography(self) -> Path:
        return self.book / "references.bib"

    @property
    def citation(self) -> Path:
        return self.root / "CITATION.cff"

    @property
    def lock(self) -> Path:
        return self.root / "requirements.lock"

    @property
    def references(self) -> Path:
        return self.root / "tests" / "references"

    # What is made ----------------------------------------------------------------------------
    @property
    def build(self) -> Path:
        return self.root / "_build"

    @property
    def runs(self) -> Path:
        """Executed notebooks by key; see :mod:`companion.running.runs`."""
        return self.build / "runs"

    @property
    def running(self) -> Path:
        """Runs under way; whatever is in it when nothing runs is left over and may go."""
        return self.build / "running"

    @property
    def failed(self) -> Path:
        """Partly executed notebooks of failed runs, for reading."""
        return self.build / "failed"

    @property
    def cache(self) -> Path:
        return self.build / "cache"

    @property
    def stage(self) -> Path:
        return self.build / "stage"

    @property
    def sphinx(self) -> Path:
        """Jupyter Book's own output; only a complete build leaves it, see `site`."""
        return self.build / "sphinx"

    @property
    def site(self) -> Path:
        """The last good site."""
        return self.build / "html"

    @property
    def launch(self) -> Path:
        """The repository as launch buttons open it; see :mod:`companion.site.launch`."""
        return self.build / "launch"

    @property
    def archive(self) -> Path:
        """What a release holds; see :mod:`companion.release.archive`."""
        return self.build / "archive"

    @property
    def settings(self) -> dict[str, Any]:
        """What ``_config.yml`` says, in the form that Jupyter Book gives it.

        Raises
        ------
        BookError
            If it has another form, or no title.
        """
        schema = schema_of("jupyter_book", "config_schema.json")
        return read_yaml(self.config, {**schema, "required": ["title"]})

    # Sources ---------------------------------------------------------------------------------
    def name(self, path: Path) -> str:
        """Path relative to the root, with forward slashes: how files are called in messages."""
        return path.relative_to(self.root).as_posix()

    @cached_property
    def pages(self) -> tuple[Path, ...]:
        """All pages of the book, as listed in ``_toc.yml``, in reading order.

        Raises
        ------
        BookError
            If ``_toc.yml`` has another form, a listed page does not exist or is listed twice, or
            a page below ``book/`` is not listed.
        """
        contents = read_yaml(self.toc, _TOC)
        try:
            parse_toc_data(contents)
        except MalformedError as error:
            raise BookError(f"{self.toc.name}: {error}") from error
        listed = [self._page(entry) for entry in _toc_entries(contents)]
        present = {
            path
            for suffix in PAGE_SUFFIXES
            for path in self.book.rglob(f"*{suffix}")
            if not any(part.startswith((".", "_")) for part in path.relative_to(self.book).parts)
        }
        unlisted = sorted(self.name(path) for path in present - set(listed))
        if unlisted:
            raise BookError("\n".join(f"{name}: not listed in _toc.yml" for name in unlisted))
        return tuple(listed)

    @property
    def notebooks(self) -> tuple[Path, ...]:
        return tuple(page for page in self.pages if page.suffix == NOTEBOOK_SUFFIX)

    def _page(self, entry: str) -> Path:
        for suffix in ("", *PAGE_SUFFIXES):
            path = self.root / f"{entry}{suffix}"
            if path.is_file():
                return path
        raise BookError(f"_toc.yml: {entry}: no such page")


def package_source(package: str) -> tuple[Path, ...]:
    """Source files of an installed package, sorted; found without importing it."""
    for entry in map(Path, sys.path):
        if (entry / package / "__init__.py").is_file():
            return tuple(sorted((entry / package).rglob("*.py")))
    raise BookError(f"package {package}: not found; `make env` installs it")


def _toc_entries(node: object) -> list[str]:
    """Every ``file:`` (and the ``root:``) of a table of contents, in order."""
    entries: list[str] = []
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("root", "file"):
                entries.append(str(value))
            else:
                entries.extend(_toc_entries(value))
    elif isinstance(node, list):
        for item in node:
            entries.extend(_toc_entries(item))
    return entries
