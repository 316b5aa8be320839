"""The same gradient descent by hand: in NumPy, PyTorch, JAX and C, and by autograd in JAX.

A peer is a function of (θ (m, D), steps) that takes all steps with all starts on all cores. By
hand it has the same products as :mod:`edge_of_stability.descent._products`, so each framework is
given what it needs to be fast, and each is timed with several sizes of its batches. C looks at its
orbits as often as we do.
"""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from turns import optional

from edge_of_stability import DeepLinearProblem, Rules, run_ensemble
from edge_of_stability.descent._products import (
    DATA,
    FACTOR,
    NORM,
    ONE,
    RESIDUAL,
    SLOPE,
    Product,
    Program,
)

CORES = 2
Step = Callable[[np.ndarray, int], object]


def by_hand(problem: DeepLinearProblem, eta: float, array: Callable[[np.ndarray], Any]) -> Any:
    """One step W_1, …, W_N ↦ W_1, …, W_N of stacks of matrices, in any framework."""
    Sigma, S = array(2 * eta * problem.Sigma), array(2 * eta * problem.S)
    widths = problem.widths
    inner = [a * b for a, b in pairwise(widths)]
    outputs = widths[-1] * sum(inner[:-1]) < widths[0] * sum(inner[1:])

    def step(W: list[Any]) -> list[Any]:
        N = len(W)
        if outputs:  # Q_jᵀ(EP_{j-1}ᵀ)
            Q = [W[-1]]
            for j in range(N - 2, 0, -1):
                Q.append(Q[-1] @ W[j])
            G, new = Q[-1] @ W[0] @ Sigma - S, []
            for j in range(N - 1):
                new.append(W[j] - Q[N - 2 - j].mT @ G)
                G = G @ W[j].mT
            return [*new, W[-1] - G]
        P = [W[0]]  # (Q_jᵀE)P_{j-1}ᵀ
        for j in range(1, N):
            P.append(W[j] @ P[-1])
        B, new = P[-1] @ Sigma - S, []
        for j in range(N - 1, 0, -1):
            new.append(W[j] - B @ P[j - 1].mT)
            B = W[j].mT @ B
        return [W[0] - B, *reversed(new)]

    return step


def weights(problem: DeepLinearProblem, theta: np.ndarray) -> list[np.ndarray]:
    """W_1, …, W_N of (m, D) points, stacks of contiguous matrices."""
    ends = np.cumsum([rows * columns for rows, columns in problem.shapes])[:-1]
    parts = zip(np.split(theta, ends, axis=-1), problem.shapes, strict=True)
    return [np.ascontiguousarray(part).reshape(-1, *shape) for part, shape in parts]


def batches(theta: np.ndarray, size: int) -> list[np.ndarray]:
    return np.split(theta, range(size, len(theta), size))


def on_all_cores(run: Step, size: int) -> Step:
    """`run` for batches of this size, side by side in threads."""
    pool = ThreadPoolExecutor(CORES)
    return lambda theta, steps: list(pool.map(lambda b: run(b, steps), batches(theta, size)))


def numpy_by_hand(problem: DeepLinearProblem, eta: float, size: int) -> Step:
    step = by_hand(problem, eta, np.asarray)

    def run(theta: np.ndarray, steps: int) -> None:
        W = weights(problem, theta)
        with np.errstate(all="ignore"):  # a few starts escape, as in all ways
            for _ in range(steps):
                W = step(W)

    return on_all_cores(run, size)


def torch_by_hand(problem: DeepLinearProblem, eta: float, size: int) -> Step | None:
    torch = optional("torch")
    if torch is None:
        return None
    torch.set_num_threads(CORES)
    step = by_hand(problem, eta, torch.tensor)

    def run(theta: np.ndarray, steps: int) -> None:
        for batch in batches(theta, size):
            W = [torch.tensor(M) for M in weights(problem, batch)]
            with torch.no_grad():
                for _ in range(steps):
                    W = step(W)

    return run


def jax_in_float64() -> Any:
    """JAX, or None if it is not installed."""
    jax = optional("jax")
    if jax is not None:
        jax.config.update("jax_enable_x64", True)
    return jax


def jax_loss(problem: DeepLinearProblem) -> Callable[[Any], Any]:
    """L of one point, in JAX."""
    jnp = jax_in_float64().numpy
    X, Y, constant = problem.reduced
    ends = np.cumsum([rows * columns for rows, columns in problem.shapes])[:-1]

    def loss(theta: Any) -> Any:
        product = jnp.asarray(X)
        for part, shape in zip(jnp.split(theta, ends), problem.shapes, strict=True):
            product = part.reshape(shape) @ product
        return jnp.sum((product - Y) ** 2) + constant

    return loss


def jax_descent(step: Callable[[Any], Any], prepare: Callable[..., Any], size: int) -> Step:
    """Steps of JAX, compiled, from what `prepare` makes of a batch of points."""
    jax = jax_in_float64()

    @jax.jit
    def descend(points: Any, steps: int) -> Any:
        return jax.lax.fori_loop(0, steps, lambda _, each: step(each), points)

    def run(theta: np.ndarray, steps: int) -> None:
        jax.block_until_ready(descend(prepare(theta), steps))

    return on_all_cores(run, size)


def jax_by_hand(problem: DeepLinearProblem, eta: float, size: int) -> Step | None:
    jax = jax_in_float64()
    if jax is None:
        return None
    step = by_hand(problem, eta, jax.numpy.asarray)
    return jax_descent(step, lambda theta: weights(problem, theta), size)


