"""``book/figures.yml``: who publishes which figure, and how exactly it must regenerate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from companion.errors import refuse
from companion.project import Project
from companion.source_files import form, read_yaml

TOLERANCE = 1e-9
"""Default tolerance, relative to an array's largest entry: far above what the order of additions
changes between machines, far below what any change of a formula would do."""


@dataclass(frozen=True)
class Declaration:
    """A declared figure.

    `tolerance` bounds ``|new - reference|`` relative to ``max|reference|``, for every array but
    those in `arrays`, which have a tolerance of their own; ``None`` there means "not compared".
    `why` gives the reason for any that is not the default.
    """

    name: str
    notebook: str
    tolerance: float = TOLERANCE
    arrays: Mapping[str, float | None] = field(default_factory=dict)
    why: str = ""

    def tolerance_of(self, array: str) -> float | None:
        """Tolerance of one array; None if it is not compared."""
        return self.arrays.get(array, self.tolerance)


def read_declarations(project: Project) -> dict[str, Declaration]:
    """Return all declared figures by name; a tolerance of its own needs a reason."""
    entries = read_entries(project.figures)
    notebooks = {project.name(path) for path in project.notebooks}
    refuse(
        f"{project.figures.name}: {name}: {problem}"
        for name, entry in entries.items()
        for problem in _problems(entry, notebooks)
    )
    return {name: Declaration(name, **entry) for name, entry in entries.items()}


def read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """The entries of a ``figures.yml`` as they are, without looking at the book around it."""
    return read_yaml(path, form("figures"))


def _problems(entry: Mapping[str, Any], notebooks: set[str]) -> Iterator[str]:
    if entry["notebook"] not in notebooks:
        yield f"notebook {entry['notebook']!r} is not in the book"
    if ("tolerance" in entry or entry.get("arrays")) and not entry.get("why"):
        yield "a tolerance of its own needs a reason, `why`"
