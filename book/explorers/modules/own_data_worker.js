// The worker of "Your own data": it keeps the file and computes, so that the page stays at hand.

import { TableError, textOf } from "./maths/csv.js";
import { TooLarge, answer, refuseLarge } from "./maths/own_data.js";
import { remedies } from "./maths/remedies.js";
import { tableOf } from "./maths/table.js";

let bytes = new Uint8Array();
let read = null; // {key, table, encoding}: the table as it was last read

/**
 * A message is {bytes, reading, choice}; without `bytes` the last ones are used. `reading` is
 * {encoding, separator, decimalComma}; `choice.targets` may be empty, and then is chosen here.
 */
onmessage = async ({ data }) => {
  const reply = {};
  let table = null;
  let { choice } = data;
  try {
    if (data.bytes) [bytes, read] = [new Uint8Array(data.bytes), null];
    const { encoding } = await readAs(data.reading);
    table = read.table;
    const names = [...table.cells.keys()];
    if (choice.targets.length === 0) {
      const last = names.findLast((name) => table.isNumeric(name)) ?? names.at(-1);
      choice = { ...choice, targets: [last] };
    }
    const { separator, decimalComma } = table;
    reply.table = { names, targets: choice.targets, rowCount: table.lines.length, separator, encoding, decimalComma };
    reply.answer = answer(table, choice);
  } catch (error) {
    reply.tooLarge = error instanceof TooLarge;
    const known = error instanceof TableError;
    reply.fault = known ? error.message : `the computation failed: ${error.message}`;
    reply.remedies = known && !reply.tooLarge ? remedies(error.cure, table, choice) : [];
  }
  postMessage(reply);
};

async function readAs({ encoding: named, ...rest }) {
  const key = JSON.stringify([named, rest]);
  if (read?.key !== key) {
    refuseLarge(bytes.length);
    const { text, encoding } = await textOf(bytes, named);
    refuseLarge(text.length);
    read = { key, table: tableOf(text, rest), encoding };
  }
  return read;
}
