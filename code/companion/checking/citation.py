"""``CITATION.cff``: how to cite the book, and which paper it accompanies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from companion.source_files import read_yaml

_TEXT = {"type": "string"}
_AUTHORS = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "object",
        "properties": dict.fromkeys(("name", "family-names", "given-names"), _TEXT),
        "anyOf": [{"required": ["name"]}, {"required": ["family-names"]}],
        "needed": "a name, or family-names and given-names",
    },
}
# What the book shows of it; `make lint-files` checks the whole file by the format's own schema.
_FORM = {
    "required": ["message", "title", "authors", "version", "date-released"],
    "properties": {
        "message": _TEXT,
        "title": _TEXT,
        "authors": _AUTHORS,
        "version": {"type": ["string", "number"]},
        "date-released": {
            "type": "string",
            "format": "date",
            "needed": "a date like 2026-01-31",
        },
        "url": _TEXT,
        "repository-code": _TEXT,
        "references": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["authors", "title", "year", "url"],
                "properties": {
                    "authors": _AUTHORS,
                    "title": _TEXT,
                    "year": {"type": "integer"},
                    "url": _TEXT,
                },
            },
        },
    },
}


def read_citation(path: Path) -> dict[str, Any]:
    """What a citation file says; nothing if there is none.

    Raises
    ------
    BookError
        If it lacks what the book shows of it.
    """
    return read_yaml(path, _FORM) if path.is_file() else {}


def names_of(work: Mapping[str, Any]) -> str:
    """The authors of a work in a citation file, as a title page names them."""
    return " and ".join(
        author.get("name")
        or " ".join(filter(None, (author.get("given-names"), author["family-names"])))
        for author in work["authors"]
    )
