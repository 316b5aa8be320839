"""Make the site complete in itself: MathJax from an installed package, no script from a CDN."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

# MathJax in parts: its usual bundle has a menu of 0.4 MB, which also makes every formula a stop of
# the Tab key.
_START = "startup.js"
_PARTS = ("input/tex", "output/chtml", "a11y/assistive-mml")
_FILES = (_START, "core.js", *(f"{part}.js" for part in _PARTS), "output/chtml/fonts/tex.js")
_FONTS = "output/chtml/fonts/woff-v2"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", _configure)
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("build-finished", _copy_mathjax)


def _configure(_: Sphinx, config: Config) -> None:
    config.mathjax_path = f"mathjax/{_START}"
    config.mathjax3_config = {**(config.mathjax3_config or {}), "loader": {"load": list(_PARTS)}}


def _copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy some files and the fonts (1.1 MB) out of the package, not all of MathJax (30 MB)."""
    if error or app.builder.format != "html":
        return
    # The package's name has hyphens, so it can be found but not imported.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("package sphinx-mathjax-offline is not installed")
    source = Path(spec.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in (*_FILES, *(f"{_FONTS}/{font.name}" for font in (source / _FONTS).iterdir())):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)


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
