"""The real Makefile in another folder, with the Python of the tests or with empty programs.

Its recipes run either way, in make and in the shell.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from toy import REPOSITORY

_MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
SETTABLE = re.findall(r"^SETTABLE := (.*)$", _MAKEFILE, re.MULTILINE)[0].split()
"""The variables a caller may set."""

_FILES = ("pyproject.toml", "requirements.lock", "lab.lock", ".venv/ready", ".venv/lab")
_NOTE = """#!/bin/sh
for argument in "$0" "$@"; do printf '%s\\0' "$argument"; done >>{log}
printf '\\n' >>{log}
"""


def make(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call the Makefile of the book in another folder, with the Python that runs the tests."""
    _program(root / ".venv/bin/python", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    return _make(root, arguments, variables)


def noted(root: Path, *arguments: str, **variables: str) -> list[list[str]]:
    """The programs that a call of make starts, each with its arguments; they do nothing.

    Every one is found, by its bare name, in the folder of the environment and on the search path.
    """
    log, path = root / "noted", root / "path"
    names = ("python", "check-jsonschema", "nbstripout", "pre-commit", "zizmor", "uv", "python3")
    for name in names:
        _program(root / ".venv/bin" / name, _NOTE.format(log="noted"))
        _program(path / name, _NOTE.format(log="noted"))
    log.write_text("")
    (root / "book").mkdir(exist_ok=True)
    (root / "_build/html").mkdir(parents=True, exist_ok=True)
    (root / "_build/html/book.pdf").touch()  # what `make pdf` would have made
    variables = {"PATH": f"{path}{os.pathsep}{os.environ['PATH']}", **variables}
    result = _make(root, arguments, variables)
    assert result.returncode == 0, result.stderr
    return [line.split("\0") for line in log.read_text().split("\0\n")[:-1]]


def book_of_one(root: Path, notebook: str) -> Path:
    """Make `root` a book of one real notebook, with its figures and its real references."""
    for name in ("_config.yml", "requirements.lock", "book/references.bib", notebook):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, root / name)
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: {notebook}\n")
    shutil.copytree(REPOSITORY / "tests/references", root / "tests/references")
    declared = yaml.safe_load((REPOSITORY / "book/figures.yml").read_text(encoding="utf-8"))
    own = {name: entry for name, entry in declared.items() if entry["notebook"] == notebook}
    (root / "book/figures.yml").write_text(yaml.safe_dump(own))
    return root


def _make(
    root: Path, arguments: tuple[str, ...], variables: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    # Not what was said to the make that runs the tests, as in `make test PYTHON=python3.12`.
    outer = (*SETTABLE, "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS")
    environment = {k: v for k, v in os.environ.items() if k not in outer} | variables
    shutil.copyfile(REPOSITORY / "Makefile", root / "Makefile")
    for made in _FILES:  # in this order: what is ready is not older
        path = root / made
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text("")
        path.touch()
    call = ["make", *arguments]
    return subprocess.run(
        call, cwd=root, capture_output=True, encoding="utf-8", env=environment, check=False
    )


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
