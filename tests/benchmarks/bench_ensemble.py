"""Time ensembles of gradient descent side by side with the same descent by hand, in float64.

Run as ``python tests/benchmarks/bench_ensemble.py [--json FILE] [--quick] [--only NAME …]``. Every
line of a table does the same work: the same starts, all steps (nothing settles and stops early),
two cores. The machine's limit is a loop of fused multiply-adds that does nothing else, on both
cores. Frameworks that are missing are named as such.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import turns
from numba import njit
from page import MISSING, table
from peers import CORES, PEERS, check, ours
from turns import best, in_turns, optional

from companion.running.machine import processor
from edge_of_stability import DeepLinearProblem, run_ensemble
from edge_of_stability.descent._blocks import one_blas_thread
from edge_of_stability.descent._lanes import WIDTH, add_product, load, store
from edge_of_stability.descent._products import multiply_adds

NETWORKS = ["1-1-1", "1-1-1-1-1-1", "2-2-2", "5-10-10-3", "10-20-10", "20-20-20", "30-30-30"]
NETWORKS += ["40-40-40", "20-64-64-10", "50-64-64-10"]
REQUIREMENTS = "tests/benchmarks/requirements.txt"
LIMIT = "the machine's limit"


def example(name: str) -> tuple[DeepLinearProblem, float]:
    """The problem of a network, and a step at which nothing settles."""
    widths = tuple(map(int, name.split("-")))
    if max(widths) == 1:  # a cycle past the edge, or a slow descent
        return DeepLinearProblem([[1.0]], [[1.0]], widths), 0.6 if len(widths) == 3 else 1e-4
    rng = np.random.default_rng(0)
    X, Y = (rng.standard_normal((d, 2 * widths[0])) for d in (widths[0], widths[-1]))
    samples = np.sqrt(2 * widths[0])
    return DeepLinearProblem(X / samples, Y / samples, widths), 1e-4


def starts(problem: DeepLinearProblem, count: int) -> np.ndarray:
    """Points from which no orbit diverges, (count, D)."""
    scale = 0.3 / np.sqrt(max(problem.widths))
    return scale * np.random.default_rng(1).standard_normal((count, problem.dimension))


# -- the machine's limit --------------------------------------------------------------------------

SPINS = 1_000_000
MULTIPLY_ADDS = CORES * SPINS * 12 * WIDTH


@njit(nogil=True)
def spin(rounds: int, memory: Any) -> None:
    """Twelve independent chains of multiply-adds on vectors, nothing else."""
    sums = load(memory, 0, 1, 1, 12, 1, WIDTH)
    terms = load(memory, 0, 1, 1, 12, 1, WIDTH)
    factor = load(memory, 0, 0, 0, 1, 1, WIDTH)
    for _ in range(rounds):
        sums = add_product(terms, sums, factor, 1)
    store(memory, 0, 1, 1, sums)


def limit(pool: ThreadPoolExecutor) -> Callable[[], object]:
    """Multiply-adds on all cores, MULTIPLY_ADDS of them a call."""
    memories = [np.full(12 * WIDTH, 0.5) for _ in range(CORES)]
    return lambda: list(pool.map(spin, [SPINS] * CORES, memories))


# -- tables ---------------------------------------------------------------------------------------


def ensembles(names: list[str]) -> dict[str, Any]:
    """Multiply-adds a second, and millions of gradient steps a second: each network, each way.

    A way counts with the best size of its batches; the second table has all of them.
    """
    peak, rows, sizes = 0.0, [], []
    for name in names:
        problem, eta = example(name)
        check(problem, eta)
        cost = multiply_adds(problem.widths, False)
        count = int(np.clip(2**20 / problem.dimension, 128, 2**16))
        theta = starts(problem, count)
        with ThreadPoolExecutor(CORES) as pool, one_blas_thread():
            calls: dict[Any, Callable[[], object]] = {LIMIT: limit(pool)}
            work = {}
            for way, (make, given) in PEERS.items():
                for size in given[:1] if way == "C by hand" and cost > 10_000 else given:
                    if "by hand" in way and way[0] != "C" and size * problem.dimension < 512:
                        continue  # never the best: a call costs more than the work
                    run = make(problem, eta, size)
                    if run is None:
                        continue
                    # A tenth of a second or less; so many steps that looks and starting do not
                    # count, or they would be counted for us alone.
                    part, speed, least = theta, 1e9, 4
                    if way in ("run_ensemble", "C by hand"):
                        part, speed, least = theta[: max(64, 500_000 // cost)], 1e10, 256
                    steps = int(np.clip(speed / 10 / cost / len(part), least, 4000))
                    calls[way, size] = lambda run=run, part=part, n=steps: run(part, n)
                    work[way, size] = len(part) * steps
            seconds = in_turns(calls)
        rate = MULTIPLY_ADDS / seconds[LIMIT]
        peak = max(peak, rate)
        units = multiply_adds(problem.widths, problem.widths[0] == 1 and problem.depth > 1)
        row: dict[str, Any] = {"network": name, "D": problem.dimension, "limit": rate / units / 1e6}
        for way, (_, given) in PEERS.items():
            rates = {
                size: work[way, size] / seconds[way, size] / 1e6
                for size in given
                if (way, size) in work
            }
            row[way] = max(rates.values(), default=None)
            if len(rates) > 1:
                sizes += [{"network": name, "way": way, "sizes": rates}]
        rows.append(row)
        print(table([row]), flush=True)
    return {"multiply-adds a second": peak, "ensembles": rows, "sizes": sizes}


def scaling() -> dict[str, Any]:
    """Fit a line to processor seconds against starts and steps, a power to those against D."""
    problem, eta = example("1-1-1")
    step, points, results = ours(problem, eta, 0), starts(problem, 2**19), {}
    for name, values in {"starts": range(15, 20), "steps": range(9, 14)}.items():
        sizes, seconds = [2**k for k in values], []
        for size in sizes:
            count, steps = (size, 1000) if name == "starts" else (2**17, size)
            call = lambda c=count, s=steps: step(points[:c], s)  # noqa: E731
            seconds.append(best(call, time.process_time))
        line = np.polyfit(sizes, seconds, 1, w=1 / np.array(seconds))  # relative deviations count
        results[name] = {
            "values": sizes,
            "with": "1000 steps" if name == "starts" else "131072 starts",
            "seconds each": float(line[0]),
            "seconds before the first": float(line[1]),
            "largest deviation": float(np.max(np.abs(np.polyval(line, sizes) / seconds - 1))),
        }
    return results


def by_dimension(rows: list[dict[str, Any]]) -> float:
    """The p of seconds a step ∝ D^p, fitted to the networks of two layers."""
    two = [row for row in rows if row["network"].count("-") == 2 and row["network"] != "1-1-1"]
    if len(two) < 2:
        return float("nan")
    D = [row["D"] for row in two]
    return float(np.polyfit(np.log(D), -np.log([row["run_ensemble"] for row in two]), 1)[0])


def first_call() -> dict[str, float]:
    """Seconds of the first call for a new network, without the cache and with it."""
    program = (
        "import sys, time, numpy as np; from edge_of_stability import *\n"
        "run_ensemble(DeepLinearProblem([[1.0]], [[1.0]], (1, 1)), [[0.5]], 0.1, 1)\n"
        "w = tuple(map(int, sys.argv[1].split('-'))); rng = np.random.default_rng(0)\n"
        "p = DeepLinearProblem(rng.random((w[0], 9)), rng.random((w[-1], 9)), w)\n"
        "begin = time.perf_counter(); run_ensemble(p, np.zeros((1, p.dimension)), 0.1, 1)\n"
        "print(time.perf_counter() - begin)"
    )
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        for name in ("2-2-2", "5-10-10-3", "20-20-20", "40-40-40"):
            for when in ("cold", "cached"):
                command = [sys.executable, "-c", program, name]
                run = subprocess.run(
                    command, env=environment, capture_output=True, text=True, check=True
                )
                found[f"{name}, {when}"] = float(run.stdout)
    return found


def picture() -> float:
    """Seconds of a basin picture: 1024² starts, 2000 steps, scalar net at η = 0.7."""
    axis = np.linspace(-3, 3, 1024)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    return best(lambda: run_ensemble(example("1-1-1")[0], grid, 0.7, 2000))


def machine() -> dict[str, Any]:
    """Describe where this ran."""
    versions = {}
    for name in ("numpy", "numba", "torch", "jax"):
        versions[name] = getattr(optional(name), "__version__", MISSING)
        if versions[name] == MISSING:
            print(f"without {name}: {sys.executable} -m pip install -r {REQUIREMENTS} installs it")
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "used": CORES,
        "load before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": versions,
    }


def main() -> None:
    """Run everything, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", help="write the results here")
    parser.add_argument("--quick", action="store_true", help="few short turns: does it work?")
    parser.add_argument("--only", nargs="*", choices=NETWORKS, help="these networks alone")
    chosen = parser.parse_args()
    if chosen.quick:
        turns.ROUNDS, turns.TURN = 2, 0.01
    results: dict[str, Any] = {"machine": machine()}
    results |= ensembles(chosen.only or NETWORKS)
    results["exponent of D"] = by_dimension(results["ensembles"])
    if not chosen.only:
        for measure in (first_call, picture, scaling):
            name = measure.__name__.replace("_", " ")
            results[name] = measure()
            print(name, results[name], flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
