// "Your own data": a table dropped into the page, and its critical step size. A worker computes;
// nothing is sent anywhere and nothing is kept.

import { element } from "./parts/dom.js";
import { Answer } from "./own_data_answer.js";
import { Choices } from "./own_data_choices.js";
import { Source } from "./own_data_source.js";
import { asRead } from "./own_data_words.js";

/** After this many ms without an answer the page says that it computes. */
const PATIENCE = 250;

/** What a new file begins with; what is chosen for the network stays. */
const COLUMNS = { targets: [], leaveOut: [], dropMissing: false };
const READING = { separator: null, encoding: "utf-8", decimalComma: false };

function mount(root) {
  const page = new OwnData();
  root.prepend(page.live);
  root.classList.add("is-live");
  page.source.start();
}

class OwnData {
  constructor() {
    const network = { depth: 2, biases: false, preparation: "standardise", targetPreparation: "", intercept: false };
    this.state = { choice: { ...COLUMNS, ...network }, reading: READING, loss: "mean_of_entries", momentum: 0 };
    this.undo = []; // the states before remedies, with their words, until the reader chooses something else
    this.reply = {};
    this.waiting = null; // the message to send when the worker is free
    this.busy = false;
    this.worker = new Worker(new URL("./own_data_worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.#answered(data));
    this.worker.addEventListener("error", () =>
      this.#answered({ fault: "this browser cannot run the computation; use the command" }),
    );
    this.source = new Source({
      onTable: (table) => this.#take(table),
      onFault: (fault) => this.#answered({ fault }),
    });
    this.choices = new Choices((changes) => {
      this.undo = [];
      this.#change(changes);
    });
    this.answer = new Answer({
      onRemedy: ({ words, ...changes }) => {
        this.undo.push({ words, state: this.state });
        this.#change(changes);
      },
      onUndo: () => {
        this.state = this.undo.pop().state;
        this.#ask();
      },
    });
    const { box, details, proof } = this.answer;
    const parts = [this.source.root, box, this.choices.root, details, proof];
    this.live = element("div", { class: "explorer-live own-data" }, ...parts);
    this.source.accept(this.live);
  }

  #take(table) {
    const { bytes, ...file } = table;
    this.file = file;
    this.undo = [];
    this.state = { ...this.state, choice: { ...this.state.choice, ...COLUMNS }, reading: READING };
    this.#ask({ bytes });
  }

  #change({ choice, reading, ...rest }) {
    const columns = reading ? COLUMNS : {}; // the same bytes may now have other columns
    this.state = {
      ...this.state,
      ...rest,
      choice: { ...this.state.choice, ...columns, ...choice },
      reading: { ...this.state.reading, ...reading },
    };
    if (choice || reading) this.#ask();
    else this.#show();
  }

  #ask(message = {}) {
    this.waiting = { ...this.waiting, ...message };
    const { choice } = this.state;
    if (choice.targets.length) this.choices.picked = choice; // the next change may come before the answer
    this.answer.box.setAttribute("aria-busy", "true");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.live.classList.add("is-busy"), PATIENCE);
    this.#send();
  }

  #send() {
    if (this.busy || !this.waiting) return;
    const { choice, reading } = this.state;
    this.busy = true;
    this.worker.postMessage({ ...this.waiting, choice, reading });
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
    this.answer.box.setAttribute("aria-busy", "false");
    this.reply = reply;
    if (reply.table) this.state = { ...this.state, choice: { ...this.state.choice, targets: reply.table.targets } };
    this.#show();
  }

  #show() {
    const { state, reply, file } = this;
    this.source.show(`Shown is ${file.title}${reply.table ? `: ${asRead(reply.table)}` : ""}.`);
    this.choices.show(state, reply.table);
    const { choice, ...rest } = state;
    this.answer.show(reply, { ...choice, ...rest, file: file.file, undo: this.undo.at(-1)?.words }, file.unsaved);
  }
}

for (const root of document.querySelectorAll('[data-explorer="own_data"]')) mount(root);
