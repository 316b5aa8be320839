// Labelled native inputs, buttons, and a legend.

import { element } from "./dom.js";

let controls = 0;

/** A slider with its value beside it: {root, set(value, text)}. */
export function slider({ label, min, max, step, onInput }) {
  const input = element("input", { type: "range", id: nextId(), min, max, step });
  input.addEventListener("input", () => onInput(input.valueAsNumber));
  const output = element("output", { for: input.id });
  const root = element(
    "div",
    { class: "control slider" },
    element("label", { for: input.id }, label),
    input,
    output,
  );
  const set = (value, text) => {
    input.value = String(value);
    input.setAttribute("aria-valuetext", text);
    output.textContent = text;
  };
  return { root, input, set };
}

/** A field for a number: {root, set(value)}; `onInput` is called with finite numbers only. */
export function numberField({ label, min, max, step, onInput }) {
  const input = element("input", { type: "number", id: nextId(), min, max, step });
  input.addEventListener("input", () => {
    if (Number.isFinite(input.valueAsNumber) && input.validity.valid) onInput(input.valueAsNumber);
  });
  const root = element(
    "span",
    { class: "field" },
    element("label", { for: input.id }, label),
    input,
  );
  const set = (value) => {
    // What is being typed must not be rewritten under the reader's hands.
    if (input.valueAsNumber !== value) input.value = String(value);
  };
  return { root, input, set };
}

export function button(text, onClick, attributes = {}) {
  return element("button", { type: "button", ...attributes, onclick: onClick }, text);
}

/** A group of buttons with a name. */
export function buttonGroup(label, ...buttons) {
  return element("div", { class: "buttons", role: "group", "aria-label": label }, ...buttons);
}

/** What the colours mean: pairs [class of the swatch, text]. */
export function legend(...entries) {
  const items = entries.map(([name, text]) =>
    element("li", {}, element("span", { class: `swatch ${name}`, "aria-hidden": "true" }), text),
  );
  return element("ul", { class: "legend" }, ...items);
}

function nextId() {
  controls += 1;
  return `explorer-control-${controls}`;
}
