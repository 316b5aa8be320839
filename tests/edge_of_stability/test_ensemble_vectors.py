"""Processors differ in the width of their vectors; results do not."""

import subprocess
import sys

# With the width that is asked for, whatever this processor has: wider vectors are taken apart.
PROGRAM = """
import hashlib, sys
import numpy as np
from llvmlite import binding

actual = binding.get_host_cpu_features
binding.get_host_cpu_features = lambda: {"avx512f": sys.argv[1] == "8"}
from edge_of_stability.descent._lanes import WIDTH

binding.get_host_cpu_features = actual
from edge_of_stability import DeepLinearProblem, run_ensemble

text = hashlib.sha256()
for widths in [(1, 2, 3), (2, 3, 2), (9, 4, 11)]:
    rng = np.random.default_rng(0)
    problem = DeepLinearProblem(
        rng.standard_normal((widths[0], 9)), rng.standard_normal((widths[-1], 9)), widths
    )
    starts = 0.5 * rng.standard_normal((101, problem.dimension))
    result = run_ensemble(problem, starts, rng.uniform(0.001, 0.3, 101), 300)
    assert len(set(result.outcome)) > 1
    for name in ("theta", "outcome", "steps", "settled", "loss", "gradient_norm"):
        text.update(np.ascontiguousarray(getattr(result, name)).tobytes())
print(WIDTH, text.hexdigest())
"""


def test_results_do_not_depend_on_the_width_of_vectors():
    found = {}
    for width in ("4", "8"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, width], capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        given, found[width] = run.stdout.split()
        assert given == width
    assert found["4"] == found["8"]
