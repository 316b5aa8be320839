// A table: the columns of a text file by name, and their cells as numbers.
//
// The rules and the sentences are those of edge_of_stability/tables/read.py; tests compare both.

import { TableError, recordsOf, stripped } from "./csv.js";

const NUMBER = /^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const CURES = [
  [
    String.raw`|n/?a|<na>|nan|null|none|missing|\\n|\.[a-z_]?|[-–—]+|[?*]+|#.*|[+-]?inf(inity)?`,
    "is not a finite number; drop such rows (--drop-missing), or leave the column out (--leave-out)",
  ],
  ["true|false|yes|no", "is not a number; write 1 and 0"],
  [
    String.raw`[0-9]{1,4}([-\/.])[0-9]{1,2}\1[0-9]{1,4}.*|[0-9]{1,2}:[0-9][0-9].*`,
    "is a date or a time; turn it into a number, or leave the column out (--leave-out)",
  ],
  [
    "[^a-z]*[0-9].*",
    "is not a plain number; export numbers without thousands separators, units and signs such " +
      "as % or <, either all with a decimal point or all with a decimal comma (--decimal-comma)",
  ],
  [
    ".*",
    "is not a number; delete the line if it is no row of data, or leave the column out " +
      "(--leave-out)",
  ],
].map(([pattern, cure]) => [new RegExp(`^(?:${pattern})$`, "isu"), cure]);
const [[MISSING]] = CURES;

const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const NOT_PRINTABLE = /[\p{C}\p{Z}]/u;
const LONGEST = { name: 40, list: 10 };

/** Names in quotes, not too many. */
export function listed(names) {
  return [...names.slice(0, LONGEST.list).map(shown), ...(names.length > LONGEST.list ? ["..."] : [])].join(", ");
}

/** A name in quotes, as Python's reprlib shows it: on one line, not too long. */
export function shown(name) {
  const whole = [...name];
  const text = quoted(whole.slice(0, LONGEST.name));
  if ([...text].length <= LONGEST.name) return text;
  const head = Math.floor((LONGEST.name - 3) / 2);
  const tail = LONGEST.name - 3 - head;
  const short = [...quoted([...whole.slice(0, head), ...whole.slice(Math.max(0, whole.length - tail))])];
  return `${short.slice(0, head).join("")}...${short.slice(short.length - tail).join("")}`;
}

function quoted(characters) {
  const quote = characters.includes("'") && !characters.includes('"') ? '"' : "'";
  return quote + characters.map((each) => escaped(each, quote)).join("") + quote;
}

function escaped(character, quote) {
  if (character === quote) return `\\${quote}`;
  if (character in ESCAPES) return ESCAPES[character];
  if (character === " " || !NOT_PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0).toString(16);
  if (code.length <= 2) return `\\x${code.padStart(2, "0")}`;
  return code.length <= 4 ? `\\u${code.padStart(4, "0")}` : `\\U${code.padStart(8, "0")}`;
}

/** A number with one digit before its exponent, as Python's format .0e. */
export function roughly(value) {
  if (value === Infinity) return "inf";
  return value.toExponential(0).replace(/e([+-])(\d)$/, "e$10$2");
}

/** The table of a text. */
export function tableOf(text, { separator: named = null, decimalComma = false } = {}) {
  const { records, separator } = recordsOf(text, named);
  const [[, first], ...rest] = records;
  const names = header(first, decimalComma);
  const rows = fitted(rest, names.length);
  const lines = rest.map(([line]) => line);
  const cells = new Map();
  names.forEach((name, k) => {
    if (name) cells.set(name, rows.map((row) => row[k]));
  });
  const nameless = names.flatMap((name, k) => (name ? [] : [k + 1]));
  const notes = nameless.length
    ? [`column${nameless.length > 1 ? "s" : ""} ${nameless.join(", ")} without a name: left out`]
    : [];
  return new Table({ cells, lines, notes, separator, decimalComma });
}

/** `cells` by name, the `lines` on which rows end, `notes` on what is left out, how it was read. */
class Table {
  #numbers = new Map();

