"""What workers of ``pytest -n`` must not share, set before any of them imports NumPy or Numba."""

from __future__ import annotations

import os
from pathlib import Path

if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    # The workers use all processors already.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Numba's cache survives two writers at once, but may then hand out code for other types.
    compiled = Path(__file__).resolve().parents[1] / "_build" / "numba" / worker
    os.environ.setdefault("NUMBA_CACHE_DIR", str(compiled))
