"""Build the site from the staging copy, check it, and swap it into place whole."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from companion.project import BookError, Project, package_source
from companion.running.environment import clean
from companion.running.keys import source_digest
from companion.running.processes import interrupts_wait
from companion.site.check import check_site
from companion.site.slim import slim

_STAMP = "companion.txt"  # beside Sphinx's output: with which machinery that was made
_SEEN = re.compile(
    r"^(?:.*\b(?:WARNING|ERROR|CRITICAL)\b.*|\w+(?:Error|Exception): \S.*)$", re.MULTILINE
)
# Ends with the build that started it: were that killed, Sphinx would go on writing where the next
# build writes. Its input is a pipe whose other end the build holds, and which nobody writes to.
_JUPYTER_BOOK = """
import os, sys, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start()
from jupyter_book.cli.main import main
main()
"""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


def build_site(project: Project) -> Path:
    """Build the staged book; return the folder of the new site.

    Warnings are errors. After a failure Sphinx's cache is thrown away: it would otherwise remember
    a page as read, and the next build would pass without its warning.

    Raises
    ------
    BookError
        With Sphinx's warnings, or what :func:`companion.site.check.check_site` found. The last
        good site is untouched.
    """
    stamp = _stamp(project)
    if _read_stamp(project) != stamp or _is_from_the_future(project.sphinx / _STAMP):
        shutil.rmtree(project.sphinx, ignore_errors=True)
    # No stamp while we build: what a killed build leaves behind has lost its warnings.
    (project.sphinx / _STAMP).unlink(missing_ok=True)
    try:
        _jupyter_book(project)
        fresh = project.sphinx / "_build" / "html"
        check_site(fresh, project.cache / "pages.json")
    except BaseException:
        shutil.rmtree(project.sphinx, ignore_errors=True)
        raise
    (project.sphinx / _STAMP).write_text(stamp, encoding="utf-8")
    _swap(fresh, project.site, slim)
    return project.site


def change_site(project: Project, change: Callable[[Path], None]) -> None:
    """Swap in a copy of the site after `change`, which is given the copy's folder.

    Raises
    ------
    BookError
        If there is no site.
    """
    if not (project.site / "index.html").is_file():
        raise BookError(f"{project.name(project.site)}: no site; build it first")
    _swap(project.site, project.site, change)


def _jupyter_book(project: Project) -> None:
    # Not the script `jupyter-book`: this Python, whatever the search path says.
    command = [sys.executable, "-c", _JUPYTER_BOOK, "build"]
    command += [str(project.stage)]
    command += ["--path-output", str(project.sphinx), "-W", "-n", "--keep-going", "--quiet"]
    environment = {**clean(os.environ, project.cache), "PYTHONWARNINGS": "ignore", "NO_COLOR": "1"}
    with _lifeline() as stdin:
        result = subprocess.run(
            command, stdin=stdin, capture_output=True, text=True, env=environment, check=False
        )
    if result.returncode:
        output = _ANSI.sub("", result.stdout + result.stderr)
        output = output.replace(f"{project.stage}{os.sep}", "")
        found = list(dict.fromkeys(_SEEN.findall(output)))
        raise BookError("\n".join(found) or output.strip())


@contextmanager
def _lifeline() -> Iterator[int]:
    """The reading end of a pipe that is closed when this process ends, in whatever way."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)


def _stamp(project: Project) -> str:
    """Sphinx does not notice a change in its extensions or in the lock; we do."""
    digest = hashlib.sha256(project.lock.read_bytes())
    digest.update(source_digest(package_source("companion")).encode())
    return digest.hexdigest()


def _read_stamp(project: Project) -> str:
    path = project.sphinx / _STAMP
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _is_from_the_future(path: Path) -> bool:
    """Whether the clock was set back since `path` was written.

    Sphinx reads again what is newer than its last reading. After a clock was set back, a page
    changed today is older than that, and its change would not be seen.
    """
    return path.is_file() and path.stat().st_mtime > time.time()


def _swap(fresh: Path, site: Path, change: Callable[[Path], None]) -> None:
    """Replace the site by a changed copy of `fresh`; at every moment one whole site is on disk."""
    coming, going = _coming(site), _going(site)
    for folder in (coming, going):
        shutil.rmtree(folder, ignore_errors=True)
    try:
        shutil.copytree(fresh, coming)
    except shutil.Error as error:
        shutil.rmtree(coming, ignore_errors=True)
        _, _, reason = error.args[0][0]  # of the first of all files that could not be copied
        raise BookError(f"the new site could not be put in place: {reason}") from error
    change(coming)
    with interrupts_wait():
        if site.exists():
            site.rename(going)
        coming.rename(site)
    shutil.rmtree(going, ignore_errors=True)


def recover_site(project: Project) -> None:
    """Finish or undo a swap that was cut between its two renames; before anything can fail."""
    site = project.site
    if not site.exists() and _going(site).exists():
        _going(site).rename(site)
    for folder in (_coming(site), _going(site)):
        shutil.rmtree(folder, ignore_errors=True)


def _coming(site: Path) -> Path:
    return site.with_name(f"{site.name}.coming")


def _going(site: Path) -> Path:
    return site.with_name(f"{site.name}.going")
