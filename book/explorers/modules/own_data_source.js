// Where the table of "Your own data" comes from: a file that is dropped or chosen, or pasted text.

import { LIMITS } from "./maths/own_data.js";
import { button } from "./parts/controls.js";
import { element } from "./parts/dom.js";

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

/**
 * A table that was taken is {title, file, bytes, unsaved}: `file` as the command calls it, and the
 * bytes once more as `unsaved` if it has yet to be saved under this name.
 */
export class Source {
  constructor({ onTable, onFault }) {
    Object.assign(this, { onTable, onFault });
    this.input = element("input", { type: "file", hidden: true, accept: ".csv,.tsv,.txt,.gz,text/*" });
    this.input.addEventListener("change", () => {
      const { input } = this;
      if (input.files.length) this.#open(input.files[0]);
      input.value = ""; // so that the same file, changed, can be chosen again
    });
    const box = element("textarea", { id: "own-data-paste", rows: 5, spellcheck: "false" });
    box.addEventListener("input", () => {
      if (box.value.trim()) this.#text("the pasted table", box.value);
    });
    this.shown = element("p", { class: "source", role: "status" });
    this.root = element(
      "div",
      { class: "drop" },
      element("div", { class: "buttons" }, button("Choose a CSV file…", () => this.input.click()), "or drop it here."),
      this.input,
      element(
        "details",
        {},
        element("summary", {}, "Paste a table instead"),
        element("label", { for: box.id }, "Table, with the names of the columns in its first line"),
        box,
      ),
      element("p", { class: "promise" }, "Nothing leaves your machine: this page computes in your browser and sends nothing."),
      this.shown,
    );
  }

  start() {
    this.#text("a made-up example", EXAMPLE);
  }

  /** Say which table is shown, in words. */
  show(words) {
    this.shown.textContent = words;
  }

  /** Take what is dropped on a node. */
  accept(node) {
    const mark = (over) => node.classList.toggle("is-over", over);
    node.addEventListener("dragover", (event) => {
      event.preventDefault();
      mark(true);
    });
    node.addEventListener("dragleave", (event) => mark(node.contains(event.relatedTarget)));
    node.addEventListener("drop", (event) => {
      event.preventDefault();
      mark(false);
      const [file] = event.dataTransfer.files;
      const text = event.dataTransfer.getData("text/plain");
      if (file) this.#open(file);
      else if (text) this.#text("the dropped table", text);
    });
  }

  #text(title, text) {
    const bytes = new TextEncoder().encode(text).buffer;
    this.onTable({ title, file: "DATA.csv", bytes, unsaved: bytes });
  }

  async #open(file) {
    try {
      // A larger file is refused by its size; it need not be read for that.
      const bytes = await file.slice(0, LIMITS.bytes + 1).arrayBuffer();
      this.onTable({ title: file.name, file: file.name, bytes, unsaved: null });
    } catch {
      this.onFault(`${file.name} cannot be read`);
    }
  }
}
