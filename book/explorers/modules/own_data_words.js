// "Your own data" in words: the answer, what goes with it, and the command that proves it.

import { lossFactors } from "./maths/data_step.js";
import { significant } from "./parts/format.js";

/** The losses, with how PyTorch calls them, if it has them; in the order in which they are offered. */
export const LOSSES = {
  mean_of_entries: { name: "mean over rows and targets", torch: "MSELoss()" },
  sum: { name: "sum over rows and targets, as in this book", torch: 'MSELoss(reduction="sum")' },
  mean: { name: "mean over rows, sum over targets" },
  half_mean: { name: "½ of the mean over rows" },
  half_sum: { name: "½ of the sum" },
};

export const PREPARATIONS = {
  standardise: "standardise: minus the mean, divided by the standard deviation",
  centre: "centre: minus the mean",
  raw: "raw: the numbers of the file as they are",
};

const SAFE = /^[\w@%+=:,./-]+$/; // what a shell leaves alone

/** η_C for each loss, with momentum β. */
export function steps({ value, rowCount, targets }, momentum) {
  const factors = lossFactors(rowCount, targets.length);
  return Object.keys(LOSSES).map((loss) => [loss, value * factors[loss] * (1 + momentum)]);
}

/** A number that can be pasted into a program, to six digits. */
export function plain(value) {
  return String(Number(value.toPrecision(6)));
}

export function lossName(loss) {
  const { name, torch } = LOSSES[loss];
  return torch ? `${torch}: ${name}` : name;
}

/** What the number means. */
export function meaning({ depth, momentum }) {
  const [above, below] =
    depth === 1
      ? ["Above it, only from a null set of starting points.", "Below it, gradient descent converges from every starting point."]
      : [
          "Above it, gradient descent on this deep linear network converges to a global minimizer only from a null set of starting points.",
          "Below it, from an open set of starting points, which need not contain yours.",
        ];
  const velocities = momentum > 0 ? " (With momentum, of pairs of a starting point and a velocity.)" : "";
  return (depth === 1 ? `${below} ${above}` : `${above} ${below}`) + velocities;
}

/** Sentences about an answer: first what limits the step, last how exact the number is. */
export function facts(answer, { depth, intercept }) {
  const { limiting, rank, biasesMatter, rounding } = answer;
  const nearest = limiting.features.map(({ name, cosine }) => `${name} (cosine ${significant(cosine, 2)})`);
  const carried = depth > 1 ? `, which carries ${significant(100 * limiting.share, 2)} % of the targets` : "";
  const found = [
    `What limits the step: one direction in the data${carried}. The features closest to it: ${nearest.join(", ")}.`,
  ];
  if (depth > 1) {
    found.push(
      `Hidden widths: η_C is the same for all widths of at least r⋆ = ${rank}, the rank of the regression matrix W⋆.`,
    );
  }
  if (biasesMatter !== null) {
    found.push(
      biasesMatter
        ? "Biases in every layer lower η_C here. How much, only the command computes (--biases)."
        : "Biases in every layer do not change η_C here.",
    );
  } else {
    found.push(
      `Biases in every layer: no answer for ${intercept ? "data with an intercept" : "raw data"}.`,
    );
  }
  found.push(
    `Computed in double precision, not proved. Rounding of the data moves η_C by about ${significant(rounding, 1)} of it.`,
  );
  return found;
}

/** The command that gives the same number with its proven interval. */
export function command({ file, targets, leaveOut, depth, preparation, intercept, momentum, reading }) {
  const option = (name, value) => (value.startsWith("-") ? quoted(`${name}=${value}`) : `${name} ${quoted(value)}`);
  const parts = [
    `python -m edge_of_stability critical-step ${quoted(file.startsWith("-") ? `./${file}` : file)}`,
    ...(targets.length ? targets : ["COLUMN"]).map((name) => option("--target", name)),
    ...leaveOut.map((name) => option("--leave-out", name)),
    `--depth ${depth}`,
  ];
  if (preparation !== "standardise") parts.push(`--${preparation}`);
  if (intercept) parts.push("--intercept");
  if (momentum > 0) parts.push(`--momentum ${momentum}`);
  if (reading.separator) parts.push(`--separator ${reading.separator === "\t" ? "tab" : quoted(reading.separator)}`);
  if (reading.decimalComma) parts.push("--decimal-comma");
  if (reading.encoding !== "utf-8") parts.push(`--encoding ${reading.encoding}`);
  return parts.join(" ");
}

function quoted(text) {
  return SAFE.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
