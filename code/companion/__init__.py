"""The machine behind the book: run notebooks, check what they publish, build the site.

It knows no mathematics: :mod:`edge_of_stability` has that, and neither imports the other.
Notebooks use :func:`publish`, :func:`publish_number`, :func:`executor` and :mod:`companion.style`;
the rest is driven by ``python -m companion`` (see ``make help``).
"""

from companion.cluster import executor
from companion.publish import publish, publish_number

__all__ = ["executor", "publish", "publish_number"]
