"""What workers of ``pytest -n`` need, set before any of them imports NumPy or Numba."""

from __future__ import annotations

import os
from pathlib import Path

if os.environ.get("PYTEST_XDIST_WORKER"):
    # The workers use all processors already.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # One cache of compiled code for all of them: each network has a file of its own in it.
    compiled = Path(__file__).resolve().parents[1] / "_build" / "numba"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled))
