"""``book/figures.yml``: who publishes which figure, and how exactly it must regenerate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from companion.project import BookError, Project

TOLERANCE = 1e-9
"""Default tolerance, relative to an array's largest entry: far above what the order of additions
changes between machines, far below what any change of a formula would do."""

_KNOWN = {"notebook", "tolerance", "arrays", "why"}


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
    """All declared figures by name.

    Raises
    ------
    BookError
        For unknown keys, a missing notebook, or a tolerance loosened without a reason.
    """
    raw = yaml.safe_load(project.figures.read_text(encoding="utf-8")) or {}
    notebooks = {project.name(path) for path in project.notebooks}
    problems: list[str] = []
    declarations: dict[str, Declaration] = {}
    for name, entry in raw.items():
        found = _problems(name, entry, notebooks)
        problems.extend(found)
        if not found:
            declarations[name] = _declaration(name, entry)
    if problems:
        raise BookError("\n".join(f"figures.yml: {problem}" for problem in problems))
    return declarations


def _declaration(name: str, entry: Mapping[str, Any]) -> Declaration:
    return Declaration(
        name=name,
        notebook=entry["notebook"],
        tolerance=float(entry.get("tolerance", TOLERANCE)),
        arrays={
            array: None if value is None else float(value)
            for array, value in (entry.get("arrays") or {}).items()
        },
        why=str(entry.get("why", "")),
    )


def _problems(name: str, entry: Any, notebooks: set[str]) -> list[str]:
    if not isinstance(entry, dict):
        return [f"{name}: got {entry!r}; a mapping with a notebook needed"]
    problems = [f"{name}: unknown key {key!r}" for key in sorted(set(entry) - _KNOWN)]
    if entry.get("notebook") not in notebooks:
        problems.append(f"{name}: notebook {entry.get('notebook')!r} is not in the book")
    if ("tolerance" in entry or entry.get("arrays")) and not entry.get("why"):
        problems.append(f"{name}: a tolerance of its own needs a reason, `why`")
    return problems
