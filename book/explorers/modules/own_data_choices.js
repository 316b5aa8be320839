// The controls of "Your own data". They change the state of the page through `onInput`, and show it.

import { NumberFields, button, choice, tick } from "./parts/controls.js";
import { element } from "./parts/dom.js";
import { counted } from "./parts/format.js";
import { ENCODINGS, LOSSES, PREPARATIONS, SEPARATORS } from "./own_data_words.js";

const ROLES = { feature: "feature", target: "target", out: "left out" };

/** With more columns than these there is a box to find one. */
const MANY = 12;

export class Choices {
  /** `onInput` gets the changes: of {choice}, of the {reading}, or the {loss} or {momentum}. */
  constructor(onInput) {
    this.change = (changes) => onInput({ choice: changes });
    this.reread = (changes) => onInput({ reading: changes });
    this.onInput = onInput;
    this.root = element(
      "div",
      { class: "choices" },
      ...this.#network(),
      fold("Preparation", ...this.#preparation()),
      fold("Columns and rows", ...this.#columns()),
      fold("How the file is written", ...this.#readings()),
    );
  }

  /** Show the state, and the columns of the table that there is, if any. */
  show({ choice: picked, reading, momentum, loss }, table) {
    const names = table?.names ?? [];
    const { targets } = picked;
    this.target.input.replaceChildren(
      ...(targets.length > 1 ? [option("", `${targets.length} columns`)] : []),
      ...names.map((name) => option(name, name)),
    );
    this.target.input.value = targets.length > 1 ? "" : (targets[0] ?? "");
    this.loss.input.value = loss;
    this.hint.textContent = LOSSES[loss].name;
    this.numbers.set({ depth: picked.depth, momentum });
    for (const name of ["biases", "intercept", "dropMissing"]) this[name].input.checked = picked[name];
    this.preparation.input.value = picked.preparation;
    this.targetPreparation.input.value = picked.targetPreparation;
    this.separator.input.value = reading.separator ?? "";
    this.encoding.input.value = reading.encoding;
    this.decimalComma.input.checked = reading.decimalComma;
    this.#showRoles(names, picked);
  }

  #network() {
    const { change } = this;
    this.target = choice({ label: "Target", options: [], onInput: (name) => change({ targets: [name] }) });
    this.loss = choice({
      label: "Loss",
      options: Object.entries(LOSSES).map(([loss, { name, torch }]) => [loss, torch ?? name]),
      onInput: (loss) => this.onInput({ loss }),
    });
    this.hint = element("p", { class: "note hint" });
    this.numbers = new NumberFields(
      {
        depth: { label: "Layers", min: 1, max: 100, step: 1 },
        momentum: { label: "Momentum β", min: 0, max: 0.9999, isDecimal: true },
      },
      (name, value) => (name === "depth" ? change({ depth: value }) : this.onInput({ momentum: value })),
    );
    this.biases = tick({ label: "biases in every layer", onInput: (on) => change({ biases: on }) });
    const numbers = element("div", { class: "pair" }, ...this.numbers.roots);
    return [this.target.root, this.loss.root, this.hint, numbers, this.numbers.complaint, this.biases.root];
  }

  #preparation() {
    const { change } = this;
    const options = Object.entries(PREPARATIONS).map(([how, { name }]) => [how, name]);
    this.preparation = choice({ label: "Features", options, onInput: (how) => change({ preparation: how }) });
    this.targetPreparation = choice({
      label: "Targets",
      options: [["", "as the features"], ...options],
      onInput: (how) => change({ targetPreparation: how }),
    });
    this.intercept = tick({ label: "add a constant feature (intercept)", onInput: (on) => change({ intercept: on }) });
    return [this.preparation.root, this.targetPreparation.root, this.intercept.root];
  }

  #columns() {
    const { change } = this;
    const label = "drop rows with a missing value";
    this.dropMissing = tick({ label, onInput: (on) => change({ dropMissing: on }) });
    this.count = element("p", { class: "note" });
    const find = element("input", { type: "search", id: "own-data-find" });
    find.addEventListener("input", () => {
      for (const node of this.roles.children) {
        node.hidden = !node.dataset.column.toLowerCase().includes(find.value.trim().toLowerCase());
      }
    });
    this.finder = element("span", { class: "field" }, element("label", { for: find.id }, "Find a column"), find);
    this.find = find;
    const every = (leaveOut) => change({ leaveOut });
    const buttons = element(
      "div",
      { class: "buttons" },
      button("Leave out every feature", () => every(this.names.filter((name) => !this.picked.targets.includes(name)))),
      button("Leave out none", () => every([])),
    );
    this.roles = element("div", { class: "roles" });
    return [this.dropMissing.root, this.count, this.finder, buttons, this.roles];
  }

  #readings() {
    const pick = (label, name, options) => {
      this[name] = choice({ label, options, onInput: (value) => this.reread({ [name]: value || null }) });
      return this[name].root;
    };
    this.decimalComma = tick({ label: "decimal commas", onInput: (on) => this.reread({ decimalComma: on }) });
    return [
      pick("Separator", "separator", [["", "as the first line says"], ...Object.entries(SEPARATORS)]),
      pick("Encoding", "encoding", Object.entries(ENCODINGS)),
      this.decimalComma.root,
    ];
  }

  #showRoles(names, picked) {
    if (JSON.stringify(this.names) !== JSON.stringify(names)) {
      this.find.value = "";
      this.roles.replaceChildren(...names.map((name) => this.#role(name)));
    }
    Object.assign(this, { names, picked });
    const { targets, leaveOut } = picked;
    for (const node of this.roles.children) {
      const { column } = node.dataset;
      node.lastElementChild.value = targets.includes(column) ? "target" : leaveOut.includes(column) ? "out" : "feature";
    }
    this.finder.hidden = names.length <= MANY;
    const features = counted(names.length - targets.length - leaveOut.length, "feature");
    this.count.textContent = `${features}, ${counted(targets.length, "target")}, ${leaveOut.length} left out`;
  }

  #role(name) {
    const { root, input } = choice({
      label: name,
      options: Object.entries(ROLES),
      onInput: (role) => {
        const { names, picked } = this;
        const others = (list) => list.filter((each) => each !== name);
        const inOrder = (list) => names.filter((each) => list.includes(each));
        const targets = others(picked.targets);
        const leaveOut = others(picked.leaveOut);
        if (role === "target") targets.push(name);
        if (role === "out") leaveOut.push(name);
        if (targets.length === 0) input.value = "target"; // the last one stays
        else this.change({ targets: inOrder(targets), leaveOut: inOrder(leaveOut) });
      },
    });
    root.dataset.column = name;
    return root;
  }
}

function fold(summary, ...nodes) {
  return element("details", {}, element("summary", {}, summary), ...nodes);
}

function option(value, text) {
  return element("option", { value }, text);
}
