"""``python -m edge_of_stability``: the program of :mod:`edge_of_stability.tables.command`."""

import sys

from .tables.command import run

if __name__ == "__main__":
    sys.exit(run())
