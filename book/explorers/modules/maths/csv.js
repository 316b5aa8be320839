// A text file as records: what bytes mean, what separates the cells, where a cell ends.
//
// The rules are those of edge_of_stability/tables/read.py and of Python's module csv, with doubled
// quotes, spaces skipped after a separator, and errors instead of guesses. Tests compare both.

const LONGEST_CELL = 131072;

const MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
  { bytes: [0xff, 0xfe], encoding: "utf-16le" },
  { bytes: [0xfe, 0xff], encoding: "utf-16be" },
];
const SEPARATOR_LINE = /^"?sep=([^\s"]|\t)"?[\r\n]/iu;
const LINE_END = /[\n-\r\x1c-\x1e\x85\u2028\u2029]/; // where Python's splitlines cuts

/** Bytes that Windows-1252 leaves undefined; browsers read control characters. */
const UNDEFINED_IN_WINDOWS = /[\x81\x8d\x8f\x90\x9d]/;

/**
 * What is wrong with a table, in one sentence for its owner, in the words of the command.
 *
 * `cure` is what may help: an {encoding}, columns to {leaveOut} together, or {oneOf} them.
 */
export class TableError extends Error {
  constructor(message, cure = {}) {
    super(message);
    this.cure = cure;
  }
}

/** {text, encoding} of bytes. A byte-order mark overrules `encoding` ("utf-8" unless named). */
export async function textOf(bytes, encoding = "utf-8") {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = await unpacked(bytes);
  const mark = MARKS.find((each) => each.bytes.every((byte, i) => bytes[i] === byte));
  const name = mark?.encoding ?? encoding;
  let text = "\0";
  try {
    text = new TextDecoder(name, { fatal: true }).decode(bytes);
  } catch {
    // as with a NUL in the text
  }
  if (text.includes("\0") || (name === "windows-1252" && UNDEFINED_IN_WINDOWS.test(text))) {
    const shown = mark && name !== "utf-8" ? "UTF-16" : name.toUpperCase();
    const other = name === "utf-8" && !mark && !bytes.includes(0) ? { encoding: "windows-1252" } : {};
    throw new TableError(
      `not ${shown} text; save the table as CSV in UTF-8, or name the encoding ` +
        "(--encoding windows-1252)",
      other,
    );
  }
  return { text, encoding: name };
}

async function unpacked(bytes) {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    throw new TableError("cannot be read: the gzip file is damaged");
  }
}

/** {records, separator}: the rows with text in a cell, as [number of the line it ends on, cells]. */
export function recordsOf(text, named = null) {
  const line = SEPARATOR_LINE.exec(text);
  const separator = named ?? (line ? line[1] : likelySeparator(text));
  const records = parsed(text, separator);
  if (line) records.shift();
  if (records.length === 0) throw new TableError("the file is empty");
  return { records, separator };
}

/** `text` without white space at its ends, as Python's str.strip has it. */
export function stripped(text) {
  return text.replace(/^[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, "")
    .replace(/[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/, "");
}

function likelySeparator(text) {
  const bare = text.replace(/"[^"]*"/g, "").replace(/^[\r\n]+/, "");
  const end = bare.search(LINE_END);
  const first = end < 0 ? bare : bare.slice(0, end);
  const found = [...",;\t|"].filter((character) => first.includes(character));
  return found.length === 1 ? found[0] : ",";
}

function parsed(text, separator) {
  const reader = new Reader(text, separator);
  const records = [];
  for (let cells = reader.record(); cells; cells = reader.record()) {
    if (cells.some((cell) => stripped(cell))) records.push([reader.line, cells]);
  }
  return records;
}

class Reader {
  constructor(text, separator) {
    this.text = text;
    this.separator = separator;
    this.plain = new RegExp(`[${separator.replace(/[\]\\^-]/, "\\$&")}\r\n]`, "g");
    this.at = 0;
    this.line = 0;
  }

  /** The cells of the next record, or null at the end. */
  record() {
    const { text } = this;
    if (this.at >= text.length) return null;
    this.line += 1;
    const cells = [];
    if (this.#lineEnds()) return cells;
    for (;;) {
      while (text[this.at] === " ") this.at += 1;
      const cell = text[this.at] === '"' ? this.#quoted() : this.#unquoted();
      if (cell.length > LONGEST_CELL) {
        this.#refuse(`field larger than field limit (${LONGEST_CELL})`);
      }
      cells.push(cell);
      if (text[this.at] === this.separator) this.at += 1;
      else if (this.at >= text.length || this.#lineEnds()) return cells;
      else this.#refuse(`'${this.separator}' expected after '"'`);
    }
  }

  #unquoted() {
    this.plain.lastIndex = this.at;
    const end = this.plain.exec(this.text)?.index ?? this.text.length;
    const cell = this.text.slice(this.at, end);
    this.at = end;
    return cell;
  }

  #quoted() {
    const { text } = this;
    let cell = "";
    for (;;) {
      const end = text.indexOf('"', this.at + 1);
      const part = text.slice(this.at + 1, end < 0 ? text.length : end);
      this.line += part.match(/\r\n|\r|\n/g)?.length ?? 0;
      if (end < 0) {
        if (/[\r\n]$/.test(part)) this.line -= 1; // no line begins after it
        this.#refuse("unexpected end of data");
      }
      cell += part;
      this.at = end + 1;
      if (text[this.at] !== '"') return cell;
      cell += '"';
    }
  }

  /** Go on beyond the end of a line, if it is here. */
  #lineEnds() {
    const here = this.text[this.at];
    if (here !== "\r" && here !== "\n") return false;
    this.at += here === "\r" && this.text[this.at + 1] === "\n" ? 2 : 1;
    return true;
  }

  #refuse(fault) {
    throw new TableError(
      `not a CSV file: line ${this.line}: ${fault}; put a cell with quotes in it in quotes and ` +
        "double them, or name another separator (--separator)",
    );
  }
}
