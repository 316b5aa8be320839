"""Sphinx extension of the book; ``_config.yml`` names it, so plain Jupyter Book has it too.

Every module of this folder that has a function ``setup`` is a part of it.
"""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    for found in iter_modules(__path__):
        part = import_module(f"{__name__}.{found.name}")
        if hasattr(part, "setup"):
            part.setup(app)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": False}
