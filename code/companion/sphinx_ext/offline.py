"""Make the site complete in itself: MathJax from an installed package, no script from a CDN."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

_BUNDLE = "tex-chtml.js"
_FONTS = "output/chtml/fonts/woff-v2"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", lambda _, config: setattr(config, "mathjax_path", _path()))
    app.connect("html-page-context", _drop_thebe, priority=900)
    app.connect("build-finished", _copy_mathjax)


def _path() -> str:
    return f"mathjax/{_BUNDLE}"


def _copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy one bundle and its fonts (1.5 MB) out of the package, not all of MathJax (30 MB)."""
    if error or app.builder.format != "html":
        return
    # The package's name has hyphens, so it can be found but not imported.
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("package sphinx-mathjax-offline is not installed")
    source = Path(spec.origin).parent / "static" / "mathjax"
    target = Path(app.outdir) / "_static" / "mathjax"
    (target / _FONTS).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source / _BUNDLE, target / _BUNDLE)
    for font in (source / _FONTS).iterdir():
        shutil.copyfile(font, target / _FONTS / font.name)


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
