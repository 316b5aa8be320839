"""Run the book as other machines would compute it, and list what comes near its tolerance.

The kernels of BLAS, the vector instructions of NumPy and the C library's elementary functions are
chosen by the processor; each can be set to behave as on an older one. Every machine below is
first probed: a setting that takes no effect here stops the script, it is not counted as tried.

    python tests/companion/machines.py [--only NAME …] [NOTEBOOK …]

Exit code 1 if anything leaves its tolerance on any machine.
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest import mock

from twice import copy_of_the_book

from companion.checking.checks import Deviation, compare_runs
from companion.project import Project
from companion.running.runs import stored_runs

NEAR = 1 / 3  # of a tolerance: what takes more of it is listed

NUMPY_PLAIN = {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"}
LIBM_PLAIN = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX,-FMA4"}
MACHINES: Mapping[str, Mapping[str, str]] = {
    "this": {},
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "nehalem": {"OPENBLAS_CORETYPE": "Nehalem", **NUMPY_PLAIN, **LIBM_PLAIN},
    "prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "generic": {"NUMBA_CPU_NAME": "generic", **NUMPY_PLAIN, **LIBM_PLAIN},
}
"""What to set, by name: "nehalem" is a processor of 2009 in every respect but the compiled engine,
"generic" has no fused multiply-add in that either."""


def probe() -> dict[str, str]:
    """What this process computes with."""
    import numpy as np
    import threadpoolctl
    from llvmlite import binding
    from numba import config
    from numpy._core._multiarray_umath import __cpu_features__ as features

    points = [(k - 10_000) / 777 for k in range(20_000)]
    functions = (math.exp, math.sin, math.cos, math.tanh, math.atan)
    elementary = b"".join(np.array([f(x) for x in points]).tobytes() for f in functions)
    blas = [item for item in threadpoolctl.threadpool_info() if item["user_api"] == "blas"]
    return {
        "OPENBLAS_CORETYPE": "/".join(sorted({item["architecture"] for item in blas})),
        "NPY_DISABLE_CPU_FEATURES": " ".join(k for k, v in features.items() if v and "X86" in k),
        "GLIBC_TUNABLES": hashlib.sha256(elementary).hexdigest()[:12],
        "NUMBA_CPU_NAME": config.CPU_NAME or binding.get_host_cpu_name(),
    }


def probed(settings: Mapping[str, str]) -> dict[str, str]:
    """The same, of a process with these settings."""
    command = [sys.executable, __file__, "--probe"]
    environment = {**os.environ, **settings}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(result.stdout)
    return found


def took_effect(settings: Mapping[str, str], here: Mapping[str, str]) -> str | None:
    """Name the first setting that changes nothing; None if each changes what it should."""
    there = probed(settings)
    for name, value in settings.items():
        wanted = value if name == "OPENBLAS_CORETYPE" else None
        if there[name] != wanted and there[name] == here[name]:
            return f"{name}={value}"
    return None


def run(
    project: Project, settings: Mapping[str, str], notebooks: Sequence[str]
) -> tuple[list[Deviation], list[str]]:
    """Execute notebooks (none named: all) under the settings; return comparisons and failures."""
    command = [sys.executable, "-m", "companion", "--root", str(project.root), "run", *notebooks]
    environment = {**os.environ, **settings}
    result = subprocess.run(
        command, env=environment, stderr=subprocess.PIPE, text=True, check=False
    )
    paths = [project.root / name for name in notebooks] or project.notebooks
    with mock.patch.dict(os.environ, settings):  # they belong to the keys of these runs
        runs = stored_runs(project, paths)
    deviations, problems = compare_runs(project, runs)
    if failed := len(paths) - len(runs):
        problems += result.stderr.strip().splitlines()[-failed:]
    return deviations, problems


def main() -> int:
    """Run the machines that were asked for, print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=MACHINES, help="default: all")
    parser.add_argument("notebooks", nargs="*", help="default: all")
    parser.add_argument("--probe", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        print(json.dumps(probe()))
        return 0
    here = probed({})
    print("this machine:", ", ".join(here.values()))
    failed = False
    for name in options.only or MACHINES:
        settings = MACHINES[name]
        if idle := took_effect(settings, here):
            print(f"{name}: {idle} has no effect on this machine")
            return 2
        with tempfile.TemporaryDirectory() as folder:
            project = Project(copy_of_the_book(Path(folder) / name))
            deviations, problems = run(project, settings, options.notebooks)
        near = sorted((d for d in deviations if d.share > NEAR), key=lambda d: -d.share)
        print(f"\n{name}: {len(deviations)} comparisons, {len(problems)} problems")
        for item in near:
            print(f"  {item.figure} {item.array}: {item.share:.3g} of {item.tolerance:.1e}")
        for problem in problems:
            print(f"  ! {problem}")
        failed |= bool(problems)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
