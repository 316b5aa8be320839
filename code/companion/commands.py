"""The commands of ``python -m companion``, one function each; its first line is its help."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from companion.checking.checks import check_runs, check_sources, compare_figure
from companion.checking.claims import check_claims
from companion.checking.declarations import read_declarations
from companion.checking.formal import check_formal, read_record, unfounded
from companion.checking.notation import check_notation
from companion.checking.references import (
    Deviation,
    accept_figure,
    accept_numbers,
    load_arrays,
    published_figures,
)
from companion.checking.reproducibility import digest, gather
from companion.checking.statements import check_statements
from companion.checking.stubs import write_stubs
from companion.errors import BookError, refuse
from companion.project import Project
from companion.proving.coq import prove, render
from companion.running.execution import Run
from companion.running.runs import run_notebooks
from companion.site.build import build_site, jupyter_book
from companion.site.launch import REPOSITORY, Origin, write_tree
from companion.site.staging import stage
from companion.source_files import read_text


def book(project: Project, options: Namespace) -> None:
    """Run, check and build everything."""
    with jupyter_book(project) as process:
        check(project, options)
        runs = _runs(project, options, project.notebooks)
        compared = options.scale == "default"
        deviations = check_runs(project, runs, compared=compared)
        stage(project, runs, gather(project, runs, deviations))
        site = build_site(project, process)
    executed = sum(not run.reused for run in runs)
    print(f"{len(runs)} notebooks ({executed} executed, {len(runs) - executed} unchanged)")
    if compared:
        print(f"{len(deviations)} comparisons with references within tolerance")
    else:
        print("no data compared: references belong to scale default")
    print(f"The book is at {site / 'index.html'}")


def run(project: Project, options: Namespace) -> None:
    """Run and check notebooks (all, if none is named), without building the site."""
    runs = _runs(project, options, _chosen(project, options.notebooks))
    compared = options.scale == "default"
    check_runs(project, runs, compared=compared)
    for done in runs:
        print(f"{done.notebook}: {len(published_figures(done))} figures in {done.published}")
    if not compared:
        print("No data compared: references belong to the default scale.")


def reference(project: Project, options: Namespace) -> None:
    """Accept what the last runs published as the new reference."""
    # Accepting says "I looked at it", so nothing is accepted that was not named.
    if sum(map(bool, (options.figure, options.notebooks, options.all))) != 1:
        raise BookError(
            "say what to accept, by one of\n"
            "make reference FIGURE=name               one figure\n"
            "make reference NOTEBOOK=book/….ipynb     all figures and numbers of a notebook\n"
            "make reference ALL=1                     all figures and numbers of the book"
        )
    declarations = read_declarations(project)
    unknown = sorted(set(options.figure) - set(declarations))
    if unknown:
        raise BookError(f"figures {', '.join(unknown)}: not declared in figures.yml")
    notebooks = [*options.notebooks, *(declarations[name].notebook for name in options.figure)]
    for done in _runs(project, options, _chosen(project, notebooks)):
        for name in published_figures(done):
            if name in declarations and (not options.figure or name in options.figure):
                print(f"accepted {project.name(accept_figure(project, declarations[name], done))}")
        if not options.figure and (path := accept_numbers(project, done)):
            print(f"accepted {project.name(path)}")


def compare(project: Project, options: Namespace) -> None:
    """Compare data files of figures with the references."""
    declarations = read_declarations(project)
    problems: list[str] = []
    for path in options.files:
        if path.stem not in declarations:
            raise BookError(f"{path}: no figure is called {path.stem!r} in figures.yml")
        deviations: list[Deviation] = []
        problems += compare_figure(project, declarations[path.stem], path, deviations)
        if deviations:
            print(f"{path.stem}: SHA-256 {digest(load_arrays(path))}")
        for row in deviations:
            print(f"  {row.array:24} {row.deviation:8.2e} of {row.tolerance:.1e}")
    refuse(problems)


def check(project: Project, _: Namespace) -> None:
    """Check the sources alone; nothing runs."""
    check_sources(project)
    check_statements(project)
    check_notation(project)
    check_claims(project)
    check_formal(project)


def formal(project: Project, options: Namespace) -> None:
    """Have Coq check the proofs, and write what it says to book/formal.json."""
    text = render(prove(project))
    known = read_text(project.formal) if project.formal.is_file() else ""
    if options.check and text != known:
        found = project.build / project.formal.name
        found.write_text(text, encoding="utf-8")
        raise BookError(
            f"{project.name(project.formal)} is not what Coq says, which is in "
            f"{project.name(found)}; `make formal` renews it"
        )
    project.formal.write_text(text, encoding="utf-8")
    record = read_record(project.formal)
    refuse(unfounded(record))
    changed = "unchanged" if text == known else "renewed: commit it"
    message = f"Coq {record.coq} checked {len(record.theorems)} theorems of the registry"
    print(f"{message}; {project.name(project.formal)} is {changed}")


def figure(project: Project, options: Namespace) -> None:
    """Write the stubs of a new figure."""
    (notebook,) = _chosen(project, [options.notebook])
    for path in write_stubs(project, options.name, notebook):
        print(f"{project.name(path)}: {options.name}")


def pdf(project: Project, _: Namespace) -> None:
    """Print the built site as one PDF, and link to it from the site."""
    from companion.release.print_edition import make_pdf  # loads what no other command needs

    path = make_pdf(project)
    print(f"{project.name(path)}: {path.stat().st_size / 1e6:.2f} MB")


def launch(project: Project, _: Namespace) -> None:
    """Write the repository as the launch buttons open it."""
    origin = Origin.find(project)
    if origin is None:
        raise BookError(f"no repository: set {REPOSITORY}, or repository-code in CITATION.cff")
    write_tree(project, project.launch, origin)
    print(f"branch {origin.ref} of {origin.url}: {project.launch}")


def _runs(project: Project, options: Namespace, notebooks: Sequence[Path]) -> list[Run]:
    return run_notebooks(
        project,
        notebooks,
        scale=options.scale,
        jobs=options.jobs,
        timeout=options.timeout,
        reuse=not options.fresh,
    )


def _chosen(project: Project, names: Sequence[str]) -> list[Path]:
    if not names:
        return list(project.notebooks)
    paths = {name: (project.root / name).resolve() for name in names}
    for name, path in paths.items():
        if not name:
            raise BookError("no notebook named; add NOTEBOOK=book/<chapter>/<notebook>.ipynb")
        if path not in project.notebooks:
            raise BookError(f"{name}: no such notebook in the book")
    return list(paths.values())
