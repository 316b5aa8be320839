// What the page "Your own data" answers: from the text of a table and the reader's choices to η_C.
// Nothing here touches a page; tests compare it with the command critical-step.

import { TableError } from "./csv.js";
import { biasesChangeNothing, rank, stepOfData } from "./data_step.js";
import { dot } from "./eigen.js";
import { prepared, roundingEstimate } from "./prepare.js";

/** What the browser takes; the command takes more. */
export const LIMITS = { bytes: 20e6, features: 200 };

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

/** The columns that cannot be read as numbers. */
export function notNumbers(table) {
  return [...table.cells.keys()].filter((name) => {
    try {
      table.column(name);
      return false;
    } catch (error) {
      if (error instanceof TableError) return true;
      throw error;
    }
  });
}

/**
 * η_C of the sum of squared errors without momentum, as `value`, and what is worth knowing with it.
 *
 * `choice` is that of `prepared`, with the `depth`. A TableError says why there is no answer.
 */
export function answer(table, { depth, ...choice }) {
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
  return {
    value: found.value,
    rounding,
    rank: depth > 1 ? rank(data.YQ.map((row, i) => row.map((entry) => entry / data.sizes.Y[i]))) : null,
    biasesMatter: centred ? !biasesChangeNothing(found, data.rowCount, depth) : null,
    limiting: limiting(data, found.y, choice.intercept),
    rowCount: data.rowCount,
    features: data.features,
    targets: data.targets,
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
