"""Time Hessians, λ_max and η_C side by side with what others would use for them.

Run as ``python tests/benchmarks/bench_core.py [--json FILE]``, with one thread of BLAS. The least
processor time of each way counts, which other work disturbs least. The peers: `jax.hessian` under
jit; ARPACK and LOBPCG of SciPy on our products with the Hessian; and for η_C an ordinary
minimisation of λ_max by ARPACK that proves nothing. JAX may be missing.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from page import table
from peers import jax_in_float64, jax_loss
from scipy.linalg import solve_triangular
from scipy.optimize import minimize_scalar
from scipy.sparse.linalg import LinearOperator, eigsh, lobpcg
from threadpoolctl import threadpool_limits
from turns import in_turns

from edge_of_stability import DeepLinearProblem, critical_step_size
from edge_of_stability.core.eigen import LANCZOS_TOLERANCE

DEPTH = 3  # for η_C
HESSIANS = {  # widths, and how many points at once
    (2, 2, 2): (1, 64),
    (2,) * 9: (1,),
    (2,) * 33: (1, 16),
    (1,) * 33: (1,),
    (5, 10, 10, 3): (1, 16),
    (10, 20, 10): (1,),
    (4,) * 33: (1,),
    (10,) * 6: (1, 16),
}
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


# -- Hessians -------------------------------------------------------------------------------------


def jax_hessian(problem: DeepLinearProblem, theta: np.ndarray) -> Callable[[], Any] | None:
    """The Hessians by JAX, compiled."""
    jax = jax_in_float64()
    if jax is None:
        return None
    hessian = jax.hessian(jax_loss(problem))
    compiled = jax.jit(hessian if theta.ndim == 1 else jax.vmap(hessian))
    np.testing.assert_allclose(compiled(theta), problem.hessian(theta), atol=1e-9)
    return lambda: compiled(theta).block_until_ready()


def hessians() -> list[dict[str, Any]]:
    """Milliseconds of a Hessian, one alone or many at once."""
    rows = []
    for widths, batch in ((widths, n) for widths, many in HESSIANS.items() for n in many):
        problem, theta = example(widths)
        if batch > 1:
            theta = theta + 0.01 * np.random.default_rng(1).standard_normal((batch, len(theta)))
        calls: Calls = {"ours": lambda p=problem, t=theta: p.hessian(t)}
        peer = jax_hessian(problem, theta)
        if peer is not None:
            calls["jax.hessian"] = peer
        scaled = {name: 1e3 * value / batch for name, value in seconds(calls).items()}
        many = f", {batch} at once" if batch > 1 else ""
        row = {"network": named(widths) + many, "D": problem.dimension}
        rows.append(row | dict.fromkeys(("ours", "jax.hessian")) | scaled)
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
        rows.append({"D": D, **seconds(calls)})
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


def critical_step_sizes() -> list[dict[str, Any]]:
    """Seconds of η_C, and the relative width of the proven interval."""
    rows = []
    for d_0, d_N in FEATURES:
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
        rows.append({"network": name, **seconds(calls)})
    return rows


def seconds(calls: Calls) -> dict[str, float]:
    """Processor seconds of each call."""
    return in_turns(calls, time.process_time)


def main() -> None:
    """Print the tables, and write them as JSON if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", help="write the results here")
    chosen = parser.parse_args()
    results = {}
    with threadpool_limits(1, user_api="blas"):
        for name, title, measure in (
            ("hessian", "Exact Hessian, milliseconds for a point", hessians),
            ("sharpness", "λ_max, seconds", largest_eigenvalues),
            ("critical step", "η_C, seconds", critical_step_sizes),
        ):
            results[name] = measure()
            print(f"{title}\n\n{table(results[name])}\n", flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
