// The lines of Python that make the same run with the package.

import { phases } from "./schedule.js";
import { isNonlinear, widthsOf } from "./training.js";

/** `step` is the last one. `data` has the numbers of `inputs` and `outputs`. */
export function pythonLines(parameters, schedule, step, data) {
  const { first, rest, seed, beta, depth } = parameters;
  const widths = `(${widthsOf(parameters, data.inputs, data.outputs).join(", ")})`;
  const problem =
    isNonlinear(parameters)
      ? `eos.Network(X, Y, ${widths}, "tanh")`
      : `eos.DeepLinearProblem(X, Y, ${widths})`;
  const scales = `[${[first, ...Array(depth - 1).fill(rest)].join(", ")}]`;
  const changes = phases(schedule, step).map(([eta, steps]) => `(${eta}, ${steps})`);
  const pull = beta ? ` + ${beta} * (theta - before)` : "";
  return [
    "import numpy as np",
    "import edge_of_stability as eos",
    `from edge_of_stability.datasets import ${[parameters.data, "standardised"].sort().join(", ")}`,
    "",
    `X, Y = map(standardised, ${parameters.data}())`,
    `problem = ${problem}`,
    "m = 2**31 - 1  # the generator of Park and Miller",
    `draws = [${seed} * pow(48271, k, m) % m for k in range(11, 11 + problem.dimension)]`,
    "layers = problem.split(2 * np.array(draws) / m - 1)",
    `sizes = [s * np.sqrt(3 / W.shape[1]) for s, W in zip(${scales}, layers)]`,
    "theta = before = problem.join([size * W for size, W in zip(sizes, layers)])",
    `for eta, steps in [${changes.join(", ")}]:`,
    "    for _ in range(steps):",
    `        theta, before = theta - eta * problem.gradient(theta)${pull}, theta`,
    "print(problem.loss(theta), problem.sharpness(theta))",
    "",
  ].join("\n");
}
