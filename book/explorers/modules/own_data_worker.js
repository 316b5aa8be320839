// The worker of "Your own data": it keeps the file and computes, so that the page stays at hand.

import { TableError, textOf } from "./maths/csv.js";
import { TooLarge, answer, notNumbers, refuseLarge } from "./maths/own_data.js";
import { Table } from "./maths/table.js";

let bytes = new Uint8Array();
let read = null; // {key, table, wrong}: the table as it was last read

/**
 * A message is {bytes, reading, choice}; without `bytes` the last ones are used. `reading` is
 * {encoding, separator, decimalComma}; `choice.targets` may be empty, and then is chosen here.
 */
onmessage = async ({ data }) => {
  const reply = {};
  try {
    if (data.bytes) [bytes, read] = [new Uint8Array(data.bytes), null];
    const { table, wrong } = await readAs(data.reading);
    const names = [...table.cells.keys()];
    const usable = names.filter((name) => !wrong.includes(name));
    const targets = data.choice.targets.length ? data.choice.targets : [(usable.length ? usable : names).at(-1)];
    reply.table = { names, wrong, targets, notes: table.notes, rowCount: table.lines.length };
    reply.answer = answer(table, { ...data.choice, targets });
  } catch (error) {
    reply.tooLarge = error instanceof TooLarge;
    reply.fault = error instanceof TableError ? error.message : `the computation failed: ${error.message}`;
  }
  postMessage(reply);
};

async function readAs({ encoding, ...rest }) {
  const key = JSON.stringify([encoding, rest]);
  if (read?.key !== key) {
    refuseLarge(bytes.length);
    const text = await textOf(bytes, encoding);
    refuseLarge(text.length);
    const table = new Table(text, rest);
    read = { key, table, wrong: notNumbers(table) };
  }
  return read;
}
