"""The index of notation: every symbol has one meaning, or it says where it has another.

``book/notation.yml`` lists symbols with their meanings and the labels of the places that introduce
them. The directives of :mod:`companion.sphinx.notation` show it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from companion.errors import refuse
from companion.project import Project
from companion.running.notebooks import prose
from companion.source_files import form, read_yaml

# How MyST gives a label: to a directive, to what follows, to an equation.
_LABEL = re.compile(r"^:label: (\S+)$|^\((\S+)\)=$|^\$\$ \((\S+)\)$", re.MULTILINE)


@dataclass(frozen=True)
class Symbol:
    """One meaning of a symbol; `chapter` is ``""`` if it holds throughout the book."""

    symbol: str
    meaning: str
    where: str
    chapter: str = ""


def read_notation(path: Path) -> list[Symbol]:
    """Return all symbols: those used throughout, then local ones, each with all its chapters."""
    index = read_yaml(path, form("notation"))
    throughout, local = index["throughout"], index["local"]
    refuse(f"{path.name}: {problem}" for problem in _clashes(throughout, local))
    found = [Symbol(**entry) for entry in throughout]
    for entry in local:
        for chapter, meaning in entry["meanings"].items():
            found.append(Symbol(entry["symbol"], chapter=chapter, **meaning))
    return found


def check_notation(project: Project) -> None:
    """Check that each symbol is introduced where the index says; a book may have no index."""
    if not project.notation.is_file():
        return
    pages = {
        next(filter(None, match.groups())): page
        for page in project.pages
        for match in _LABEL.finditer(prose(page))
    }
    refuse(
        f"{project.notation.name}: {item.symbol}: {problem}"
        for item in read_notation(project.notation)
        for problem in _misplaced(project, item, pages)
    )


def _misplaced(project: Project, item: Symbol, pages: Mapping[str, Path]) -> Iterator[str]:
    page = pages.get(item.where)
    if page is None:
        yield f"no page has the label {item.where}"
    elif item.chapter and page.parent.name != item.chapter:
        yield f"{item.where} is in {project.name(page)}, not in chapter {item.chapter}"
    elif _packed(item.symbol) not in _packed(prose(page)):
        yield f"does not occur in {project.name(page)}"


def _packed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _letter(symbol: str) -> str:
    r"""Return what a reader recognises: ``K(\theta)`` and ``K`` are the same letter."""
    return _packed(symbol).removesuffix(r"(\theta)")


def _clashes(
    throughout: Sequence[Mapping[str, Any]], local: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    everywhere = Counter(_letter(entry["symbol"]) for entry in throughout)
    here = Counter(_letter(entry["symbol"]) for entry in local)
    for symbol, count in (*everywhere.items(), *here.items()):
        if count > 1:
            yield f"{symbol}: listed twice"
    for entry in local:
        if (_letter(entry["symbol"]) in everywhere) != entry.get("instead", False):
            yield (
                f"{entry['symbol']}: a symbol that is used throughout, and only such a one, says"
                " `instead: true` where a chapter gives it another meaning"
            )
