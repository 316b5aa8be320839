"""What this process computes with: processor, BLAS, vector instructions, versions."""

import os
import platform
import re
from functools import cache
from importlib.metadata import requires, version
from typing import Any

import numpy as np

DISTRIBUTION = "edge-of-stability-companion"
_REQUIRED = re.compile(r"^([\w.-]+)[^;]*(?:;\s*extra == ['\"](\w+)['\"])?$")


def processor() -> str:
    """The processor's name, as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next(line.split(":")[1].strip() for line in file if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@cache
def machine() -> dict[str, Any]:
    """Everything that may change the last digits of a result, or say why they changed."""
    import scipy.linalg  # noqa: F401 - loads the BLAS of SciPy, which is not that of NumPy
    from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

    simd = np.show_config(mode="dicts")["SIMD Extensions"]  # type: ignore[call-overload]
    blas = {
        f"{item['internal_api']} {item['version']}, kernels for {item['architecture']}, "
        f"threads: {item['num_threads']}"
        for item in threadpool_info()
        if item["user_api"] == "blas"
    }
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": " ".join(filter(None, (platform.system(), *platform.libc_ver()))),
        "python": platform.python_version(),
        "blas": sorted(blas),
        "simd": [*simd.get("baseline", ()), *simd.get("found", ())],
    }


def packages() -> dict[str, str]:
    """Versions of what the book is made with: its direct requirements, and their compilers."""
    found = filter(None, map(_REQUIRED.match, requires(DISTRIBUTION) or ()))
    direct = {match[1] for match in found if match[2] in (None, "book")}
    return {name: version(name) for name in sorted({*direct, "llvmlite", "sphinx"})}
