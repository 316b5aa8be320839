"""The gate between runs and pages: everything a run published is what it should be.

Each check returns its problems, one sentence each, so that one build shows them all.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pybtex.database import parse_string
from pybtex.exceptions import PybtexError

from companion.checking.citation import read_citation
from companion.checking.declarations import Declaration, read_declarations
from companion.checking.references import (
    figure_arrays,
    figure_deviations,
    figure_reference,
    number_reference,
    published_numbers,
    reference_numbers,
    reference_picture,
)
from companion.project import BookError, Project
from companion.running.notebooks import Notebook, prose
from companion.running.runs import Run
from companion.source_files import read_text

# Where a figure is explained; `:repeat:` marks a place that only shows it once more.
_SHOWN = re.compile(r"^(?:```+|:::+)\{published\}[ \t]+(\S+)[ \t]*\n(?!:repeat:)", re.MULTILINE)
_CITED = re.compile(r"\{cite:\w+\}`([^`]+)`")
_ENTRY = re.compile(r"^@\w+\{\s*([^,\s]+)", re.MULTILINE)


@dataclass(frozen=True)
class Deviation:
    """How far one compared quantity was from its reference, and how far it may be."""

    figure: str
    array: str
    deviation: float
    tolerance: float

    @property
    def share(self) -> float:
        """The part of its tolerance that a deviation takes; more than 1 is too much."""
        if self.deviation == 0.0:
            return 0.0
        return self.deviation / self.tolerance if self.tolerance else math.inf


def check_sources(project: Project) -> None:
    """Check what can be checked before anything runs.

    Raises
    ------
    BookError
        For a file that cannot be read, committed outputs, a cell that would not run, a declared
        figure no cell publishes, a figure shown on no page or on two, a shown figure that is not
        declared, references nobody declares (stale), an entry of the bibliography that nothing
        cites, and a citation without an entry.
    """
    declarations = read_declarations(project)
    read_citation(project.citation)
    for path in project.notebooks:
        reference_numbers(project, project.name(path))
    problems = [
        *_broken_bibliographies(project),
        *_committed_outputs(project),
        *_obstacles(project),
        *_unpublishable(project, declarations),
        *_misplaced(project, declarations),
        *_stale_references(project, declarations),
        *_citations(project),
    ]
    _raise(problems)


def check_runs(project: Project, runs: Sequence[Run], *, compared: bool = True) -> list[Deviation]:
    """Check what the runs published against the declarations and the references.

    References belong to the default scale and parameters. Runs with others are not `compared`: it
    is only checked that they published what is declared.

    Returns
    -------
    list of Deviation
        Every comparison made.

    Raises
    ------
    BookError
        If a declared figure was not published, a published one not declared, a name published
        twice, or data or numbers leave their tolerance; every problem is named, with the largest
        deviation.
    """
    declarations = read_declarations(project)
    problems = list(_presence(declarations, runs))
    deviations: list[Deviation] = []
    if not problems and compared:
        deviations, problems = compare_runs(project, runs)
    _raise(problems)
    return deviations


def compare_runs(project: Project, runs: Sequence[Run]) -> tuple[list[Deviation], list[str]]:
    """Every comparison of the runs with their references, and what is wrong with any of them."""
    declarations = read_declarations(project)
    deviations: list[Deviation] = []
    problems: list[str] = []
    for run in runs:
        found, wrong = _compare(project, declarations, run)
        deviations.extend(found)
        problems.extend(wrong)
    return deviations, problems


def published_figures(run: Run) -> list[str]:
    """Names of the figures a run published, sorted."""
    return sorted(path.stem for path in (run.published / "figures").glob("*.json"))


def _raise(problems: Iterable[str]) -> None:
    if text := "\n".join(problems):
        raise BookError(text)


# Sources ------------------------------------------------------------------------------------


def _broken_bibliographies(project: Project) -> Iterator[str]:
    for name in project.settings.get("bibtex_bibfiles", ()):
        text = read_text(project.root / name)
        try:
            parse_string(text, "bibtex")
        except PybtexError as error:
            yield f"{name}: {error}"


def _committed_outputs(project: Project) -> Iterator[str]:
    for path in project.notebooks:
        for cell in Notebook.read(path).code:
            if cell.has_output:
                yield f"{project.name(path)}: cell {cell.index} has outputs; clear them"


def _obstacles(project: Project) -> Iterator[str]:
    for path in project.notebooks:
        for obstacle in Notebook.read(path).obstacles():
            yield f"{project.name(path)}: {obstacle}"


def _unpublishable(project: Project, declarations: Mapping[str, Declaration]) -> Iterator[str]:
    for declaration in declarations.values():
        notebook = Notebook.read(project.root / declaration.notebook)
        if notebook.publishing_cell(declaration.name) is None:
            yield f"figure {declaration.name}: no cell of {declaration.notebook} publishes it"


def _misplaced(project: Project, declarations: Mapping[str, Declaration]) -> Iterator[str]:
    places: dict[str, list[str]] = {name: [] for name in declarations}
    for page in project.pages:
        for name in shown_figures(page):
            places.setdefault(name, []).append(project.name(page))
    for name, pages in places.items():
        if name not in declarations:
            yield f"figure {name}: shown in {pages[0]} but not declared in figures.yml"
        elif not pages:
            yield f"figure {name}: declared in figures.yml but shown on no page"
        elif len(pages) > 1:
            yield f"figure {name}: shown more than once ({', '.join(pages)}); link to it instead"


def shown_figures(page: Path) -> list[str]:
    """Names in the ``published`` directives of a page."""
    return _SHOWN.findall(prose(page))


def _stale_references(project: Project, declarations: Mapping[str, Declaration]) -> Iterator[str]:
    wanted = {figure_reference(project, name) for name in declarations}
    wanted |= {reference_picture(project, name) for name in declarations}
    wanted |= {number_reference(project, project.name(path)) for path in project.notebooks}
    for path in sorted(project.references.glob("*/*")):
        if path not in wanted:
            yield f"{project.name(path)}: a stale reference: nothing in the book belongs to it"


def _citations(project: Project) -> Iterator[str]:
    entries = set(_ENTRY.findall(project.bibliography.read_text(encoding="utf-8")))
    registries = [path for path in (project.statements, project.claims) if path.is_file()]
    texts = [path.read_text(encoding="utf-8") for path in registries]
    texts += [prose(page) for page in project.pages]
    roles = [keys for text in texts for keys in _CITED.findall(text)]
    cited = {key.strip() for keys in roles for key in keys.split(",")}
    for key in sorted(entries - cited):
        yield f"references.bib: nothing cites {key}; cite it or remove it"
    for key in sorted(cited - entries):
        yield f"references.bib: no entry {key}, which is cited"


# Runs ---------------------------------------------------------------------------------------


def _presence(declarations: Mapping[str, Declaration], runs: Sequence[Run]) -> Iterator[str]:
    for run in runs:
        declared = {d.name for d in declarations.values() if d.notebook == run.notebook}
        published = set(published_figures(run))
        for name in sorted(declared - published):
            yield f"figure {name}: declared, but {run.notebook} did not publish it"
        for name in sorted(published - declared):
            yield f"figure {name}: published by {run.notebook}, but not declared for it"
    numbers = Counter(name for run in runs for name in published_numbers(run))
    for name, count in sorted(numbers.items()):
        if count > 1:
            yield f"number {name}: published by {count} notebooks; names are unique in the book"


def _compare(
    project: Project, declarations: Mapping[str, Declaration], run: Run
) -> tuple[list[Deviation], list[str]]:
    deviations: list[Deviation] = []
    problems: list[str] = []
    for name in published_figures(run):
        try:
            new = figure_arrays(run, name)
            found = [
                Deviation(name, *row) for row in figure_deviations(project, declarations[name], new)
            ]
        except LookupError as error:
            problems.append(f"figure {name}: {error}")
            continue
        deviations.extend(found)
        beyond = [item for item in found if not item.deviation <= item.tolerance]
        if beyond:
            worst = max(beyond, key=lambda item: item.share)
            problems.append(
                f"figure {name}: {worst.array} deviates from its reference by "
                f"{worst.deviation:.3g} (tolerance {worst.tolerance:.3g}, both relative); "
                f"if that is meant, `make reference FIGURE={name}` accepts it"
            )
    problems.extend(_compare_numbers(project, run, deviations))
    return deviations, problems


def _compare_numbers(project: Project, run: Run, deviations: list[Deviation]) -> Iterator[str]:
    reference = reference_numbers(project, run.notebook)
    compared = {k: v for k, v in published_numbers(run).items() if not v["volatile"]}
    for name in sorted(set(compared) ^ set(reference)):
        missing = "reference" if name in compared else "number"
        yield (
            f"number {name}: {run.notebook} and its reference differ, no such {missing}; "
            f"if that is meant, `make reference NOTEBOOK={run.notebook}` accepts it"
        )
    for name in sorted(set(compared) & set(reference)):
        number, accepted = compared[name], reference[name]
        size = abs(number["value"] - accepted) / (abs(accepted) or 1.0)
        deviations.append(Deviation(name, "value", size, number["tolerance"]))
        if not size <= number["tolerance"]:
            yield (
                f"number {name}: {number['value']} deviates from its reference {accepted} by "
                f"{size:.3g} (tolerance {number['tolerance']:.3g}, relative); "
                f"if that is meant, `make reference NOTEBOOK={run.notebook}` accepts it"
            )


__all__ = [
    "BookError",
    "Deviation",
    "check_runs",
    "check_sources",
    "compare_runs",
    "published_figures",
    "shown_figures",
]
