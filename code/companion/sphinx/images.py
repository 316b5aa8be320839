"""Give every picture of a page its size, so that nothing moves when it comes in.

This covers what directives show and what cells of notebooks put out alike.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.images import get_image_size

_UNSIZED = re.compile(r'<img (?![^>]*\bwidth=)(?=[^>]*\bsrc="([^"]+)")')


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", _add_sizes)


def _add_sizes(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    sources = {name: source for source, name in getattr(app.builder, "images", {}).items()}

    def sized(match: re.Match[str]) -> str:
        source = sources.get(unquote(posixpath.basename(match[1])))
        size = get_image_size(Path(app.srcdir) / source) if source else None
        if size is None:
            return match[0]  # the check of the site names it
        return f'{match[0]}width="{size[0]}" height="{size[1]}" '

    if "body" in context:
        context["body"] = _UNSIZED.sub(sized, context["body"])
