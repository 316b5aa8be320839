"""``python -m companion``: the commands behind the Makefile.

``book``       run, check and build everything
``run``        run and check notebooks, without building the site
``compare``    compare data files of figures with the references
``reference``  accept what the last runs published as the new reference
``check``      check the sources alone; nothing runs
``pdf``        print the built site as one PDF, and link to it from the site
``archive``    pack the built site, its PDF, the executed notebooks and the data of the figures
``launch``     write the repository as the launch buttons open it
``fingerprint``
               take the fingerprint of a text that claims are quoted from
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":  # what is loaded below takes seconds; there is nothing to tidy up yet
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from filelock import FileLock, Timeout

from companion.checking.checks import Deviation, check_runs, check_sources, published_figures
from companion.checking.claims import check_claims, fingerprint, read_claims
from companion.checking.declarations import read_declarations
from companion.checking.notation import check_notation
from companion.checking.references import (
    accept_figure,
    accept_numbers,
    figure_deviations,
    load_arrays,
)
from companion.checking.reproducibility import digest, gather
from companion.checking.statements import check_statements
from companion.notebook.cluster import SCHEDULER
from companion.project import BookError, Project
from companion.release.archive import write_archives
from companion.running.parameters import assignment
from companion.running.processes import INTERRUPTED, end_on_interrupt
from companion.running.runs import SCALES, Run, run_notebooks
from companion.site.build import build_site
from companion.site.launch import REPOSITORY, Origin, write_tree
from companion.site.staging import stage
from companion.source_files import read_text

# What the machine refuses, through no fault of the book: one line says it, a traceback hides it.
_REFUSED = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EACCES,
    errno.EPERM,
    errno.EIO,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 after a failure that was reported on stderr."""
    options = parser().parse_args(arguments)
    try:
        project = Project(options.root.resolve())
        project.build.mkdir(parents=True, exist_ok=True)
        with FileLock(project.build / "lock", timeout=0):
            options.command(project, options)
    except Timeout:
        print("another build is under way in this folder", file=sys.stderr)
        return 1
    except BookError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno not in _REFUSED:
            raise
        place = f" ({error.filename})" if error.filename else ""
        print(f"\n{error.strerror}{place}; the site is as it was", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 130
    return 0


def _book(project: Project, options: argparse.Namespace) -> None:
    _check(project, options)
    runs = _runs(project, options, project.notebooks)
    deviations = check_runs(project, runs, compared=options.scale == "default")
    stage(project, runs, gather(project, runs, deviations))
    site = build_site(project)
    executed = sum(not run.reused for run in runs)
    compared = (
        f"{len(deviations)} comparisons with references within tolerance"
        if options.scale == "default"
        else "no data compared: references belong to scale default"
    )
    print(
        f"{len(runs)} notebooks ({executed} executed, {len(runs) - executed} unchanged), {compared}"
    )
    print(f"The book is at {site / 'index.html'}")


def _run(project: Project, options: argparse.Namespace) -> None:
    runs = _runs(project, options, _chosen(project, options.notebooks))
    compared = options.scale == "default" and not options.parameter
    check_runs(project, runs, compared=compared)
    for run in runs:
        print(f"{run.notebook}: {len(published_figures(run))} figures in {run.published}")
    if not compared:
        print("No data compared: references belong to the default scale and parameters.")


def _reference(project: Project, options: argparse.Namespace) -> None:
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
    for run in _runs(project, options, _chosen(project, notebooks)):
        for name in published_figures(run):
            if name in declarations and (not options.figure or name in options.figure):
                print(f"accepted {project.name(accept_figure(project, declarations[name], run))}")
        if not options.figure and (path := accept_numbers(project, run)):
            print(f"accepted {project.name(path)}")


def _compare(project: Project, options: argparse.Namespace) -> None:
    declarations = read_declarations(project)
    beyond = []
    for path in options.files:
        figure = declarations.get(path.stem)
        if figure is None:
            raise BookError(f"{path}: no figure is called {path.stem!r} in figures.yml")
        if not path.is_file():
            raise BookError(f"{path}: no such file")
        try:
            arrays = load_arrays(path)
            rows = [
                Deviation(figure.name, *row) for row in figure_deviations(project, figure, arrays)
            ]
        except LookupError as error:
            raise BookError(f"{path}: {error}") from error
        print(f"{figure.name}: SHA-256 {digest(arrays)}")
        for row in rows:
            print(f"  {row.array:24} {row.deviation:8.2e} of {row.tolerance:.1e}")
            if not row.deviation <= row.tolerance:
                beyond.append(f"figure {figure.name}: {row.array} is beyond its tolerance")
    if beyond:
        raise BookError("\n".join(beyond))


def _check(project: Project, _: argparse.Namespace) -> None:
    check_sources(project)
    check_statements(project)
    check_notation(project)
    check_claims(project)


def _fingerprint(project: Project, options: argparse.Namespace) -> None:
    if options.source not in read_claims(project.claims).sources:
        raise BookError(f"claims.yml: {options.source!r} is not among the sources")
    path = project.fingerprint(options.source)
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = textwrap.wrap(fingerprint(read_text(options.text)), width=90)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print(f"wrote {project.name(path)}")


def _pdf(project: Project, _: argparse.Namespace) -> None:
    from companion.release.print_edition import make_pdf  # loads what no other command needs

    path = make_pdf(project)
    print(f"{path.stat().st_size / 1e6:8.2f} MB  {project.name(path)}")


def _archive(project: Project, options: argparse.Namespace) -> None:
    runs = _runs(project, options, project.notebooks)
    check_runs(project, runs, compared=options.scale == "default")
    for path in write_archives(project, runs, project.archive):
        print(f"{path.stat().st_size / 1e6:8.2f} MB  {project.name(path)}")


def _launch(project: Project, _: argparse.Namespace) -> None:
    origin = Origin.find(project)
    if origin is None:
        raise BookError(f"no repository: set {REPOSITORY}, or repository-code in CITATION.cff")
    write_tree(project, project.launch, origin)
    print(f"branch {origin.ref} of {origin.url}: {project.launch}")


def _runs(project: Project, options: argparse.Namespace, notebooks: Sequence[Path]) -> list[Run]:
    if options.scheduler:
        os.environ[SCHEDULER] = options.scheduler
    return run_notebooks(
        project,
        notebooks,
        scale=options.scale,
        parameters=dict(options.parameter),
        jobs=options.jobs,
        timeout=options.timeout,
        reuse=not options.fresh,
    )


def _chosen(project: Project, names: Sequence[str]) -> list[Path]:
    if not names:
        return list(project.notebooks)
    paths = [(project.root / name).resolve() for name in dict.fromkeys(names)]
    for path, name in zip(paths, dict.fromkeys(names), strict=True):
        if not name:
            raise BookError("no notebook named; add NOTEBOOK=book/<chapter>/<notebook>.ipynb")
        if path not in project.notebooks:
            raise BookError(f"{name}: no such notebook in the book")
    return paths


def _positive(text: str) -> int:
    """A whole number of at least one, for argparse."""
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number of at least 1 needed")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m companion", description=__doc__)
    # Of one notebook: a site whose notebooks ran with other parameters is not this book.
    parser.set_defaults(parameter=[])
    parser.add_argument("--root", type=Path, default=Path(), help="the checkout (default: here)")
    commands = parser.add_subparsers(required=True)

    executing = argparse.ArgumentParser(add_help=False)
    executing.add_argument(
        "--jobs", type=_positive, help="notebooks at a time (default: processors)"
    )
    executing.add_argument(
        "--timeout", type=_positive, default=900, help="seconds one cell may take"
    )
    executing.add_argument("--scheduler", help="address of a Dask scheduler for the ensembles")
    executing.add_argument("--fresh", action="store_true", help="reuse no earlier run")
    changing = argparse.ArgumentParser(add_help=False)
    changing.add_argument("--scale", choices=SCALES, default="default", help="size of experiments")
    chosen = argparse.ArgumentParser(add_help=False)
    chosen.add_argument("notebooks", nargs="*", metavar="NOTEBOOK.ipynb")

    book = commands.add_parser("book", parents=[executing, changing], help="run, check, build")
    book.set_defaults(command=_book)
    run = commands.add_parser(
        "run",
        parents=[executing, changing, chosen],
        help="run and check notebooks (all, if none is named)",
    )
    run.add_argument(
        "-p",
        dest="parameter",
        type=assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the notebook; VALUE is a Python literal, else text; may be repeated",
    )
    run.set_defaults(command=_run)
    reference = commands.add_parser(
        "reference", parents=[executing, chosen], help="accept named results as the new reference"
    )
    reference.add_argument("--figure", action="append", default=[], help="only this figure")
    reference.add_argument("--all", action="store_true", help="everything, looked at or not")
    # References are those of the committed notebooks, so nothing may change their experiments.
    reference.set_defaults(command=_reference, scale="default")
    compare = commands.add_parser("compare", help="compare data files with the references")
    compare.add_argument("files", nargs="+", type=Path, metavar="FIGURE.npz")
    compare.set_defaults(command=_compare)
    check = commands.add_parser("check", help="check the sources; nothing runs")
    check.set_defaults(command=_check)
    pdf = commands.add_parser("pdf", help="print the built site as one PDF")
    pdf.set_defaults(command=_pdf)
    archive = commands.add_parser(
        "archive", parents=[executing, changing], help="pack site, notebooks, data"
    )
    archive.set_defaults(command=_archive)
    launch = commands.add_parser("launch", help="write the tree that launch buttons open")
    launch.set_defaults(command=_launch)
    prints = commands.add_parser("fingerprint", help="take the fingerprint of a quoted text")
    prints.add_argument("source", help="its key in book/claims.yml")
    prints.add_argument("text", type=Path, help="a file with the whole text, which is not kept")
    prints.set_defaults(command=_fingerprint)
    return parser


if __name__ == "__main__":
    end_on_interrupt()
    sys.exit(main())
