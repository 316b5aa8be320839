"""The machine behind the book: run notebooks, check what they publish, build the site.

It knows no mathematics: :mod:`edge_of_stability` has that, and neither imports the other.
Notebooks use :func:`publish`, :func:`publish_number`, :func:`executor` and ``style``; the rest is
driven by ``python -m companion`` (see ``make help``).
"""

from companion.notebook import style
from companion.notebook.cluster import executor
from companion.notebook.publish import publish, publish_number

__all__ = ["executor", "publish", "publish_number", "style"]
