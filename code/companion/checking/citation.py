"""``CITATION.cff``: how to cite the book, and which paper it accompanies."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.source_files import form, read_yaml


def read_citation(path: Path) -> dict[str, Any]:
    """Return what a citation file says; nothing if there is none."""
    return read_yaml(path, form("citation")) if path.is_file() else {}


def names_of(work: Mapping[str, Any]) -> str:
    """The authors of a work in a citation file, as a title page names them."""
    return " and ".join(
        author.get("name")
        or " ".join(filter(None, (author.get("given-names"), author["family-names"])))
        for author in work["authors"]
    )
