"""The machine behind the book: run notebooks, check what they publish, build the site.

It knows no mathematics: :mod:`edge_of_stability` has that, and neither imports the other.
Notebooks use :func:`publish`, :func:`publish_number` and ``style``; the rest is driven by
``python -m companion`` (see ``make help``).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from companion.notebook import style
    from companion.notebook.publish import publish, publish_number

__all__ = ["publish", "publish_number", "style"]


def __getattr__(name: str) -> Any:
    """Import Matplotlib when it is used: commands and Sphinx, which draw nothing, start sooner."""
    if name == "style":
        return import_module("companion.notebook.style")
    if name in ("publish", "publish_number"):
        return getattr(import_module("companion.notebook.publish"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
