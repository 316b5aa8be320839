"""Build the site from the staging copy, check it, and swap it into place whole."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from companion.project import BookError, Project, package_source
from companion.running.environment import clean
from companion.running.keys import source_digest
from companion.site.check import check_site
from companion.site.slim import slim

# Beside Sphinx's output: digests of the machinery that made it and of what the site was made from.
_STAMP = "companion.txt"
_SEEN = re.compile(
    r"^(?:.*\b(?:WARNING|ERROR|CRITICAL)\b.*|\w+(?:Error|Exception): \S.*)$", re.MULTILINE
)
# It loads what it needs, then waits for a line, of which there is none if its parent has ended. The
# trees of pages are many objects, and no garbage: looking for it takes up to a third of all.
_MAIN = """
import gc, sys
gc.disable()
import companion.sphinx.reproducibility, jupyter_book.sphinx, myst_nb.sphinx_ext
import sphinx.builders.html, sphinx_book_theme, sphinxcontrib.bibtex
from jupyter_book.cli.main import main
if sys.stdin.readline():
    main()
"""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def jupyter_book(project: Project) -> Iterator[subprocess.Popen[str]]:
    """Start Jupyter Book: it loads for a second, beside other work, and is for `build_site`."""
    # Not the script `jupyter-book`: this Python, whatever the search path says.
    command = [sys.executable, "-c", _MAIN, "build"]
    command += [str(project.stage), "--path-output", str(project.sphinx)]
    command += ["-W", "-n", "--keep-going", "--quiet"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**clean(os.environ, project.cache), "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def build_site(project: Project, process: subprocess.Popen[str]) -> Path:
    """Build the staged book, unless the site is of just that; return the site's folder.

    Warnings are errors, and after an error the last good site is untouched. Sphinx's cache is then
    thrown away: it would remember a page as read, and the next build would not show its warning.
    """
    # Sphinx does not notice a change in its extensions or in the lock; we do.
    machinery = source_digest([project.lock, *package_source("companion")])
    staged = source_digest(path for path in sorted(project.stage.rglob("*")) if path.is_file())
    stamp = project.sphinx / _STAMP
    known = stamp.read_text(encoding="utf-8").split() if stamp.is_file() else []
    if known == [machinery, staged] and (project.site / "index.html").is_file():
        return project.site
    if known[:1] != [machinery]:
        shutil.rmtree(project.sphinx, ignore_errors=True)
    # No stamp while we build: what a killed build leaves behind has lost its warnings.
    stamp.unlink(missing_ok=True)
    try:
        _finish(process, project)
        fresh = project.sphinx / "_build" / "html"
        check_site(fresh)
    except BaseException:
        shutil.rmtree(project.sphinx, ignore_errors=True)
        raise
    stamp.write_text(machinery, encoding="utf-8")
    _swap(fresh, project.site, slim)
    stamp.write_text(f"{machinery} {staged}", encoding="utf-8")
    return project.site


def change_site(project: Project, change: Callable[[Path], None]) -> None:
    """Swap in a copy of the site after `change`, which is given the copy's folder."""
    if not (project.site / "index.html").is_file():
        raise BookError(f"{project.name(project.site)}: no site; build it first")
    _swap(project.site, project.site, change)


def _finish(process: subprocess.Popen[str], project: Project) -> None:
    printed, _ = process.communicate("\n")
    if process.returncode:
        output = _ANSI.sub("", printed).replace(f"{project.stage}{os.sep}", "")
        found = list(dict.fromkeys(_SEEN.findall(output)))
        raise BookError("\n".join(found) or output.strip())


def _swap(fresh: Path, site: Path, change: Callable[[Path], None]) -> None:
    """Replace the site by a changed copy of `fresh`, which is complete before the old one goes.

    Killed between the two renames, it leaves no site: the next build puts the new one there.
    """
    # Where the new site is before, and the old one after, the two renames.
    coming, going = (site.with_name(f"{site.name}.{end}") for end in ("coming", "going"))
    for folder in (coming, going):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        shutil.copytree(fresh, coming)
    except shutil.Error as error:
        shutil.rmtree(coming, ignore_errors=True)
        _, _, reason = error.args[0][0]  # of the first of all files that could not be copied
        raise BookError(f"the new site could not be put in place: {reason}") from error
    change(coming)
    if site.exists():
        site.rename(going)
    coming.rename(site)
    shutil.rmtree(going, ignore_errors=True)
