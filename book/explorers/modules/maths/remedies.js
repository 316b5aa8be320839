// What a click may mend when a table is refused.

import { listed } from "./table.js";

const NAMED = 3; // columns that the words of a remedy name, at most
const THOUSANDS = /^[0-9]{1,3},[0-9]{3}$/; // more likely than a decimal comma

/**
 * Remedies, each with its `words` and what it changes, either the `reading` or the `choice`.
 *
 * `cure` is that of the TableError; `table` is null if there is none. None leaves out every feature.
 */
export function remedies(cure, table, choice) {
  if (!table) return cure.encoding ? [{ words: "Read as Windows-1252", reading: { encoding: cure.encoding } }] : [];
  const { targets, leaveOut } = choice;
  const features = [...table.cells.keys()].filter((name) => !targets.includes(name) && !leaveOut.includes(name));
  const without = (names, words = `Leave out ${named(names)}`) =>
    names.length > 0 && names.length < features.length ? [{ words, choice: { leaveOut: [...leaveOut, ...names] } }] : [];
  if (cure.leaveOut) return without(cure.leaveOut, `Leave out ${named(cure.leaveOut, "constant ")}`);
  if (cure.oneOf) return cure.oneOf.slice(-NAMED).flatMap((name) => without([name]));
  const text = [...features, ...targets].filter((name) => !table.isNumeric(name));
  if (!table.decimalComma && text.some((name) => hasDecimalCommas(table, name))) {
    return [{ words: "Read commas as decimal commas", reading: { decimalComma: true } }];
  }
  const wrong = text.filter((name) => features.includes(name));
  return [
    ...without(wrong, `Leave out ${named(wrong, "", " that are not numbers")}`),
    ...withoutGaps(table, features.filter((name) => !text.includes(name)), choice, without),
  ];
}

function hasDecimalCommas(table, name) {
  const commas = table.cells.get(name).filter((cell) => cell.includes(","));
  return table.isNumeric(name, true) && !commas.every((cell) => THOUSANDS.test(cell.trim()));
}

/** Drop the rows with missing values, or leave out the columns that have them. */
function withoutGaps(table, features, { targets, dropMissing }, without) {
  const gaps = table.gaps([...features, ...targets]);
  const count = gaps.filter(Boolean).length;
  if (dropMissing || count === 0) return [];
  const columns = features.filter((name) => table.gaps([name]).includes(true));
  const rows = count === 1 ? "the row" : `the ${count} rows`;
  const drop = { words: `Drop ${rows} with a missing value (of ${gaps.length})`, choice: { dropMissing: true } };
  return [
    ...(count < gaps.length - 1 ? [drop] : []),
    ...without(columns, `Leave out ${named(columns, "", " with missing values")}`),
  ];
}

function named(names, kind = "", which = "") {
  if (names.length > NAMED) return `the ${names.length} ${kind}columns${which}`;
  return listed(names);
}
