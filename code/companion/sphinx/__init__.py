"""Sphinx extension of the book; ``_config.yml`` names it, so plain Jupyter Book has it too."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from companion.sphinx import (
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
    outputs,
    proofs,
    published,
    registry,
    repository,
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
    outputs,
    proofs,
    published,
    registry,
    repository,
    reproducibility,
    search,
    statement_map,
    theme,
    volatile,
)


def setup(app: Sphinx) -> dict[str, Any]:
    for part in _PARTS:
        part.setup(app)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": False}
