// What the page "Your own data" answers: from the text of a table and the reader's choices to η_C.
// Nothing here touches a page; tests compare it with the command critical-step.

import { TableError } from "./csv.js";
import { biasesChangeNothing, rank, stepOfData } from "./data_step.js";
import { dot } from "./eigen.js";
import { prepared, roundingEstimate } from "./prepare.js";

/** What the browser takes; the command takes more. */
export const LIMITS = { bytes: 20e6, features: 500 };

/** Features that are named as those along which the step is limited. */
const NAMED = 3;

/** The table is beyond these limits. */
export class TooLarge extends TableError {}

/** Refuse a file that would keep the browser busy for minutes; `size` in bytes or characters. */
export function refuseLarge(size) {
  if (size > LIMITS.bytes) {
    throw new TooLarge(
      `larger than ${LIMITS.bytes / 1e6} MB, which is more than this page computes with; the ` +
        "command has no limit",
    );
  }
}

/**
 * η_C of the sum of squared errors without momentum, as `value`, and what is worth knowing with it.
 *
 * `choice` is that of `prepared`, with the `depth` and `biases`. If these lower η_C, `value` is an
 * upper bound: only the command computes η_C then. A TableError says why there is no answer.
 */
export function answer(table, { depth, biases = false, ...choice }) {
  const count = table.cells.size - choice.targets.length - (choice.leaveOut ?? []).length;
  if (count > LIMITS.features) {
    throw new TooLarge(
      `features: ${count}, and this page computes with ${LIMITS.features} at most; the command has ` +
        "no limit",
    );
  }
  const data = prepared(table, choice);
  const rounding = roundingEstimate(data, depth);
  const found = stepOfData(data.XQ, data.YQ, depth);
  const centred = choice.preparation !== "raw" && !choice.intercept;
  if (biases && !centred) {
    throw new TableError("biases in every layer (--biases) need centred features and no intercept");
  }
  const biasesLower = centred ? !biasesChangeNothing(found, data.rowCount, depth) : null;
  const withBiases = Math.min(found.value, 1 / data.rowCount); // at least their η_C, thm-biases (b)
  return {
    value: biases && biasesLower ? withBiases : found.value,
    withBiases,
    biasesLower,
    rounding,
    rank: depth > 1 ? rank(data.YQ.map((row, i) => row.map((entry) => entry / data.sizes.Y[i]))) : null,
    limiting: limiting(data, found.y, choice.intercept),
    rowCount: data.rowCount,
    features: data.features,
    targets: data.targets,
    twoValues: data.twoValues,
    numbering: data.numbering,
    notes: data.notes,
    warnings: data.warnings,
  };
}

/** The features nearest to the direction z = Qy of the maximum, by cosine, and its share of Y. */
function limiting({ XQ, YQ, sizes, features }, y, intercept) {
  const names = intercept ? [...features, "the intercept"] : features;
  const cosines = XQ.map((row, i) => ({ name: names[i], cosine: dot(row, y) / sizes.X[i] }));
  cosines.sort((a, b) => Math.abs(b.cosine) - Math.abs(a.cosine));
  const sign = Math.sign(cosines[0].cosine); // z and −z are one direction
  const image = YQ.map((row) => dot(row, y));
  const share = (Math.hypot(...image) / Math.hypot(...sizes.Y)) ** 2;
  return {
    features: cosines.slice(0, NAMED).map(({ name, cosine }) => ({ name, cosine: sign * cosine })),
    share,
  };
}
