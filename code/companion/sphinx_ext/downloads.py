"""The download button of a notebook's page gives a notebook to run, not the executed one.

The staging copy has those notebooks in a folder of their own (:mod:`companion.staging`). In a plain
build there is none, and what Sphinx copies is the committed notebook already.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = "_downloads_of_pages"  # in the source folder


def setup(app: Sphinx) -> None:
    app.connect("build-finished", _replace_sources)


def _replace_sources(app: Sphinx, error: Exception | None) -> None:
    # Not `html_extra_path`: Sphinx does not let that replace what it has copied itself.
    folder = Path(app.srcdir) / FOLDER
    if error is None and app.builder.format == "html" and folder.is_dir():
        shutil.copytree(folder, Path(app.outdir) / "_sources", dirs_exist_ok=True)