def jax_autograd(problem: DeepLinearProblem, eta: float, size: int) -> Step | None:
    jax = jax_in_float64()
    if jax is None:
        return None
    gradient = jax.vmap(jax.grad(jax_loss(problem)))
    return jax_descent(lambda theta: theta - eta * gradient(theta), np.asarray, size)


def c_by_hand(problem: DeepLinearProblem, eta: float, lanes: int) -> Step | None:
    """Vectors of so many lanes, and loops over the entries that gcc unrolls as it sees fit."""
    if shutil.which("gcc") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "step.c"), Path(folder, "step.so")
        source.write_text("\n".join(c_source(problem, lanes)), encoding="utf-8")
        options = ["-O3", "-march=native", "-Wno-psabi", "-shared", "-fPIC"]
        subprocess.run(["gcc", *options, "-o", library, source], check=True)
        descend = ctypes.CDLL(str(library)).descend
    pool, D = ThreadPoolExecutor(CORES), problem.dimension
    matrices = (2 * problem.Sigma, -2 * problem.S)
    data = np.concatenate([M.ravel() for M in matrices])

    def run(theta: np.ndarray, steps: int) -> None:
        packs = np.ascontiguousarray(theta.reshape(-1, lanes, D).swapaxes(1, 2))
        address, constants = (ctypes.c_void_p(a.ctypes.data) for a in (packs, data))
        long = ctypes.c_long
        descend(address, constants, ctypes.c_double(-eta), long(len(packs)), long(steps))

    def both(theta: np.ndarray, steps: int) -> object:
        whole = theta[: len(theta) // (CORES * lanes) * CORES * lanes]
        return list(pool.map(lambda part: run(part, steps), np.split(whole, CORES)))

    return both


def c_source(problem: DeepLinearProblem, lanes: int) -> Iterator[str]:
    """The lines of a C file that takes steps with packs of starts, and looks as often as we do."""
    program = Program(problem.widths, 0, rescaled=False)
    D, constants = program.D, problem.Sigma.size + problem.S.size
    yield f"typedef double v __attribute__((vector_size({8 * lanes}), aligned(8)));"
    yield "void descend(v *packs, double *data, double factor, long count, long steps) {"
    yield "  for (long p = 0; p < count; p++) {"
    yield f"    static _Thread_local v m[{program.size}]; v *w = packs + p * {D}, none = {{0}};"
    yield f"    for (int e = 0; e < {D}; e++) m[e] = w[e];"
    yield f"    m[{D + FACTOR}] = none + factor; m[{D + ONE}] = none + 1;"
    yield f"    for (int e = 0; e < {constants}; e++) m[{D + DATA} + e] = none + data[e];"
    yield from c_products(program.prelude)
    yield "    for (long t = 0; t < steps;) {"
    yield f"    for (long end = t + {Rules().look_every}; t < end && t < steps; t++) {{"
    yield from c_products(program.step)
    yield "    }"
    # Without the residual, which is needed only at the end (we compute it at each look).
    yield from c_products(product for product in program.look if product.out.at != D + RESIDUAL)
    yield "    long stop = 1;"
    yield f"    for (int l = 0; l < {lanes}; l++)"
    yield f"      stop &= !(m[{D + NORM}][l] <= 1e12 && m[{D + SLOPE}][l] > 1e-300);"
    yield "    if (stop) break; }"
    yield f"    for (int e = 0; e < {D}; e++) w[e] = m[e]; }} }}"


def c_products(products: Iterable[Product]) -> Iterator[str]:
    """A loop over the entries of each product."""
    for out, start, A, B, sign in products:
        place = lambda M, i, j: f"m[{M.at} + {i} * {M.down} + {j} * {M.right}]"  # noqa: E731
        yield f"    for (int i = 0; i < {out.rows}; i++)"
        yield f"    for (int j = 0; j < {out.columns}; j++) {{"
        yield f"      v s = {place(start, 'i', 'j') if start else 'none'};"
        yield f"      for (int k = 0; k < {A.columns}; k++)"
        yield f"        s += {sign} * {place(A, 'i', 'k')} * {place(B, 'k', 'j')};"
        yield f"      {place(out, 'i', 'j')} = s; }}"


def ours(problem: DeepLinearProblem, eta: float, size: int) -> Step:
    def run(theta: np.ndarray, steps: int) -> None:
        result = run_ensemble(problem, theta, eta, steps, rules=Rules(tolerance=1e-300))
        assert (result.steps == steps).mean() > 0.99, "settled early: not the same work"

    return run


PEERS: dict[str, tuple[Callable[[DeepLinearProblem, float, int], Step | None], list[int]]] = {
    "NumPy by hand": (numpy_by_hand, [16, 128, 1024]),
    "PyTorch by hand": (torch_by_hand, [64, 1024]),
    "JAX by hand": (jax_by_hand, [64, 512, 4096]),
    "JAX autograd": (jax_autograd, [512, 4096]),
    "C by hand": (c_by_hand, [8, 16, 32]),
    "run_ensemble": (ours, [0]),
}
"""Name → how it is made, and sizes: of its batches, in C the lanes of a vector."""


def check(problem: DeepLinearProblem, eta: float) -> None:
    """Refuse to time a step by hand that is not gradient descent."""
    theta = 0.3 * np.random.default_rng(1).standard_normal((5, problem.dimension))
    W = by_hand(problem, eta, np.asarray)(weights(problem, theta))
    found = np.concatenate([M.reshape(5, -1) for M in W], axis=1)
    np.testing.assert_allclose(found, theta - eta * problem.gradient(theta), rtol=1e-9, atol=1e-9)
