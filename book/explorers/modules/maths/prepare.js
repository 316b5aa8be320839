// The matrices X and Y of a table, with what is refused and what is only warned of.
//
// The rules and the sentences are those of edge_of_stability/tables/prepare.py; tests compare both.

import { TableError } from "./csv.js";
import { addTo, dot, reflection, singularValues, symmetricEigen } from "./eigen.js";
import { listed, roughly, shown } from "./table.js";

/** Rounding of the data may move η_C by this much, relative. */
const ROUNDING_LIMIT = 1e-6;

/**
 * X and Y, reduced: with the QR factorisation of Xᵀ = QR the forms ‖Xz‖² and ‖Yz‖² on the row
 * space, z = Qy, are ‖XQy‖² and ‖YQy‖².
 *
 * `choice` is {targets, leaveOut, dropMissing, preparation, targetPreparation, intercept}. The result
 * has the rows of XQ and of YQ, (d_0, d_0) and (d_N, d_0), the `sizes` of the rows of X and Y, the
 * names, and n.
 */
export function prepared(whole, choice) {
  const { targets, leaveOut = [], preparation = "standardise", intercept = false } = choice;
  const ofTargets = choice.targetPreparation || preparation;
  const features = chosen(whole, targets, leaveOut);
  const names = [...features, ...targets];
  const table = choice.dropMissing ? whole.complete(names) : whole;
  const n = table.lines.length;
  if (n < 2) throw new TableError(`rows: ${n}; at least two are needed`);
  const columns = names.map((name) => table.column(name));
  const how = names.map((_, k) => (k < features.length ? preparation : ofTargets));
  refuseConstants(names, columns, how, targets);
  const { rows, error } = transformed(columns, how);
  const Y = rows.splice(features.length);
  if (intercept) rows.push(new Float64Array(n).fill(1));
  const most = n - Number(preparation !== "raw" && !intercept);
  if (rows.length > most) {
    throw new TableError(
      `features: ${rows.length}, but the rows allow ${most} independent ones at most (assumption ` +
        "A1; a subtracted mean costs one); use fewer features or more rows",
    );
  }
  const sizes = rows.map((row) => Math.sqrt(dot(row, row)));
  const targetSize = Math.hypot(...Y.map((row) => Math.sqrt(dot(row, row))));
  const { L, YQ } = onRowSpace(rows.map((row, i) => row.map((entry) => entry / sizes[i])), Y);
  const { top, least, weakest } = extremes(L);
  if (4 * error * top > ROUNDING_LIMIT * least) {
    const all = intercept ? [...features, "the intercept"] : features;
    const involved = all.filter((_, i) => Math.abs(weakest[i]) > 0.05);
    throw new TableError(
      `the features ${listed(involved)} are linearly dependent, or so nearly that double ` +
        "precision cannot tell (assumption A1); leave one out",
      { oneOf: involved.filter((name) => features.includes(name)) },
    );
  }
  return {
    XQ: L.map((row, i) => Float64Array.from(row, (entry) => sizes[i] * entry)),
    YQ,
    features,
    targets,
    rowCount: n,
    sizes: { X: sizes, Y: Y.map((row) => Math.sqrt(dot(row, row))) },
    explained: singularValues(YQ).values[0] / targetSize,
    rounding: (4 * error * top) / least,
    notes: table.notes,
    numbering: features.filter((name, k) => numbersRows(columns[k], name)),
    twoValues: targets.length === 1 && new Set(columns.at(-1)).size === 2,
    warnings: names.flatMap((name, k) =>
      suspicions(columns[k], name, k < features.length).map((fault) => `column ${shown(name)} ${fault}`),
    ),
  };
}

/** How much rounding of the data may move η_C, relative; an estimate. */
export function roundingEstimate({ rounding, explained }, depth) {
  if (depth === 1) return rounding;
  if (rounding > ROUNDING_LIMIT * explained) {
    throw new TableError(
      `the features explain a share of ${roughly(explained ** 2)} of the targets, too little to be ` +
        "told from rounding; with two layers or more and W⋆ = 0 there is no η_C",
    );
  }
  return rounding / explained;
}

function chosen(table, targets, leaveOut) {
  const features = [...table.cells.keys()].filter(
    (name) => !targets.includes(name) && !leaveOut.includes(name),
  );
  if (features.length === 0) {
    throw new TableError("features: need at least one column that is no target, got none");
  }
  return features;
}

