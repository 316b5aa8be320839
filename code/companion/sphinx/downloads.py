"""The download button of a notebook's page gives a notebook that runs elsewhere.

Sphinx copies the source of the page: from the staging copy the executed notebook, pictures and all;
in a plain build the committed one. Here it gets its first cell, which sees to the packages.
"""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from companion.project import NOTEBOOK_SUFFIX, Project
from companion.site.launch import Origin, prepared


def setup(app: Sphinx) -> None:
    app.connect("build-finished", _add_first_cells)


def _add_first_cells(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    origin = Origin.find(Project(Path(app.srcdir)))
    copied = Path(app.outdir) / "_sources"
    for notebook in copied.rglob(f"*{NOTEBOOK_SUFFIX}"):
        # From its source: in an incremental build the copy may have the cell already.
        source = Path(app.srcdir) / notebook.relative_to(copied)
        notebook.write_text(prepared(source, origin), encoding="utf-8")
