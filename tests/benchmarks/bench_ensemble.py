"""Time ensembles of gradient descent side by side with NumPy, PyTorch and JAX, in float64.

Run as ``python tests/benchmarks/bench_ensemble.py [--json FILE] [--only NAME …]``. Every line of a
table does the same work: the same starts, all steps (nothing settles and stops early), two cores.
The machine's limit is a loop of fused multiply-adds that does nothing else, on both cores.
Times are the best of many short runs. The ways of a table, the limit among them, take turns, so
that other work on the machine hits them alike. Frameworks that are missing are named as such.
"""

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from companion.running.machine import processor
from edge_of_stability import DeepLinearProblem, Rules, run_ensemble
from edge_of_stability.core.eigen import LANCZOS_TOLERANCE
from edge_of_stability.descent._blocks import units
from edge_of_stability.descent._lowering import WIDTH, fma, loop, splat
from edge_of_stability.descent._step import plan

CORES = 2
BUDGET = 2.0  # seconds spent on a measurement
ROUNDS = 10  # at least: turns that each way of a table takes
NETWORKS = {
    "scalar": (1, 1, 1),
    "2-2-2": (2, 2, 2),
    "5-10-10-3": (5, 10, 10, 3),
    "depth-5 chain": (1, 1, 1, 1, 1, 1),
}
# Initialisations and steps for each way: for some hundredths of a second.
WORK = {
    "NumPy, a loop a trajectory": (5, 200),
    "NumPy, batched": (4096, 100),
    "PyTorch autograd": (4096, 100),
    "PyTorch torch.func": (4096, 100),
    "run_ensemble": (65536, 8000),
}
# Plainly called, JAX takes all starts in one batch, as run_ensemble does. Smaller batches stay in a
# core's cache, and are an effort that a user must think of: both are shown.
JAX_WORK = [(256, 8000), (1024, 4000), (4096, 2000), (16384, 500), (65536, 200)]
ONE_BATCH = JAX_WORK[-1]
ONE_CALL = "JAX jit(vmap(grad))"
BEST_BATCH = "JAX, best batch"
LIGHTER = {"5-10-10-3": 16, "2-2-2": 2}  # this many times fewer initialisations
MISSING = "not installed"
REQUIREMENTS = "tests/benchmarks/requirements.txt"
LIMIT = "the machine's limit"

Step = Callable[[np.ndarray, int], Any]


def example(widths: tuple[int, ...]) -> DeepLinearProblem:
    """Return the problem of the table: W⋆ = Σ = 1 for chains, else Gaussian data."""
    if max(widths) == 1:
        return DeepLinearProblem([[1.0]], [[1.0]], widths)
    rng = np.random.default_rng(0)
    samples = 2 * widths[0]
    X = rng.standard_normal((widths[0], samples)) / np.sqrt(samples)
    Y = rng.standard_normal((widths[-1], samples)) / np.sqrt(samples)
    return DeepLinearProblem(X, Y, widths)


def step_size(widths: tuple[int, ...]) -> float:
    """Return a step at which nothing settles: a cycle past the edge, or a slow descent."""
    return 0.6 if widths == (1, 1, 1) else 1e-4


def starts(problem: DeepLinearProblem, count: int) -> np.ndarray:
    """Return points from which no orbit diverges, (count, D)."""
    return 0.3 * np.random.default_rng(1).standard_normal((count, problem.dimension))


