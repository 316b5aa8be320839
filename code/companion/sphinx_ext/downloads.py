"""The download button of a notebook's page gives a notebook to run, not the executed one.

The staging copy has those notebooks in a folder of their own (:mod:`companion.staging`). In a plain
build there is none, and what Sphinx copies is the committed notebook: it gets its first cell here.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx

from companion.launch import Origin, prepared
from companion.project import NOTEBOOK_SUFFIX, Project

FOLDER = "_downloads_of_pages"  # in the source folder


def setup(app: Sphinx) -> None:
    app.connect("build-finished", _replace_sources)


def _replace_sources(app: Sphinx, error: Exception | None) -> None:
    # Not `html_extra_path`: Sphinx does not let that replace what it has copied itself.
    folder = Path(app.srcdir) / FOLDER
    if error or app.builder.format != "html":
        return
    copied = Path(app.outdir) / "_sources"
    if folder.is_dir():
        shutil.copytree(folder, copied, dirs_exist_ok=True)
        return
    origin = Origin.find(Project(Path(app.srcdir)))
    for notebook in copied.rglob(f"*{NOTEBOOK_SUFFIX}"):
        # From its source: in an incremental build the copy may have the cell already.
        source = Path(app.srcdir) / notebook.relative_to(copied)
        notebook.write_text(prepared(source, origin), encoding="utf-8")
