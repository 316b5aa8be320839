// The runs that are laid over the current one: kept, named, saved and loaded.

import { COLOURS } from "./parts/training_curves.js";
import { button } from "./parts/controls.js";
import { element } from "./parts/dom.js";
import { saveFile } from "./parts/export.js";
import { counted } from "./parts/format.js";
import { readRuns, runsText } from "./maths/training_file.js";

const FILE = "runs.json";

export class KeptRuns {
  /**
   * `current()` gives the run to keep, without its name, or null; `open(run)` sets the page to one;
   * `changed()` is called when the list is another one.
   */
  constructor({ current, open, changed }) {
    Object.assign(this, { current, open, changed, runs: [] });
    this.note = element("span", { class: "note", role: "status" });
    this.list = element("ul", { class: "kept-runs" });
    this.name = element("input", { type: "text", id: "run-name", maxlength: 60, value: "run 1" });
    this.file = element("input", {
      type: "file",
      accept: "application/json,.json",
      onchange: () => this.#load(),
    });
    this.root = element(
      "div",
      { role: "group", "aria-label": "Runs to compare" },
      element(
        "div",
        { class: "buttons" },
        element("label", { for: "run-name" }, "Name of this run"),
        this.name,
        button("Keep for comparison", () => this.current() && this.#keep()),
        button("Save to a file", () => this.current() && this.#save()),
        button("Load from a file", () => this.file.click()),
        this.note,
      ),
      this.list,
    );
  }

  #keep() {
    const run = this.#named();
    this.#set([...this.runs, run], `Kept “${run.name}”: its curves stay.`);
    this.name.value = `run ${this.runs.length + 1}`;
  }

  /** Save the kept runs and, unless it is among them, the one that is shown. */
  #save() {
    const current = this.#named();
    const isKept = this.runs.some((run) => contentOf(run) === contentOf(current));
    const runs = isKept ? this.runs : [...this.runs, current];
    saveFile(runsText(runs), FILE, "application/json");
    this.note.textContent = `Saved ${counted(runs.length, "run")} to ${FILE}.`;
  }

  #named() {
    return { name: this.name.value.trim() || "run", ...this.current() };
  }

  async #load() {
    const [file] = this.file.files;
    if (!file) return;
    try {
      const runs = readRuns(await file.text());
      this.#set([...this.runs, ...runs], `Loaded ${counted(runs.length, "run")} from ${file.name}.`);
    } catch (error) {
      this.note.textContent = `${file.name} cannot be loaded: ${error.message}.`;
    }
    this.file.value = ""; // the same file may be chosen again
  }

  #set(runs, message) {
    this.runs = runs;
    this.note.textContent = message;
    this.list.replaceChildren(...runs.map((run, i) => this.#item(run, i)));
    this.changed();
  }

  #item(run, i) {
    const swatch = element("span", { class: `swatch kept kept-${i % COLOURS}`, "aria-hidden": "true" });
    const others = () => this.runs.filter((each) => each !== run);
    return element(
      "li",
      {},
      swatch,
      `${run.name}: ${inWords(run)} `,
      button("Open", () => this.open(run), { "aria-label": `Open ${run.name}` }),
      button("Remove", () => this.#set(others(), `Removed “${run.name}”.`), {
        "aria-label": `Remove ${run.name}`,
      }),
    );
  }
}

function inWords({ parameters: { data, depth, width, tanh, beta }, schedule, step }) {
  const layers = depth === 1 ? "one layer" : `${depth} ${tanh ? "tanh" : "linear"} layers, width ${width}`;
  const etas = [...new Set(schedule.filter(([from]) => from <= step).map(([, eta]) => eta))];
  const sizes = etas.length > 2 ? `η from ${etas[0]} to ${etas.at(-1)}` : `η = ${etas.join(", then ")}`;
  return `${data}, ${layers}, ${sizes}${beta ? `, β = ${beta}` : ""}, ${step} steps`;
}

function contentOf({ parameters, schedule, step }) {
  return JSON.stringify([Object.entries(parameters).sort(), schedule, step]);
}