def best(
    call: Callable[[], object],
    budget: float = BUDGET,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    """Seconds of a call: the best of many short runs, which other work on the machine spares."""
    call()  # compiles
    times: list[float] = []
    while not times or sum(times) < budget:
        begin = clock()
        call()
        times.append(clock() - begin)
    return min(times)


def in_turns(calls: dict[Any, Callable[[], object]], budget: float = BUDGET) -> dict[Any, float]:
    """Seconds of each call: the best of its turns, of which there are ``ROUNDS`` or more.

    A quick call is repeated within a turn, so that all get about the same time to find a moment
    without other work.
    """
    repeats = {}
    for name, call in calls.items():
        call()  # compiles
        begin = time.perf_counter()
        call()
        repeats[name] = max(1, int(budget / ROUNDS / (time.perf_counter() - begin)))
    times = dict.fromkeys(calls, np.inf)
    for _ in range(ROUNDS):
        for name, call in calls.items():
            for _ in range(repeats[name]):
                begin = time.perf_counter()
                call()
                times[name] = min(times[name], time.perf_counter() - begin)
    return times


# -- the ways -------------------------------------------------------------------------------------


def timed(call: Callable[[], float]) -> tuple[float, float]:
    """Value and seconds of one call: for what takes long enough to be timed once."""
    start = time.perf_counter()
    value = call()
    return value, time.perf_counter() - start


def numpy_loop(problem: DeepLinearProblem, eta: float) -> Step:
    """One trajectory after the other, each step with the package's own gradient."""
    size = np.asarray(eta)

    def run(theta: np.ndarray, steps: int) -> None:
        for point in theta:
            for _ in range(steps):
                point = problem._step(point, size)

    return run


def numpy_batched(problem: DeepLinearProblem, eta: float) -> Step:
    size = np.asarray(eta)

    def run(theta: np.ndarray, steps: int) -> None:
        for _ in range(steps):
            theta = problem._step(theta, size)

    return run


def torch_loss(problem: DeepLinearProblem, torch: Any) -> Callable[[Any], Any]:
    """L of (…, D) tensors; the reduced data, as the package uses them."""
    X, Y, constant = problem._reduced
    X, Y = torch.tensor(X), torch.tensor(Y)
    parts = [a * b for a, b in pairwise(problem.widths)]

    def loss(theta: Any) -> Any:
        product = X
        for part, (rows, columns) in zip(theta.split(parts, -1), problem.shapes, strict=True):
            product = part.reshape(*part.shape[:-1], rows, columns) @ product
        return ((product - Y) ** 2).sum((-2, -1)) + constant

    return loss


def torch_autograd(problem: DeepLinearProblem, eta: float) -> Step | None:
    torch = optional("torch")
    if torch is None:
        return None
    torch.set_num_threads(CORES)
    loss = torch_loss(problem, torch)

    def run(theta: np.ndarray, steps: int) -> None:
        point = torch.tensor(theta)
        for _ in range(steps):
            point.requires_grad_(True)
            (gradient,) = torch.autograd.grad(loss(point).sum(), point)
            point = (point - eta * gradient).detach()

    return run


def torch_func(problem: DeepLinearProblem, eta: float) -> Step | None:
    torch = optional("torch")
    if torch is None:
        return None
    torch.set_num_threads(CORES)
    gradient = torch.func.vmap(torch.func.grad(torch_loss(problem, torch)))

    def run(theta: np.ndarray, steps: int) -> None:
        point = torch.tensor(theta)
        with torch.no_grad():
            for _ in range(steps):
                point = point - eta * gradient(point)

    return run


def jax_loss(problem: DeepLinearProblem, jnp: Any) -> Callable[[Any], Any]:
    """L of one point."""
    X, Y, constant = problem._reduced
    ends = np.cumsum([a * b for a, b in pairwise(problem.widths)])[:-1]

    def loss(theta: Any) -> Any:
        product = jnp.asarray(X)
        for part, shape in zip(jnp.split(theta, ends), problem.shapes, strict=True):
            product = part.reshape(shape) @ product
        return jnp.sum((product - Y) ** 2) + constant

    return loss


def jax_vmap(problem: DeepLinearProblem, eta: float) -> Step | None:
    jax = optional("jax")
    if jax is None:
        return None
    jax.config.update("jax_enable_x64", True)
    gradient = jax.vmap(jax.grad(jax_loss(problem, jax.numpy)))

    @jax.jit
    def descend(theta: Any, steps: int) -> Any:
        return jax.lax.fori_loop(0, steps, lambda _, t: t - eta * gradient(t), theta)

    return lambda theta, steps: descend(theta, steps).block_until_ready()


def jax_threads(problem: DeepLinearProblem, eta: float) -> Step | None:
    """A part of the starts a thread: XLA itself takes the steps of a small batch on one core."""
    run = jax_vmap(problem, eta)
    if run is None:
        return None
    pool = ThreadPoolExecutor(CORES)
    return lambda theta, steps: list(
        pool.map(lambda part: run(part, steps), np.array_split(theta, CORES))
    )


def ours(problem: DeepLinearProblem, eta: float) -> Step:
    def run(theta: np.ndarray, steps: int) -> None:
        result = run_ensemble(problem, theta, eta, steps, rules=Rules(tolerance=1e-300))
        assert (result.steps == steps).mean() > 0.99, "settled early: not the same work"

    return run


WAYS: dict[str, Callable[[DeepLinearProblem, float], Step | None]] = {
    "NumPy, a loop a trajectory": numpy_loop,
    "NumPy, batched": numpy_batched,
    "PyTorch autograd": torch_autograd,
    "PyTorch torch.func": torch_func,
    ONE_CALL: jax_vmap,
    "JAX in two threads": jax_threads,
    "run_ensemble": ours,
}


def optional(name: str) -> Any:
    """Return a module, or None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return None


# -- the machine's limit --------------------------------------------------------------------------


@intrinsic
def _chains(typing: Any, rounds: Any) -> Any:
    """Twelve independent chains of multiply-adds on vectors, nothing else."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        number = lambda x: splat(builder, ir.Constant(ir.DoubleType(), x))  # noqa: E731
        factor, term = number(0.999), number(0.001)
        begin = [number(float(n)) for n in range(12)]
        with loop(builder, values[0], begin) as (_, sums):
            sums[:] = [fma(builder, one, factor, term) for one in sums]
        total = sums[0]
        for one in sums[1:]:
            total = builder.fadd(total, one)
        return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

    return types.float64(types.int64), emit


@njit(nogil=True)
def _spin(rounds: int) -> float:
    return _chains(rounds)


SPINS = 1_000_000


def limit(pool: ThreadPoolExecutor) -> Callable[[], object]:
    """Multiply-adds on all cores, MULTIPLY_ADDS of them a call."""
    return lambda: list(pool.map(_spin, [SPINS] * CORES))


MULTIPLY_ADDS = CORES * SPINS * 12 * WIDTH


def multiply_adds_a_step(problem: DeepLinearProblem, eta: float) -> int:
    """Count the multiply-adds, multiplications and additions of one step of one lane."""
    rescaled = bool(units(problem, eta) != 1)
    return plan(problem.widths, problem._reduced[0].shape[1], rescaled).operations


# -- tables ---------------------------------------------------------------------------------------


def ensembles(names: list[str]) -> dict[str, Any]:
    """Multiply-adds a second, and millions of gradient steps a second: each network, each way.

    JAX has two columns: all starts in one batch, and the best of all batches and of both its ways,
    each of which is in a table of its own.
    """
    peak, rows, batches = 0.0, [], []
    with ThreadPoolExecutor(CORES) as pool:
        for name in names:
            problem, eta = example(NETWORKS[name]), step_size(NETWORKS[name])
            seconds, work = turns_of(name, problem, eta, limit(pool))
            rate = MULTIPLY_ADDS / seconds.pop(LIMIT)
            peak = max(peak, rate)
            row: dict[str, Any] = {
                "network": name,
                "limit": rate / multiply_adds_a_step(problem, eta) / 1e6,
            }
            rates = {key: work[key] / seconds[key] / 1e6 for key in work}
            jax = {key: rate for key, rate in rates.items() if key[0].startswith("JAX")}
            for way in WAYS:
                if not way.startswith("JAX"):
                    row[way] = rates.get((way, *WORK[way]))
                elif way == ONE_CALL:
                    row[way] = jax.get((way, *ONE_BATCH))
                    row[BEST_BATCH] = max(jax.values(), default=None)
            for way in dict.fromkeys(key[0] for key in jax):
                by_size = {f"m/{ONE_BATCH[0] // w[0]}": jax[way, *w] for w in JAX_WORK}
                m = ONE_BATCH[0] // LIGHTER.get(name, 1)
                batches.append({"network": name, "m": m, "way": way, **by_size})
            rows.append(row)
            table(name, [row])
    return {"multiply-adds a second": peak, "ensembles": rows, "JAX batches": batches}


def turns_of(
    name: str, problem: DeepLinearProblem, eta: float, spin: Callable[[], object]
) -> tuple[dict[Any, float], dict[Any, int]]:
    """Time all ways on one network in turns: seconds and steps of each; JAX in every size.

    The keys are (way, initialisations, steps) as in ``WORK``, and ``LIMIT``.
    """
    calls: dict[Any, Callable[[], object]] = {LIMIT: spin}
    work = {}
    for way, make in WAYS.items():
        step = make(problem, eta)
        if step is None:
            continue
        for count, steps in JAX_WORK if way.startswith("JAX") else [WORK[way]]:
            size = max(5, count // LIGHTER.get(name, 1))
            theta = starts(problem, size)
            calls[way, count, steps] = lambda step=step, theta=theta, steps=steps: step(
                theta, steps
            )
            work[way, count, steps] = size * steps
    return in_turns(calls), work


def scaling() -> dict[str, Any]:
    """Fit a line to processor seconds against initialisations and against steps."""
    problem, eta = example((1, 1, 1)), step_size((1, 1, 1))
    step = ours(problem, eta)
    points = starts(problem, 2**19)
    results: dict[str, Any] = {}
    sizes = {
        "initialisations": [2**k for k in range(15, 20)],
        "steps": [2**k for k in range(9, 14)],
    }
    for name, values in sizes.items():
        seconds = []
        for value in values:
            count, steps = (value, 1000) if name == "initialisations" else (2**17, value)
            call = lambda c=count, s=steps: step(points[:c], s)  # noqa: E731
            seconds.append(best(call, clock=time.process_time))
        weights = 1 / np.array(seconds)  # relative deviations count
        line = np.polyfit(values, seconds, 1, w=weights)
        results[name] = {
            "values": values,
            "with": "1000 steps" if name == "initialisations" else "131072 initialisations",
            "processor seconds": seconds,
            "seconds each": float(line[0]),
            "seconds before the first": float(line[1]),
            "largest deviation": float(np.max(np.abs(np.polyval(line, values) / seconds - 1))),
        }
    return results


def picture() -> float:
    """Seconds of a basin picture: 1024² starts, 2000 steps, scalar net at η = 0.7."""
    axis = np.linspace(-3, 3, 1024)
    grid = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    return best(lambda: run_ensemble(example((1, 1, 1)), grid, 0.7, 2000))


def hessians() -> list[dict[str, Any]]:
    """Milliseconds of an exact Hessian."""
    torch, jax = optional("torch"), optional("jax")
    rows = []
    for widths in [(2, 2, 2), (5, 10, 10, 3), (10, 20, 10)]:
        problem = example(widths)
        theta = starts(problem, 1)[0]
        row: dict[str, Any] = {"network": "-".join(map(str, widths)), "D": problem.dimension}
        row["ours"] = 1e3 * best(lambda p=problem, t=theta: p.hessian(t))
        row["torch.func.hessian"] = row["jax.hessian"] = None
        exact = problem.hessian(theta)
        if torch is not None:
            compute = torch.func.hessian(torch_loss(problem, torch))
            point = torch.tensor(theta)
            np.testing.assert_allclose(compute(point).numpy(), exact, atol=1e-9)
            row["torch.func.hessian"] = 1e3 * best(lambda c=compute, t=point: c(t))
        if jax is not None:
            jax.config.update("jax_enable_x64", True)
            compute = jax.jit(jax.hessian(jax_loss(problem, jax.numpy)))
            np.testing.assert_allclose(np.asarray(compute(theta)), exact, atol=1e-9)
            row["jax.hessian"] = 1e3 * best(lambda c=compute, t=theta: c(t).block_until_ready())
        rows.append(row)
    return rows


def sharpness() -> list[dict[str, Any]]:
    """Seconds of λ_max, matrix-free: ours, and the same Lanczos on the frameworks' products."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    torch, jax = optional("torch"), optional("jax")
    rows = []
    for width in (70, 225, 710):  # D = 2 · width²: 10⁴, 10⁵, 10⁶
        rng = np.random.default_rng(0)
        X = rng.standard_normal((width, 2 * width)) / np.sqrt(2 * width)
        problem = DeepLinearProblem(X, rng.standard_normal((width, width)) @ X, (width,) * 3)
        theta = rng.standard_normal(problem.dimension) / np.sqrt(width)
        D = problem.dimension
        row: dict[str, Any] = {"D": D}
        value, row["ours"] = timed(
            lambda p=problem, t=theta: float(p.sharpness(t, method="lanczos"))
        )

        def lanczos(product: Callable[[np.ndarray], np.ndarray], D: int = D) -> float:
            operator = LinearOperator((D, D), matvec=product, dtype=np.float64)
            values = eigsh(
                operator, k=1, which="LA", tol=LANCZOS_TOLERANCE, return_eigenvectors=False
            )
            return float(values[0])

        row["torch.func jvp(grad)"] = row["jax jvp(grad)"] = None
        if torch is not None:
            gradient = torch.func.grad(torch_loss(problem, torch))
            point = torch.tensor(theta)

            def by_torch(v: np.ndarray, gradient: Any = gradient, point: Any = point) -> np.ndarray:
                tangent = torch.tensor(v.ravel())
                return torch.func.jvp(gradient, (point,), (tangent,))[1].numpy()

            found, row["torch.func jvp(grad)"] = timed(lambda f=lanczos, p=by_torch: f(p))
            assert abs(found - value) < 1e-6 * value
        if jax is not None:
            slope = jax.grad(jax_loss(problem, jax.numpy))
            product = jax.jit(lambda t, v, slope=slope: jax.jvp(slope, (t,), (v,))[1])

            def by_jax(v: np.ndarray, product: Any = product, theta: Any = theta) -> np.ndarray:
                return np.asarray(product(theta, v.ravel()))

            product(theta, theta).block_until_ready()  # compiled before the clock starts
            found, row["jax jvp(grad)"] = timed(lambda f=lanczos, p=by_jax: f(p))
            assert abs(found - value) < 1e-6 * value
        rows.append(row)
        print("  λ_max:", row, flush=True)
    return rows


def table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print rows as a table with one line a column, so that long names fit."""
    print(f"\n{title}")
    for key in rows[0]:
        cells = [row[key] for row in rows]
        shown = [
            MISSING if c is None else f"{c:.4g}" if isinstance(c, float) else str(c) for c in cells
        ]
        print(f"  {key:28}", *(cell.rjust(14) for cell in shown))


def machine() -> dict[str, Any]:
    """Describe where this ran."""
    versions = {}
    for name in ("numpy", "numba", "torch", "jax"):
        module = optional(name)
        versions[name] = MISSING if module is None else module.__version__
        if module is None:
            print(
                f"{name} is not installed, so its columns stay empty; to compare with it, run "
                f"{sys.executable} -m pip install -r {REQUIREMENTS}"
            )
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
    parser.add_argument("--only", nargs="*", choices=list(NETWORKS), help="these networks alone")
    chosen = parser.parse_args()
    results: dict[str, Any] = {"machine": machine()}
    results |= ensembles(chosen.only or list(NETWORKS))
    peak = results["multiply-adds a second"]
    print(f"{peak / 1e9:.1f}e9 fused multiply-adds a second on {CORES} cores\n")
    table("Millions of gradient steps a second", results["ensembles"])
    if not chosen.only:
        results["picture"] = picture()
        print(f"\nBasin picture, 1024² starts, 2000 steps: {results['picture']:.2f} s")
        results["scaling"] = scaling()
        for size, fit in results["scaling"].items():
            print(f"  linear in {size} within {fit['largest deviation']:.1%}")
        results["hessian"] = hessians()
        table("Exact Hessian, milliseconds", results["hessian"])
        results["sharpness"] = sharpness()
        table("λ_max by Lanczos, seconds", results["sharpness"])
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
