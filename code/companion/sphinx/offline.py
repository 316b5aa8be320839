"""Make the site complete in itself: no script from a CDN."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", _drop_thebe, priority=900)


def _drop_thebe(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    """Jupyter Book always loads sphinx-thebe, whose script names a CDN; nothing here uses it."""
    context["script_files"] = [
        script for script in context.get("script_files", []) if not _belongs_to_thebe(script)
    ]


def _belongs_to_thebe(script: Any) -> bool:
    body = getattr(script, "attributes", {}).get("body") or ""
    return "thebe" in str(getattr(script, "filename", script)) or "thebe" in body.lower()
