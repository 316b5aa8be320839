"""The gate between runs and pages: everything a run published is what it should be.

Each check returns its problems, one sentence each, so that one build shows them all.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from companion.checking.citation import read_citation
from companion.checking.declarations import Declaration, read_declarations
from companion.checking.references import (
    Deviation,
    compared_numbers,
    figure_deviations,
    figure_reference,
    load_arrays,
    number_reference,
    published_data,
    published_figures,
    published_numbers,
    reference_numbers,
)
from companion.errors import refuse
from companion.project import Project
from companion.running.execution import Run
from companion.running.notebooks import Notebook, prose

# Where a figure is explained; `:repeat:` marks a place that only shows it once more.
_SHOWN = re.compile(r"^(?:```+|:::+)\{published\}[ \t]+(\S+)[ \t]*\n(?!:repeat:)", re.MULTILINE)
# Lines of a cell that a page shows unfolded: about one screen.
LONGEST_CELL = 30


def check_sources(project: Project) -> None:
    """Check what can be checked before anything runs: cells, figures, references."""
    declarations = read_declarations(project)
    # What pages need is read before anything runs.
    _ = project.settings, read_citation(project.citation)
    for path in project.notebooks:
        reference_numbers(project, project.name(path))
    refuse(
        (
            *_unfit_cells(project),
            *_unpublishable(project, declarations),
            *_misplaced(project, declarations),
            *_stale_references(project, declarations),
        )
    )


def check_runs(project: Project, runs: Sequence[Run], *, compared: bool = True) -> list[Deviation]:
    """Check what the runs published; return every comparison with a reference.

    References belong to the default scale. Runs at another are not `compared`: it is only checked
    that they published what is declared.
    """
    declarations = read_declarations(project)
    problems = list(_presence(declarations, runs))
    deviations: list[Deviation] = []
    if not problems and compared:
        deviations, problems = compare_runs(project, runs)
    refuse(problems)
    return deviations


def _unfit_cells(project: Project) -> Iterator[str]:
    for path in project.notebooks:
        notebook, name = Notebook.read(path), project.name(path)
        yield from (f"{name}: {obstacle}" for obstacle in notebook.obstacles())
        for cell in notebook.code:
            lines = len(cell.source.splitlines())
            if lines > LONGEST_CELL and "hide-input" not in cell.tags:
                yield (
                    f"{name}: cell {cell.name or cell.index} shows {lines} lines, more than "
                    f"{LONGEST_CELL}; split it, or fold plotting with the tag hide-input"
                )


def _unpublishable(project: Project, declarations: Mapping[str, Declaration]) -> Iterator[str]:
    for declaration in declarations.values():
        notebook = Notebook.read(project.root / declaration.notebook)
        if notebook.publishing_cell(declaration.name) is None:
            yield f"figure {declaration.name}: no cell of {declaration.notebook} publishes it"


def _misplaced(project: Project, declarations: Mapping[str, Declaration]) -> Iterator[str]:
    places: dict[str, list[str]] = {name: [] for name in declarations}
    for page in project.pages:
        for name in _SHOWN.findall(prose(page)):
            places.setdefault(name, []).append(project.name(page))
    for name, pages in places.items():
        if name not in declarations:
            yield f"figure {name}: shown in {pages[0]} but not declared in figures.yml"
        elif len(pages) != 1:
            shown = ", ".join(pages) or "no page"
            yield f"figure {name}: shown on {shown}; one page needed, others link to it"


def _stale_references(project: Project, declarations: Mapping[str, Declaration]) -> Iterator[str]:
    wanted = {figure_reference(project, name) for name in declarations}
    wanted |= {path.with_suffix(".png") for path in wanted}
    wanted |= {number_reference(project, project.name(path)) for path in project.notebooks}
    for path in sorted(project.references.glob("*/*")):
        if path not in wanted:
            yield f"{project.name(path)}: a stale reference: nothing in the book belongs to it"


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


def compare_runs(project: Project, runs: Sequence[Run]) -> tuple[list[Deviation], list[str]]:
    """Every comparison of the runs with their references, and what is wrong with any of them."""
    declarations = read_declarations(project)
    deviations: list[Deviation] = []
    problems: list[str] = []
    for run in runs:
        for name in published_figures(run):
            data = published_data(run, name)
            problems.extend(compare_figure(project, declarations[name], data, deviations))
        problems.extend(_compare_numbers(project, run, deviations))
    return deviations, problems


def compare_figure(
    project: Project, declaration: Declaration, data: Path, deviations: list[Deviation]
) -> Iterator[str]:
    """Compare the data of a figure with its reference, and append what is found."""
    name = declaration.name
    try:
        found = figure_deviations(project, declaration, load_arrays(data))
    except LookupError as error:
        yield f"figure {name}: {error}"
        return
    deviations += found
    if beyond := [item for item in found if item.is_beyond]:
        worst = max(beyond, key=lambda item: item.share)
        what = f"figure {name}: {worst.array} deviates from its reference"
        yield f"{what} by {_how_much(worst, f'FIGURE={name}')}"


def _compare_numbers(project: Project, run: Run, deviations: list[Deviation]) -> Iterator[str]:
    accepting = f"NOTEBOOK={run.notebook}"
    new, reference = compared_numbers(run), reference_numbers(project, run.notebook)
    for name in sorted(new.keys() | reference.keys()):
        if name not in new or name not in reference:
            missing = "reference" if name in new else "number"
            yield (
                f"number {name}: {run.notebook} and its reference differ, no such {missing}; "
                f"if that is meant, `make reference {accepting}` accepts it"
            )
            continue
        value, accepted = new[name]["value"], reference[name]
        size = abs(value - accepted) / (abs(accepted) or 1.0)
        deviations.append(Deviation(name, "value", size, new[name]["tolerance"]))
        if deviations[-1].is_beyond:
            what = f"number {name}: {value} deviates from its reference {accepted}"
            yield f"{what} by {_how_much(deviations[-1], accepting)}"


def _how_much(found: Deviation, accepting: str) -> str:
    return (
        f"{found.deviation:.3g} (tolerance {found.tolerance:.3g}, both relative); "
        f"if that is meant, `make reference {accepting}` accepts it"
    )
