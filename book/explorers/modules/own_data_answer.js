// The answer of "Your own data": the number with what it means, or why there is none and what helps.

import { button } from "./parts/controls.js";
import { element } from "./parts/dom.js";
import { copyText, saveFile } from "./parts/export.js";
import { LOSSES, biasWarning, command, facts, forPage, meaning, plain, setting, steps } from "./own_data_words.js";

export class Answer {
  /** `onRemedy` gets the remedy that the reader presses, `onUndo` nothing. */
  constructor({ onRemedy, onUndo }) {
    Object.assign(this, { onRemedy, onUndo });
    this.box = element("div", { class: "outcome", role: "status", "aria-live": "polite", "aria-busy": "true" });
    this.details = element("div", { class: "found" });
    this.code = element("code", { tabindex: 0 });
    this.saving = button("Save the table as DATA.csv", () => saveFile(this.unsaved, "DATA.csv", "text/csv"));
    this.proof = element(
      "div",
      { class: "proof" },
      element("p", {}, "The interval that is proved to contain η_C comes from the command. For the same choices:"),
      element("pre", {}, this.code),
      element("div", { class: "buttons" }, ...copier("Copy the command", () => this.code.textContent), this.saving),
    );
  }

  /**
   * Show a reply of the worker for these settings: the choice, the reading, the loss, the momentum, the
   * name of the file, and the words of the last remedy, if it can be undone.
   */
  show(reply, settings, unsaved) {
    const { answer: found, tooLarge, table } = reply;
    this.unsaved = unsaved;
    this.saving.hidden = !unsaved || !table;
    this.code.textContent = command(settings);
    this.proof.hidden = !found && !tooLarge;
    this.box.classList.toggle("is-fault", !found);
    const undo = settings.undo ? [element("p", {}, button(`Undo: ${settings.undo}`, this.onUndo))] : [];
    this.box.replaceChildren(...(found ? this.#found(found, settings) : this.#fault(reply)), ...undo);
    const details = found ? [this.#facts(found, settings), this.#conversions(found, settings)] : [];
    this.details.replaceChildren(...details);
  }

  #remedies(all) {
    const buttons = all.map((remedy) => button(remedy.words, () => this.onRemedy(remedy)));
    return buttons.length ? [element("div", { class: "buttons" }, ...buttons)] : [];
  }

  #fault({ fault, remedies = [] }) {
    return [element("p", {}, `No answer: ${forPage(fault)}.`), ...this.#remedies(remedies)];
  }

  #found(found, settings) {
    const { loss, momentum, biases } = settings;
    const inUnits = (value) => Object.fromEntries(steps({ ...found, value }, momentum))[loss];
    const { torch, name } = LOSSES[loss];
    const isBound = biases && found.biasesLower;
    const warnings = found.warnings.map((warning) => `Warning: ${forPage(warning)}.`);
    const numbering = found.numbering.slice(0, 3).map((column) => ({
      words: `Leave out '${column}'`,
      choice: { leaveOut: [...settings.leaveOut, column] },
    }));
    return [
      ...(found.biasesLower && !biases ? [warned(biasWarning(inUnits(found.withBiases), inUnits(found.value)))] : []),
      element(
        "p",
        { class: "step" },
        isBound ? "η_C ≤ " : "η_C = ",
        element("strong", {}, plain(inUnits(found.value))),
        element("span", {}, ` for ${torch ?? name} and SGD(lr=η, momentum=${momentum})`),
      ),
      ...(isBound ? [warned("With biases the page knows this bound only. The command below computes η_C.")] : []),
      element("p", { class: "note" }, setting(settings, found.rowCount)),
      element("p", {}, meaning(settings)),
      ...warnings.map(warned),
      ...this.#remedies(found.features.length > 1 ? numbering : []),
      ...(found.twoValues && settings.depth > 1 ? this.#classifier(settings) : []),
    ];
  }

  #classifier(settings) {
    const words = "The target has two values. A classifier with BCEWithLogitsLoss() has another η_C, which the command computes.";
    const copy = copier("Copy the command for it", () => command(settings, { logistic: true }));
    return [element("p", {}, words), element("div", { class: "buttons" }, ...copy)];
  }

  #facts(found, settings) {
    return element("ul", {}, ...facts(found, settings).map((text) => element("li", {}, text)));
  }

  #conversions(found, { momentum, biases }) {
    const open = this.details.querySelector("details")?.open ?? false;
    const rows = steps(found, momentum).map(([loss, value]) => {
      const { name, torch } = LOSSES[loss];
      const label = torch ? `${torch}: ${name}` : name;
      return element("tr", {}, element("th", { scope: "row" }, label), element("td", {}, plain(value)));
    });
    const column = biases && found.biasesLower ? "η_C at most" : "η_C";
    const head = element("tr", {}, element("th", { scope: "col" }, "loss"), element("th", { scope: "col" }, column));
    const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    return element("details", { open }, element("summary", {}, "For every loss"), table);
  }
}

/** A button that copies a text, and the note whether it did. */
function copier(words, text) {
  const note = element("span", { class: "note", role: "status" });
  return [button(words, () => copyText(text(), note, { instead: "select the line instead" })), note];
}

function warned(text) {
  return element("p", { class: "warning" }, text);
}
