"""Notebooks that run elsewhere: in Colab, in Binder, or wherever a reader downloads them to.

Such a notebook is the committed one with one cell in front. In Colab the cell installs the book's
packages from the repository; elsewhere it says how to get them if they are missing. It names the
repository, which is another one for every fork, so it is not committed but written here. CI pushes
what :func:`write_tree` writes as the branch that the launch buttons open.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from companion.checking.citation import read_citation
from companion.project import BookError, Project

REPOSITORY = "COMPANION_REPOSITORY"  # environment variable: https://github.com/OWNER/NAME
REF = "COMPANION_LAUNCH_REF"  # environment variable: the branch or tag that holds the tree
DEFAULT_REF = "launch"
_GITHUB = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")  # what Colab can open
_NOT_LAUNCHED = ".github"  # a branch with workflows in it is one that CI may not push

# Colab has imported NumPy before a notebook starts. Once pip has replaced it, the next import would
# mix two versions, and fail with an error that tells a reader nothing.
RESTART = (
    "NumPy was replaced while in use: choose Runtime > Restart session, then Runtime > Run all"
)
_IN_COLAB = """\
if "google.colab" in sys.modules:
    # Not quiet: from what pip prints Colab sees whether to offer a restart.
    %pip install "{source}"
    import numpy
    from importlib.metadata import version

    if numpy.__version__ != version("numpy"):
        raise RuntimeError("{restart}")

"""
_FIRST_CELL = """\
# @title Run this cell first: it sees to it that the book's packages are there
import sys

{in_colab}try:
    import edge_of_stability, sklearn
    from companion import publish, style
except ImportError as error:
    raise ImportError(
        f"{{error}}. This notebook needs the packages of its book: {place}run "
        f'"{{sys.executable}}" -m pip install "{package}"'
        " and restart the kernel."
    ) from None
"""
_PROJECT = "edge-of-stability-companion"
_EXTRA = "[notebooks]"  # of pyproject.toml: what notebooks import beyond the two packages


@dataclass(frozen=True)
class Origin:
    """Where launched notebooks and their packages come from: a repository, a branch or tag."""

    url: str
    ref: str

    @classmethod
    def find(cls, project: Project) -> "Origin | None":
        """Ask the environment (CI sets it), then ``repository-code`` in ``CITATION.cff``.

        None if neither names a repository: the site then has no launch links.
        """
        cited = read_citation(project.citation)
        url = os.environ.get(REPOSITORY) or cited.get("repository-code", "")
        if not url:
            return None
        url = url.removesuffix("/").removesuffix(".git")
        if not _GITHUB.fullmatch(url):
            raise BookError(f"repository {url!r}: https://github.com/OWNER/NAME needed")
        return cls(url, os.environ.get(REF) or DEFAULT_REF)

    @property
    def settings(self) -> dict[str, Any]:
        """What Jupyter Book needs in ``_config.yml`` to show the launch buttons."""
        return {
            "repository": {"url": self.url, "branch": self.ref},
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
            },
        }


def prepared(source: Path, origin: Origin | None) -> str:
    """Return the notebook `source` with a cell in front that sees to the book's packages.

    They come from `origin` or, if it is None, from a clone that the reader has to find.
    """
    notebook = nbformat.read(source, as_version=4)
    cell = nbformat.v4.new_code_cell(
        _first_cell(origin).rstrip(), id="launch", metadata={"cellView": "form"}
    )
    notebook.cells.insert(0, cell)
    return f"{nbformat.writes(notebook)}\n"


def _first_cell(origin: Origin | None) -> str:
    if origin is None:
        place = "in a clone of the book's repository, "
        return _FIRST_CELL.format(in_colab="", place=place, package=f".{_EXTRA}")
    source = f"git+{origin.url}@{origin.ref}"
    in_colab = _IN_COLAB.format(source=source, restart=RESTART)  # Colab has what the extra asks for
    package = f"{_PROJECT}{_EXTRA} @ {source}"
    return _FIRST_CELL.format(in_colab=in_colab, place="", package=package)


def write_tree(project: Project, target: Path, origin: Origin) -> None:
    """Write the files that git tracks, the notebooks prepared, into the new folder `target`."""
    shutil.rmtree(target, ignore_errors=True)
    command = ["git", "-C", str(project.root), "checkout-index", "--all", f"--prefix={target}/"]
    copied = subprocess.run(command, capture_output=True, text=True, check=False)
    if copied.returncode:
        raise BookError(f"{project.root}: a git checkout needed ({copied.stderr.strip()})")
    shutil.rmtree(target / _NOT_LAUNCHED, ignore_errors=True)
    for notebook in project.notebooks:
        copy = target / project.name(notebook)
        copy.write_text(prepared(notebook, origin), encoding="utf-8")