  constructor(parts) {
    Object.assign(this, parts);
  }

  /** The rows without a missing value in these columns, and a note that says how many are dropped. */
  complete(names) {
    const gaps = this.gaps(names);
    const count = gaps.filter(Boolean).length;
    if (count === 0) return this;
    const rest = (list) => list.filter((_, row) => !gaps[row]);
    const cells = new Map([...this.cells].map(([name, column]) => [name, rest(column)]));
    const notes = [...this.notes, `${count} of ${gaps.length} rows have a missing value: dropped`];
    return new Table({ ...this, cells, lines: rest(this.lines), notes });
  }

  /** For each row whether a cell of these columns is a missing value. */
  gaps(names) {
    const columns = names.map((name) => this.cells.get(name));
    return this.lines.map((_, row) => columns.some((cells) => MISSING.test(stripped(cells[row]))));
  }

  /** Whether a column has numbers and, besides, only missing values. */
  isNumeric(name, decimalComma = this.decimalComma) {
    const present = this.cells.get(name).filter((cell) => !MISSING.test(stripped(cell)));
    return present.length > 0 && present.every((cell) => numberOf(cell, decimalComma) !== null);
  }

  /** The numbers of one column, not to be changed; a TableError names the first cell that is none. */
  column(name) {
    if (!this.#numbers.has(name)) this.#numbers.set(name, this.#read(name));
    return this.#numbers.get(name);
  }

  #read(name) {
    const numbers = new Float64Array(this.lines.length);
    let largest = 0;
    this.cells.get(name).forEach((cell, row) => {
      const number = numberOf(cell, this.decimalComma);
      if (number === null) this.#refuse(cell, row, name);
      numbers[row] = number;
      largest = Math.max(largest, Math.abs(number));
    });
    if (largest && !(largest > 1e-100 && largest < 1e100)) {
      throw new TableError(
        `column ${shown(name)} has numbers up to ${roughly(largest)}, whose squares may leave ` +
          "double precision; use another unit",
      );
    }
    return numbers;
  }

  #refuse(cell, row, name) {
    const text = stripped(cell);
    const [, cure] = CURES.find(([kind]) => kind.test(text));
    const what = text ? shown(text) : "the empty cell";
    throw new TableError(`line ${this.lines[row]}, column ${shown(name)}: ${what} ${cure}`);
  }
}

function numberOf(cell, decimalComma) {
  let text = stripped(cell).replaceAll("−", "-");
  if (decimalComma) text = text.replace(/[.,]/g, (sign) => (sign === "," ? "." : ","));
  return NUMBER.test(text) ? Number(text) : null;
}

function header(cells, decimalComma) {
  const names = cells.map(stripped);
  const present = names.filter(Boolean);
  if (present.every((name) => numberOf(name, decimalComma) !== null)) {
    throw new TableError("the first line must name the columns, and has only numbers");
  }
  const twice = present.find((name, k) => present.indexOf(name) < k);
  if (twice !== undefined) {
    throw new TableError(`two columns have the name ${shown(twice)}; rename one`);
  }
  if (present.length === 1) {
    throw new TableError(
      `the first line names only one column, ${shown(present[0])}; delete the lines above the ` +
        "names, or name the separator (--separator tab)",
    );
  }
  return names;
}

/** The rows as long as the header; empty cells beyond it are left out. */
function fitted(records, width) {
  if (records.length === 0) throw new TableError("column names, but no rows");
  const rows = records.map(([, row]) => (row.slice(width).some(stripped) ? row : row.slice(0, width)));
  const wrong = rows.findIndex((row) => row.length !== width);
  if (wrong >= 0) {
    const cure = rows.every((row) => row.length === width + 1)
      ? "if rows begin with their names, put a separator in front of the first line"
      : "delete the line if it is no row of data, put a cell with a separator in it in quotes, or " +
        "name another separator (--separator)";
    throw new TableError(
      `line ${records[wrong][0]} has ${rows[wrong].length} instead of ${width} cells; ${cure}`,
    );
  }
  return rows;
}
