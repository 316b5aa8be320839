"""Sphinx extension of the book; ``_config.yml`` names it, so plain Jupyter Book has it too."""

from __future__ import annotations

import os
from typing import Any

from sphinx.application import Sphinx

from companion.publish import BUILDING
from companion.sphinx_ext import (
    bibliography,
    cells,
    citing,
    claims,
    downloads,
    entry,
    explorer,
    formulas,
    images,
    notation,
    offline,
    proofs,
    published,
    registry,
    reproducibility,
    search,
    statement_map,
    theme,
    volatile,
)

_PARTS = (
    bibliography,
    cells,
    citing,
    claims,
    downloads,
    entry,
    explorer,
    formulas,
    images,
    notation,
    offline,
    proofs,
    published,
    registry,
    reproducibility,
    search,
    statement_map,
    theme,
    volatile,
)


def setup(app: Sphinx) -> dict[str, Any]:
    os.environ[BUILDING] = "1"  # kernels that a plain `jupyter-book build` starts inherit it
    for part in _PARTS:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": False}
