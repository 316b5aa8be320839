"""The page at the root of the site: it leads to the first page of the book.

Otherwise sphinx-external-toc writes one that names no icon; browsers then ask the host for one, at
an address that is not the site's. Here it has an empty one, since
the page is gone before it could load another.
"""

from __future__ import annotations

import html
from pathlib import Path

from sphinx.application import Sphinx

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<meta http-equiv="refresh" content="0; url={first}">
<p><a href="{first}">{title}</a></p>
</html>
"""


def setup(app: Sphinx) -> None:
    app.connect("build-finished", _write, priority=400)  # before sphinx-external-toc looks


def _write(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html" or app.config.root_doc == "index":
        return
    page = _PAGE.format(
        title=html.escape(app.config.html_title),
        first=app.builder.get_target_uri(app.config.root_doc),
    )
    (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")
