// "Your own data": a table dropped into the page, and its critical step size. A worker computes;
// nothing is sent anywhere and nothing is kept.

import { LIMITS } from "./maths/own_data.js";
import { button, choice, NumberFields, tick } from "./parts/controls.js";
import { element } from "./parts/dom.js";
import { copyText, saveFile } from "./parts/export.js";
import { LOSSES, PREPARATIONS, command, facts, lossName, meaning, plain, steps } from "./own_data_words.js";

/** Made up, so that there is an answer before there is a file. */
const EXAMPLE = `area,rooms,age,floor,rent
52,2,31,1,610
75,3,12,4,905
38,1,55,0,430
96,4,8,2,1190
64,2,40,5,720
81,3,25,3,890
45,2,61,2,480
110,4,18,1,1220
58,2,5,6,790
70,3,47,0,690
33,1,22,3,450
88,3,35,2,930
101,5,50,1,1010
60,2,15,4,760
`;

/** After this many ms without an answer the page says that it computes. */
const PATIENCE = 250;

const READINGS = {
  separator: { "": "as the first line says", ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" },
  encoding: { "utf-8": "UTF-8, or as its mark says", "windows-1252": "Windows-1252", "utf-16le": "UTF-16" },
};
const ROLES = { feature: "feature", target: "target", out: "left out" };

function mount(root) {
  const page = new OwnData();
  root.prepend(page.live);
  root.classList.add("is-live");
  page.take("a made-up example", new TextEncoder().encode(EXAMPLE).buffer, false);
}

class OwnData {
  constructor() {
    this.choice = { targets: [], leaveOut: [], depth: 2, preparation: "standardise", intercept: false };
    this.reading = { separator: null, encoding: "utf-8", decimalComma: false };
    this.loss = "mean_of_entries";
    this.momentum = 0;
    this.reply = null;
    this.waiting = null; // the message to send when the worker is free
    this.busy = false;
    this.worker = new Worker(new URL("./own_data_worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.#answered(data));
    this.worker.addEventListener("error", () =>
      this.#answered({ fault: "this browser cannot run the computation; use the command" }),
    );
    this.live = element("div", { class: "explorer-live own-data" }, this.#source(), this.#controls(), ...this.#results());
    this.#acceptDrops();
  }

  /** Answer for the bytes of a table; `isFile` unless it has yet to be saved as a file. */
  take(name, bytes, isFile) {
    this.file = isFile ? name : "DATA.csv";
    this.title = name;
    this.unsaved = isFile ? null : bytes.slice(0);
    Object.assign(this.choice, { targets: [], leaveOut: [] });
    this.#ask({ bytes });
  }

  // Asking ---------------------------------------------------------------------------------------

  #ask(message = {}) {
    this.waiting = { ...this.waiting, ...message };
    this.result.setAttribute("aria-busy", "true");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.live.classList.add("is-busy"), PATIENCE);
    this.#send();
  }

  #send() {
    if (this.busy || !this.waiting) return;
    const { choice: picked, reading } = this;
    this.busy = true;
    this.worker.postMessage({ ...this.waiting, choice: picked, reading });
    this.waiting = null;
  }

  #answered(reply) {
    this.busy = false;
    if (this.waiting) {
      this.#send();
      return;
    }
    clearTimeout(this.timer);
    this.live.classList.remove("is-busy");
    this.result.setAttribute("aria-busy", "false");
    this.reply = reply;
    if (reply.table) this.choice.targets = reply.table.targets;
    this.#showTable();
    this.#showAnswer();
  }

  // Where the table comes from ---------------------------------------------------------------------

  #source() {
    const input = element("input", { type: "file", id: "own-data-file", accept: ".csv,.tsv,.txt,.gz,text/*" });
    input.addEventListener("change", () => {
      if (input.files.length) this.#open(input.files[0]);
      input.value = ""; // so that the same file, changed, can be chosen again
    });
    const box = element("textarea", { id: "own-data-paste", rows: 5, spellcheck: "false" });
    box.addEventListener("input", () => {
      if (box.value.trim()) this.take("the pasted table", new TextEncoder().encode(box.value).buffer, false);
    });
    this.name = element("p", { class: "source", role: "status" });
    return element(
      "div",
      { class: "drop" },
      element("label", { for: input.id }, "Drop a CSV file here, or choose one:"),
      input,
      element(
        "details",
        {},
        element("summary", {}, "Paste a table instead"),
        element("label", { for: box.id }, "Table, with the names of the columns in its first line"),
        box,
      ),
      element("p", { class: "promise" }, "Nothing leaves your machine: this page computes in your browser and sends nothing."),
      this.name,
    );
  }

  #acceptDrops() {
    const mark = (over) => this.live.classList.toggle("is-over", over);
    this.live.addEventListener("dragover", (event) => {
      event.preventDefault();
      mark(true);
    });
    this.live.addEventListener("dragleave", (event) => mark(this.live.contains(event.relatedTarget)));
    this.live.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      const [file] = event.dataTransfer.files;
      const text = event.dataTransfer.getData("text/plain");
      if (file) this.#open(file);
      else if (text) this.take("the dropped table", new TextEncoder().encode(text).buffer, false);
    });
  }

  async #open(file) {
    try {
      // A larger file is refused by its size; it need not be read for that.
      const bytes = await file.slice(0, LIMITS.bytes + 1).arrayBuffer();
      this.take(file.name, bytes, true);
    } catch {
      this.#answered({ fault: `${file.name} cannot be read` });
    }
  }

  // What the reader chooses ------------------------------------------------------------------------

  #controls() {
    const change = (changes) => {
      Object.assign(this.choice, changes);
      this.#ask();
    };
    this.target = choice({ label: "Target", options: [], onInput: (name) => change({ targets: [name] }) });
    this.numbers = new NumberFields(
      {
        depth: { label: "Layers", min: 1, max: 100, step: 1 },
        momentum: { label: "Momentum β", min: 0, max: 0.9999 },
      },
      (name, value) => {
        if (name === "depth") change({ depth: value });
        else {
          this.momentum = value;
          this.#showAnswer();
        }
      },
    );
    this.numbers.set({ depth: this.choice.depth, momentum: this.momentum });
    const loss = choice({
      label: "Loss",
      options: Object.keys(LOSSES).map((each) => [each, lossName(each)]),
      onInput: (value) => {
        this.loss = value;
        this.#showAnswer();
      },
    });
    const preparation = choice({
      label: "Preparation",
      options: Object.entries(PREPARATIONS),
      onInput: (value) => change({ preparation: value }),
    });
    const intercept = tick({ label: "add a constant feature (intercept)", onInput: (on) => change({ intercept: on }) });
    const [depth, momentum] = this.numbers.roots;
    return element(
      "div",
      { class: "choices" },
      this.target.root,
      loss.root,
      element("div", { class: "pair" }, depth, momentum),
      this.numbers.complaint,
      element("details", {}, element("summary", {}, "How the columns are prepared"), preparation.root, intercept.root),
      this.#columns(),
      this.#readings(),
    );
  }

  #columns() {
    this.roles = element("div", { class: "roles" });
    return element("details", {}, element("summary", {}, "More targets, or columns to leave out"), this.roles);
  }

  #readings() {
    const pick = (label, name, empty) =>
      choice({
        label,
        options: Object.entries(READINGS[name]),
        onInput: (value) => {
          this.reading[name] = value || empty;
          this.#reread();
        },
      }).root;
    const comma = tick({
      label: "decimal commas",
      onInput: (on) => {
        this.reading.decimalComma = on;
        this.#reread();
      },
    });
    return element(
      "details",
      {},
      element("summary", {}, "How the file is written"),
      pick("Separator", "separator", null),
      pick("Encoding", "encoding", "utf-8"),
      comma.root,
    );
  }

  /** The same bytes may now have other columns. */
  #reread() {
    Object.assign(this.choice, { targets: [], leaveOut: [] });
    this.#ask();
  }

  #showTable() {
    const { table } = this.reply;
    this.saving.hidden = !this.unsaved || !table;
    const size = table ? `: ${table.rowCount} rows, ${table.names.length} columns` : "";
    this.name.textContent = `Shown is ${this.title}${size}.`;
    const { targets, leaveOut } = this.choice;
    const names = table?.names ?? [];
    this.target.input.replaceChildren(
      ...(targets.length > 1 ? [element("option", { value: "" }, `${targets.length} columns`)] : []),
      ...names.map((name) => element("option", { value: name }, name)),
    );
    this.target.input.value = targets.length > 1 ? "" : (targets[0] ?? "");
    const shown = [...this.roles.children].map((node) => node.dataset.column);
    if (JSON.stringify(shown) !== JSON.stringify(names)) {
      this.roles.replaceChildren(...names.map((name) => this.#role(name)));
    }
    for (const node of this.roles.children) {
      const { column } = node.dataset;
      node.lastElementChild.value = targets.includes(column) ? "target" : leaveOut.includes(column) ? "out" : "feature";
    }
  }

  #role(name) {
    const { root, input } = choice({
      label: name,
      options: Object.entries(ROLES),
      onInput: (role) => {
        const without = (list) => list.filter((each) => each !== name);
        const { names } = this.reply.table;
        const inOrder = (list) => names.filter((each) => list.includes(each));
        const targets = without(this.choice.targets);
        if (role === "target") targets.push(name);
        if (targets.length === 0) input.value = "target"; // the last one stays
        else {
          const leaveOut = without(this.choice.leaveOut);
          if (role === "out") leaveOut.push(name);
          Object.assign(this.choice, { targets: inOrder(targets), leaveOut: inOrder(leaveOut) });
          this.#ask();
        }
      },
    });
    root.dataset.column = name;
    return root;
  }

  // The answer ---------------------------------------------------------------------------------------

  #results() {
    this.result = element("div", { class: "outcome", role: "status", "aria-live": "polite", "aria-busy": "true" });
    this.details = element("div", { class: "found" });
    this.code = element("code", { tabindex: 0 });
    this.copied = element("span", { class: "note", role: "status" });
    const copy = () => copyText(this.code.textContent, this.copied, { instead: "select the line instead" });
    this.saving = button("Save the table as DATA.csv", () => saveFile(this.unsaved, this.file, "text/csv"));
    this.proof = element(
      "div",
      { class: "proof" },
      element("p", {}, "The interval that is proved to contain η_C comes from the command. For the same choices:"),
      element("pre", {}, this.code),
      element("div", { class: "buttons" }, button("Copy the command", copy), this.saving, this.copied),
    );
    return [this.result, this.details, this.proof];
  }

  #showAnswer() {
    if (!this.reply) return;
    const { answer: found, fault, tooLarge } = this.reply;
    const settings = { ...this.choice, momentum: this.momentum, file: this.file, reading: this.reading };
    this.copied.textContent = "";
    this.code.textContent = command(settings);
    this.proof.hidden = !found && !tooLarge;
    this.result.classList.toggle("is-fault", !found);
    if (!found) {
      this.result.replaceChildren(element("p", {}, `No answer: ${fault}.`), ...this.#cure());
      this.details.replaceChildren();
      return;
    }
    const every = steps(found, this.momentum);
    const { torch, name } = LOSSES[this.loss];
    this.result.replaceChildren(
      element(
        "p",
        { class: "step" },
        "η_C = ",
        element("strong", {}, plain(Object.fromEntries(every)[this.loss])),
        element("span", {}, ` for ${torch ?? name} and SGD(lr=η, momentum=${this.momentum})`),
      ),
      element("p", {}, meaning({ ...this.choice, momentum: this.momentum })),
      ...found.warnings.map((warning) => element("p", { class: "warning" }, `Warning: ${warning}.`)),
    );
    this.details.replaceChildren(
      element("ul", {}, ...[...this.reply.table.notes.map((note) => `In the file: ${note}.`), ...facts(found, this.choice)].map((text) => element("li", {}, text))),
      this.#conversions(every),
    );
  }

  /** A button that leaves out the columns that stop the answer. */
  #cure() {
    const { table } = this.reply;
    if (!table) return [];
    const { targets, leaveOut } = this.choice;
    const wrong = table.wrong.filter((name) => !targets.includes(name) && !leaveOut.includes(name));
    if (wrong.length === 0) return [];
    const words = wrong.length === 1 ? "the column that is not numbers" : `the ${wrong.length} columns that are not numbers`;
    const cure = button(`Leave out ${words}`, () => {
      this.choice.leaveOut = table.names.filter((name) => leaveOut.includes(name) || wrong.includes(name));
      this.#ask();
    });
    return [element("p", {}, cure)];
  }

  #conversions(every) {
    const open = this.details.querySelector("details")?.open ?? false;
    const rows = every.map(([loss, value]) =>
      element("tr", {}, element("th", { scope: "row" }, lossName(loss)), element("td", {}, plain(value))),
    );
    const head = element("tr", {}, element("th", { scope: "col" }, "loss"), element("th", { scope: "col" }, "η_C"));
    const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    return element("details", { open }, element("summary", {}, "For every loss"), table);
  }
}

for (const root of document.querySelectorAll('[data-explorer="own_data"]')) mount(root);
