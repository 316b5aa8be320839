// Labelled native inputs, buttons, and a legend.

import { element, setAttributes } from "./dom.js";
import { significant } from "./format.js";

let controls = 0;

/**
 * A slider with its value beside it: {root, input, set(value, text), mark(...marks)}.
 *
 * A mark is a pair [value, text]; `isMarked` leaves room for them.
 */
export function slider({ label, min, max, step, onInput, isMarked = false }) {
  const input = element("input", { type: "range", id: nextId(), min, max, step });
  input.addEventListener("input", () => onInput(input.valueAsNumber));
  const output = element("output", { for: input.id });
  const name = element("label", { for: input.id }, label);
  const kind = isMarked ? "control slider marked" : "control slider";
  const root = element("div", { class: kind }, name, input, output);
  const set = (value, text) => {
    input.value = String(value);
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  let marked = [];
  const mark = (...marks) => {
    for (const each of marked) each.remove();
    marked = marks
      .filter(([value]) => value >= min && value <= max)
      .map(([value, text]) => {
        const at = `--at: ${(value - min) / (max - min)}`;
        return element("span", { class: "slider-mark", "aria-hidden": "true", style: at }, text);
      });
    root.append(...marked);
  };
  return { root, input, set, mark };
}

/**
 * Boxes for numbers, with one line that says which of them cannot be used.
 *
 * `fields` maps each name to {label, min, max} and, for whole numbers, `step: 1`; with `isDecimal` a
 * decimal comma is read as a point.
 * `onInput(name, number)` gets such numbers within these bounds only. Anything else stays in its box, marked, until it is mended or `restore()` is called;
 * meanwhile the line says what is accepted and what is in use.
 */
export class NumberFields {
  constructor(fields, onInput) {
    this.complaint = element("p", { class: "complaint", id: nextId(), role: "status" });
    this.fields = Object.entries(fields).map(([name, field]) =>
      this.#added({ ...field, name, used: NaN, refused: false, id: nextId() }, onInput),
    );
    this.roots = this.fields.map(({ root }) => root);
  }

  #added(field, onInput) {
    const { id, label, min, max, name, step = "any", isDecimal = false } = field;
    const kind = isDecimal ? { type: "text", inputmode: "decimal" } : { type: "number", min, max, step };
    const input = element("input", { id, ...kind });
    field.read = () => (isDecimal ? decimal(input.value) : input.valueAsNumber);
    input.addEventListener("input", () => {
      const number = field.read(); // not a number if the box is empty or cannot be read
      field.refused = !(number >= min && number <= max) || input.validity.stepMismatch;
      if (!field.refused) {
        field.used = number;
        onInput(name, number);
      }
      this.#complain();
    });
    const words = element("label", { for: id }, label);
    return Object.assign(field, { input, root: element("span", { class: "field" }, words, input) });
  }

  /** Show the numbers in use; what is being typed is not rewritten under the reader's hands. */
  set(values) {
    for (const field of this.fields) {
      if (field.used !== values[field.name]) {
        field.used = values[field.name];
        field.refused = false;
      }
      if (!field.refused && field.read() !== field.used) {
        field.input.value = String(field.used);
      }
    }
    this.#complain();
  }

  /** Put the number in use back into every box. */
  restore() {
    for (const field of this.fields) field.refused = false;
    this.set(Object.fromEntries(this.fields.map(({ name, used }) => [name, used])));
  }

  #complain() {
    const complaints = [];
    for (const { input, label, min, max, step, used, refused } of this.fields) {
      setAttributes(input, {
        "aria-invalid": refused ? "true" : null,
        "aria-describedby": refused ? this.complaint.id : null,
      });
      if (!refused) continue;
      const [least, most, now] = [min, max, used].map((value) => significant(value, 6));
      const kind = step === 1 ? "whole numbers" : "numbers";
      complaints.push(`${label} takes ${kind} from ${least} to ${most}; ${now} is still in use.`);
    }
    const text = complaints.join(" ");
    if (this.complaint.textContent !== text) this.complaint.textContent = text;
  }
}

function decimal(text) {
  return text.trim() ? Number(text.replace(",", ".")) : NaN;
}

/** A list to choose from, {root, input}; `options` has pairs [value, text]. */
export function choice({ label, options, onInput }) {
  const input = element("select", { id: nextId() });
  input.addEventListener("change", () => onInput(input.value));
  input.append(...options.map(([value, text]) => element("option", { value }, text)));
  const words = element("label", { for: input.id }, label);
  return { input, root: element("span", { class: "field" }, words, input) };
}

export function button(text, onClick, attributes = {}) {
  return element("button", { type: "button", ...attributes, onclick: onClick }, text);
}

/** A group of buttons with a name. */
export function buttonGroup(label, ...buttons) {
  return element("div", { class: "buttons", role: "group", "aria-label": label }, ...buttons);
}

/** A box to tick, {root, input}. */
export function tick({ label, onInput }) {
  const input = element("input", { type: "checkbox", id: nextId() });
  input.addEventListener("change", () => onInput(input.checked));
  const words = element("label", { for: input.id }, label);
  return { input, root: element("span", { class: "field" }, input, words) };
}

/** What the colours mean, {root, set(...entries)}, by pairs [class of the swatch, text]. */
export function legend(...entries) {
  const root = element("ul", { class: "legend" });
  let shown = "";
  const set = (...pairs) => {
    if (JSON.stringify(pairs) === shown) return;
    shown = JSON.stringify(pairs);
    const swatch = (name) => element("span", { class: `swatch ${name}`, "aria-hidden": "true" });
    root.replaceChildren(...pairs.map(([name, text]) => element("li", {}, swatch(name), text)));
  };
  set(...entries);
  return { root, set };
}

function nextId() {
  controls += 1;
  return `explorer-control-${controls}`;
}