function refuseConstants(names, columns, how, targets) {
  const constant = names.filter((_, k) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of columns[k]) [low, high] = [Math.min(low, value), Math.max(high, value)];
    return high - low <= (how[k] === "raw" ? 0 : 1e-9 * Math.max(Math.abs(low), Math.abs(high)));
  });
  if (constant.length === 0) return;
  throw new TableError(
    `columns that are constant or vary too little against their size: ${listed(constant)}; leave ` +
      "them out (--leave-out), or subtract a constant first; an intercept is an option (--intercept)",
    { leaveOut: constant.filter((name) => !targets.includes(name)) },
  );
}

/** The rows of X and Y, prepared as `how` says, and a bound of their relative error by rounding. */
function transformed(columns, how) {
  const rows = columns.map((column) => Float64Array.from(column));
  let stretch = -3; // so that the error is that of a rounded number if all are raw
  for (const [k, row] of rows.entries()) {
    if (how[k] === "raw") continue;
    let largest = 0;
    for (const value of row) largest = Math.max(largest, Math.abs(value));
    centre(row);
    const again = centre(row.slice()); // what rounding of the mean has left, as NumPy does
    const deviation = Math.sqrt(sum(again.map((value) => value * value)) / row.length);
    stretch = Math.max(stretch, largest / deviation);
    if (how[k] === "standardise") row.forEach((value, i) => (row[i] = value / deviation));
  }
  return { rows, error: Number.EPSILON * (4 + stretch) };
}

function centre(row) {
  const mean = sum(row) / row.length;
  row.forEach((value, i) => (row[i] = value - mean));
  return row;
}

/** The sum, by halves: its rounding error grows like the logarithm of the length. */
function sum(values) {
  if (values.length > 64) {
    const half = values.length >> 1;
    return sum(values.subarray(0, half)) + sum(values.subarray(half));
  }
  return values.reduce((total, value) => total + value, 0);
}

/**
 * The largest and the least singular value of a list of rows, and the unit vector that mixes the rows
 * to the least length. The squares lose half of the digits; where that matters they are not used.
 */
function extremes(rows) {
  const squares = symmetricEigen(rows.map((row) => Float64Array.from(rows, (other) => dot(row, other))));
  const [top, least] = [squares.values.at(-1), squares.values[0]];
  if (least > 1e-8 * top) {
    return { top: Math.sqrt(top), least: Math.sqrt(least), weakest: squares.vectors[0] };
  }
  const { values, mixing } = singularValues(rows);
  return { top: values[0], least: values.at(-1), weakest: mixing.at(-1) };
}

/** L and YQ for X = LQᵀ, L lower triangular, by Householder's reflections. */
function onRowSpace(X, Y) {
  const d = X.length;
  const all = [...X, ...Y].map((row) => Float64Array.from(row));
  for (let k = 0; k < d; k += 1) {
    const v = reflection(all[k].subarray(k));
    if (v) for (const row of all.slice(k)) addTo(row, v, -2 * dot(v, row, k), k);
  }
  const L = all.slice(0, d).map((row, i) => row.slice(0, d).map((entry, k) => (k > i ? 0 : entry)));
  return { L, YQ: all.slice(d).map((row) => row.slice(0, d)) };
}

function numbersRows(column, name) {
  const by = column[1] - column[0];
  const numbered =
    column.length > 2 && Math.abs(by) === 1 && column.every((value, i) => i === 0 || value - column[i - 1] === by);
  return numbered || name.startsWith("Unnamed: ");
}

/** What a column may be instead of a measurement; the predicates of sentences. */
function suspicions(column, name, isFeature) {
  const found = [];
  if (isFeature && numbersRows(column, name)) {
    found.push("only numbers the rows, it seems, and is a feature; leave it out if so (--leave-out)");
  }
  const sorted = column.slice().sort();
  const [first, last] = [sorted[0], sorted[sorted.length - 1]];
  const [second, before] = [sorted.find((value) => value > first), sorted.findLast((value) => value < last)];
  for (const [code, low, high] of [
    [first, second, last],
    [last, first, before],
  ]) {
    const size = String(Number(Math.abs(code).toPrecision(15)));
    const nines = /^9{2,}$/.test(size.replace(".", ""));
    const nearest = Math.min(Math.abs(low - code), Math.abs(high - code));
    if (nines && high > low && nearest > high - low) {
      const count = column.filter((value) => value === code).length;
      found.push(
        `has ${Math.sign(code) < 0 ? "-" : ""}${size} (rows: ${count}), far from all its other ` +
          "numbers; if this is a code for a missing value, remove these rows",
      );
    }
  }
  return found;
}
