"""Where a notebook's ensembles run: on this machine, or on the Dask cluster the build was given."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from functools import cache

SCHEDULER = "COMPANION_SCHEDULER"  # environment variable: address of a Dask scheduler


@cache
def executor() -> Executor | None:
    """The executor for ``run_ensemble``; None, meaning the cores of this machine, by default.

    ``make paper SCHEDULER=tcp://…`` sets the address. Results do not depend on the executor, to the
    bit, so the address is no part of a run's key.

    Raises
    ------
    ImportError
        If an address is set and the package ``distributed`` is not installed.
    OSError
        If no scheduler answers at the address.
    """
    address = os.environ.get(SCHEDULER)
    if not address:
        return None
    from distributed import Client

    found: Executor = Client(address, set_as_default=False).get_executor()
    return found
