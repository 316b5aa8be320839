"""The download button of a notebook's page gives the executed notebook: pictures and all.

Sphinx copies it. Where the site has launch buttons, the notebook gets their first cell as well,
which installs the packages. The staging copy has such notebooks in a folder of their own
(:mod:`companion.staging`).
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
