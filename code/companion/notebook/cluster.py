"""Where a notebook's ensembles run: on this machine, or on the Dask cluster the build was given."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from functools import cache

SCHEDULER = "COMPANION_SCHEDULER"  # environment variable: address of a Dask scheduler


@cache
def executor() -> Executor | None:
    """Return the executor for ``run_ensemble``; None means the cores of this machine.

    ``make paper SCHEDULER=tcp://…`` sets the address of a scheduler, and needs the package
    ``distributed``. Results are the same to the bit, so the address is no part of a run's key.
    """
    address = os.environ.get(SCHEDULER)
    if not address:
        return None
    from distributed import Client

    found: Executor = Client(address, set_as_default=False).get_executor()
    return found
