"""Give every picture of a page its size, so that nothing moves when it comes in.

This covers what directives show and what cells of notebooks put out alike.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import imagesize
from docutils import nodes
from sphinx.application import Sphinx

_UNSIZED = re.compile(r'<img (?![^>]*\bwidth=)(?=[^>]*\bsrc="([^"]+)")')


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", _add_sizes)


def _add_sizes(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    sources = {name: source for source, name in getattr(app.builder, "images", {}).items()}

    def sized(match: re.Match[str]) -> str:
        source = sources.get(unquote(posixpath.basename(match[1])))
        if source is None:
            return match[0]  # the check of the site names it
        width, height = imagesize.get(str(Path(app.srcdir) / source))
        return f'{match[0]}width="{round(width)}" height="{round(height)}" '

    if "body" in context:
        context["body"] = _UNSIZED.sub(sized, context["body"])
