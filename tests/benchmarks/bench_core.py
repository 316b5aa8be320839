"""Time the loss, its derivatives and the sharpness at several sizes.

Run as ``python tests/benchmarks/bench_core.py``. Each time is the best of a few repetitions, except
the sharpness of large problems, which runs once. The data are whitened Gaussian, the targets come
from a linear map plus noise, and the point is a Gaussian with unit gain, so the leading eigenvalues
are close to each other: a hard case for Lanczos.
"""

import time
from collections.abc import Callable

import numpy as np

from edge_of_stability import DeepLinearProblem, gradient_descent

SIZES = [
    (1, 1, 1),
    (2, 2, 2),
    (5, 10, 10, 3),
    (10, 10, 10),
    (20, 20, 20),
    (50, 100, 50),
    (150, 200, 150),
    (500, 1000, 500),
]
LARGEST_DENSE = 1000  # a D × D Hessian and all its eigenvalues beyond this are no one's use
NOT_RUN = "-"


def example(widths: tuple[int, ...]) -> tuple[DeepLinearProblem, np.ndarray]:
    """Return a problem of these widths with n = 2 d_0 samples, and a point."""
    rng = np.random.default_rng(0)
    samples = 2 * widths[0]
    X = rng.standard_normal((widths[0], samples)) / np.sqrt(samples)
    teacher = rng.standard_normal((widths[-1], widths[0])) / np.sqrt(widths[0])
    Y = teacher @ X + 0.1 * rng.standard_normal((widths[-1], samples)) / np.sqrt(samples)
    problem = DeepLinearProblem(X, Y, widths)
    weights = [rng.standard_normal(shape) / np.sqrt(shape[1]) for shape in problem.shapes]
    return problem, problem.join(weights)


def seconds(call: Callable[[], object], repetitions: int = 3) -> str:
    """Time a call: the best of some repetitions."""
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return f"{min(times):.2e}"


def main() -> None:
    """Print the table."""
    columns = ["loss", "gradient", "hvp", "100 steps", "Hessian", "dense", "Lanczos"]
    print("seconds".rjust(16), "D".rjust(8), *(name.rjust(10) for name in columns))
    for widths in SIZES:
        problem, theta = example(widths)
        v = np.random.default_rng(1).standard_normal(problem.dimension)
        small = problem.dimension <= LARGEST_DENSE
        repetitions = 3 if problem.dimension < 50_000 else 1
        cells = [
            seconds(lambda p=problem, t=theta: p.loss(t)),
            seconds(lambda p=problem, t=theta: p.gradient(t)),
            seconds(lambda p=problem, t=theta, v=v: p.hvp(t, v)),
            seconds(lambda p=problem, t=theta: gradient_descent(p, t, 0.01, 100), 1)
            if problem.dimension < 50_000
            else NOT_RUN,  # the trajectory would fill a gigabyte
            seconds(lambda p=problem, t=theta: p.hessian(t)) if small else NOT_RUN,
            seconds(lambda p=problem, t=theta: p.sharpness(t, method="dense"))
            if small
            else NOT_RUN,
            seconds(lambda p=problem, t=theta: p.sharpness(t, method="lanczos"), repetitions),
        ]
        name = "-".join(map(str, widths))
        print(
            name.rjust(16),
            str(problem.dimension).rjust(8),
            *(c.rjust(10) for c in cells),
            flush=True,
        )


if __name__ == "__main__":
    main()
