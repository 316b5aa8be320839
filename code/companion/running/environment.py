"""The environment of workers, kernels and Sphinx: it fixes whatever changes what a cell means.

All variables of the software that computes are dropped, except for a few that are documented as
ways to set it; these belong to the key of a run (:mod:`companion.running.keys`). So nothing that
happens to be set in a shell can switch asserts off (``PYTHONOPTIMIZE``), change results or hide an
error.
"""

import os
from collections.abc import Mapping
from pathlib import Path

FIXED: Mapping[str, str] = {
    "MKL_NUM_THREADS": "1",  # notebooks already run side by side, and sums must not depend on how
    "MPLBACKEND": "agg",  # many threads share them
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONUTF8": "1",
    "TZ": "UTC",
    "VECLIB_MAXIMUM_THREADS": "1",
}
COUNTED = frozenset(
    {
        "GLIBC_TUNABLES",  # the processor that is computed for, see tests/companion/machines.py
        "NPY_DISABLE_CPU_FEATURES",
        "NUMBA_CPU_NAME",
        "OPENBLAS_CORETYPE",
        "PYTHONHOME",  # where modules are found
        "PYTHONNOUSERSITE",
        "PYTHONPATH",
        "PYTHONUSERBASE",
    }
)
"""Variables that reach a kernel as they are set, and belong to the key of its run."""
_HARMLESS = frozenset({"NUMBA_CACHE_DIR", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"})
_DROPPED = (
    *("PYTHON", "PYDEVD", "IPYTHON", "JUPYTER", "JPY_", "IPY"),
    *("NUMBA", "LLVMLITE", "NPY_", "NUMPY", "SCIPY", "SKLEARN", "SYMPY", "MPL", "MATPLOTLIB"),
    *("OMP_", "GOMP_", "KMP_", "MKL_", "OPENBLAS", "GOTO_", "BLIS_", "VECLIB_", "GLIBC_TUNABLES"),
    *("LC_", "LANG", "TZ", "SOURCE_DATE_EPOCH", "DOCUTILS", "SPHINX"),
)


def clean(environment: Mapping[str, str], cache: Path) -> dict[str, str]:
    """Return what the processes of a build in `environment` inherit.

    `cache` is the folder for what would otherwise be read from, or written to, the home folder.
    """
    (cache / "ipython").mkdir(parents=True, exist_ok=True)
    passed = COUNTED | _HARMLESS
    return {
        **{k: v for k, v in environment.items() if k in passed or not k.startswith(_DROPPED)},
        **FIXED,
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "IPYTHONDIR": str(cache / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(cache / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(cache / "jupyter-runtime"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # debugger notice on every kernel's stderr
    }


def counted() -> dict[str, str]:
    """Return the variables on which results may depend, sorted, as a kernel would have them now."""
    set_now = {name: os.environ[name] for name in COUNTED & os.environ.keys()}
    return dict(sorted({**FIXED, **set_now}.items()))
