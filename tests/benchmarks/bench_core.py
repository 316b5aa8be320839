"""Time Hessians, λ_max and η_C side by side with what others would use for them.

Run as ``python tests/benchmarks/bench_core.py [--json FILE] [--threads N]``. The ways of a table
take turns, and of each the least processor time counts, which other work disturbs least.
The peers: `jax.hessian` under jit; ARPACK and LOBPCG of SciPy on our products with the Hessian; and
for η_C an ordinary minimisation of λ_max by ARPACK that proves nothing. JAX may be missing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize_scalar
from scipy.sparse.linalg import LinearOperator, eigsh, lobpcg
from threadpoolctl import threadpool_limits

from edge_of_stability import DeepLinearProblem, critical_step_size
from edge_of_stability.core.eigen import LANCZOS_TOLERANCE

BUDGET = 0.5  # seconds spent on each way of a table, but at least two calls
DEPTH = 3  # for η_C
HESSIANS = [
    ((2, 2, 2), 1),
    ((2, 2, 2), 64),
    ((2,) * 9, 1),
    ((2,) * 33, 1),
    ((2,) * 33, 16),
    ((1,) * 33, 1),
    ((5, 10, 10, 3), 1),
    ((5, 10, 10, 3), 16),
    ((10, 20, 10), 1),
    ((4,) * 33, 1),
    ((10,) * 6, 1),
    ((10,) * 6, 16),
]
WIDTHS = (20, 70, 225, 710)  # of two layers: D = 2 · width² up to 10⁶
FEATURES = [(100, 10), (300, 10), (1000, 10), (1000, 1000), (3000, 10)]

Calls = dict[str, Callable[[], Any]]


def example(widths: tuple[int, ...]) -> tuple[DeepLinearProblem, np.ndarray]:
    """A problem of these widths with n = 2 d_0 samples, and a Gaussian point with unit gain.

    The leading eigenvalues are close to each other: a hard case for Lanczos.
    """
    rng = np.random.default_rng(0)
    samples = 2 * widths[0]
    X = rng.standard_normal((widths[0], samples)) / np.sqrt(samples)
    teacher = rng.standard_normal((widths[-1], widths[0])) / np.sqrt(widths[0])
    Y = teacher @ X + 0.1 * rng.standard_normal((widths[-1], samples)) / np.sqrt(samples)
    problem = DeepLinearProblem(X, Y, widths)
    weights = [rng.standard_normal(shape) / np.sqrt(shape[1]) for shape in problem.shapes]
    return problem, problem.join(weights)


def turns(calls: Calls) -> dict[str, float]:
    """Processor seconds of each call: the least of its turns, the first of which may compile."""
    seconds = dict.fromkeys(calls, np.inf)
    begin, count = time.perf_counter(), 0
    while count < 2 or time.perf_counter() - begin < BUDGET * len(calls):
        count += 1
        for name, call in calls.items():
            start = time.process_time()
            call()
            seconds[name] = min(seconds[name], time.process_time() - start)
    return seconds


# -- Hessians -------------------------------------------------------------------------------------


def jax_hessian(problem: DeepLinearProblem, theta: np.ndarray) -> Callable[[], Any] | None:
    """The Hessians by JAX, compiled."""
    if importlib.util.find_spec("jax") is None:
        return None
    import jax

    jax.config.update("jax_enable_x64", True)
    X, Y, constant = problem.reduced
    ends = np.cumsum([a * b for a, b in problem.shapes])[:-1]

    def loss(point: Any) -> Any:
        product = jax.numpy.asarray(X)
        for part, shape in zip(jax.numpy.split(point, ends), problem.shapes, strict=True):
            product = part.reshape(shape) @ product
        return jax.numpy.sum((product - Y) ** 2) + constant

    hessian = jax.hessian(loss)
    compiled = jax.jit(hessian if theta.ndim == 1 else jax.vmap(hessian))
    np.testing.assert_allclose(compiled(theta), problem.hessian(theta), atol=1e-9)
    return lambda: compiled(theta).block_until_ready()


def hessians() -> list[dict[str, Any]]:
    """Milliseconds of a Hessian, one alone or many at once."""
    rows = []
    for widths, batch in HESSIANS:
        problem, theta = example(widths)
        if batch > 1:
            theta = theta + 0.01 * np.random.default_rng(1).standard_normal((batch, len(theta)))
        calls: Calls = {"ours": lambda p=problem, t=theta: p.hessian(t)}
        peer = jax_hessian(problem, theta)
        if peer is not None:
            calls["jax.hessian"] = peer
        scaled = {name: 1e3 * value / batch for name, value in turns(calls).items()}
        many = f", {batch} at once" if batch > 1 else ""
        row = {"network": named(widths) + many, "D": problem.dimension, "ours": scaled["ours"]}
        rows.append(shown({**row, "jax.hessian": scaled.get("jax.hessian")}))
    return rows


def named(widths: tuple[int, ...]) -> str:
    """The widths, or the depth where there are many."""
    if len(widths) <= 6:
        return "-".join(map(str, widths))
    return f"depth {len(widths) - 1}, widths {widths[0]}"


# -- λ_max ----------------------------------------------------------------------------------------


def largest_eigenvalues() -> list[dict[str, Any]]:
    """Seconds of λ_max from products with the Hessian alone."""
    rows = []
    for width in WIDTHS:
        problem, theta = example((width,) * 3)
        D = problem.dimension
        state = problem._linearise(theta)  # once for the peers, too
        operator = LinearOperator(
            (D, D),
            matvec=lambda v, p=problem, s=state: p._product(s, v.ravel()),
            matmat=lambda V, p=problem, s=state: p._product(s, V.T).T,
            dtype=np.float64,
        )
        start = np.random.default_rng(1).standard_normal((D, 4))
        calls: Calls = {
            "ours": lambda p=problem, t=theta: p.sharpness(t, method="lanczos"),
            "ARPACK": lambda o=operator, v=start: eigsh(
                o, k=1, which="LA", v0=v[:, 0], tol=LANCZOS_TOLERANCE, return_eigenvectors=False
            )[0],
        }
        if width < WIDTHS[-1]:  # these take minutes at the largest
            calls["ARPACK, basis of 60"] = lambda o=operator, v=start: eigsh(
                o, k=1, ncv=60, which="LA", v0=v[:, 0], tol=LANCZOS_TOLERANCE
            )[0][0]
            calls["LOBPCG, 4 vectors"] = lambda o=operator, v=start: lobpcg(
                o, v, tol=1e-6, maxiter=500, largest=True
            )[0][0]
        values = [float(call()) for call in calls.values()]
        np.testing.assert_allclose(values, values[0], rtol=1e-6)
        rows.append(shown({"D": D, **turns(calls)}))
    return rows


# -- η_C ------------------------------------------------------------------------------------------


def by_arpack(X: np.ndarray, Y: np.ndarray) -> float:
    """η_C by minimising λ_max over x, each from the last eigenvector; nothing is proved."""
    L = np.linalg.cholesky(X @ X.T)
    C = solve_triangular(L, X @ Y.T, lower=True).T
    A, few = L.T @ L, len(C) < len(L) // 4
    B = None if few else C.T @ C
    vector = C[0]

    def top(t: float) -> float:
        nonlocal vector
        x = np.exp(t)
        alpha, beta = x ** (DEPTH - 1), (DEPTH - 1) / x
        if B is None:
            matrix = LinearOperator(
                A.shape, lambda y: alpha * (A @ y) + beta * (C.T @ (C @ y)), dtype=np.float64
            )
        else:
            matrix = alpha * A + beta * B
        values, vectors = eigsh(matrix, k=1, which="LA", v0=vector, tol=1e-6)
        vector = vectors[:, 0]
        return float(values[0])

    guess = np.log(np.sum(C**2) / np.trace(A)) / DEPTH
    return 1 / float(minimize_scalar(top, bracket=(guess - 0.2, guess + 0.2), tol=1e-4).fun)


def critical_step_sizes(largest: int) -> list[dict[str, Any]]:
    """Seconds of η_C, and the relative width of the proven interval."""
    rows = []
    for d_0, d_N in FEATURES:
        if d_0 > largest:
            continue
        rng = np.random.default_rng(0)
        X, Y = rng.standard_normal((d_0, 2 * d_0)), rng.standard_normal((d_N, 2 * d_0))
        proved = critical_step_size(X, Y, DEPTH)
        np.testing.assert_allclose(by_arpack(X, Y), proved.value, rtol=1e-7)
        calls: Calls = {
            "ours": lambda X=X, Y=Y: critical_step_size(X, Y, DEPTH),
            "ARPACK, no proof": lambda X=X, Y=Y: by_arpack(X, Y),
        }
        width = (proved.upper - proved.lower) / proved.lower
        name = f"{d_0} to {d_N}, width {width:.0e}"
        rows.append(shown({"network": name, **turns(calls)}))
    return rows


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Print a row as it is measured, and what in it is faster than we are."""
    numbers = {name: value for name, value in row.items() if isinstance(value, float)}
    label = ", ".join(str(value) for name, value in row.items() if name in ("network", "D"))
    print(f"  {label}:", "; ".join(f"{name} {value:.3g}" for name, value in numbers.items()))
    for name, value in numbers.items():
        if value < numbers["ours"]:
            print(f"    slower than {name}, {numbers['ours'] / value:.1f} times", flush=True)
    return row


def main() -> None:
    """Print the tables, and write them as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", help="write the results here")
    parser.add_argument("--threads", type=int, default=1, help="of BLAS")
    parser.add_argument("--largest", type=int, default=3000, help="the most features for η_C")
    chosen = parser.parse_args()
    results = {}
    with threadpool_limits(chosen.threads, user_api="blas"):
        for name, title, measure in (
            ("hessian", "Exact Hessian, milliseconds for a point", hessians),
            ("sharpness", "λ_max, seconds", largest_eigenvalues),
            ("critical step", "η_C, seconds", lambda: critical_step_sizes(chosen.largest)),
        ):
            print(title)
            results[name] = measure()
    if chosen.json:
        with open(chosen.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
