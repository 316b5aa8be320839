// The state of an explorer: redrawn once a frame, kept in the address, shared by a link.

import { button } from "./controls.js";

/** Browsers refuse too many changes of the address; after a pause of this many ms it is written. */
const PAUSE = 300;

export class State {
  /**
   * `fields` maps each name to {value, min, max} (a number) or {value, choices} (a word).
   * `draw(values)` shows them.
   */
  constructor(fields, draw) {
    this.fields = fields;
    this.draw = draw;
    this.values = {};
    for (const [name, { value }] of Object.entries(fields)) this.values[name] = value;
    this.frame = 0;
    this.timer = 0;
    this.#read();
    window.addEventListener("hashchange", () => {
      if (location.hash.slice(1) !== this.#fragment()) this.set(this.#read());
    });
  }

  /** Change some values; the picture follows at the next frame, however many changes there are. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      this.values[name] = admitted(this.fields[name], value);
    }
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(this.values);
    });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#write(), PAUSE);
  }

  #read() {
    for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
      if (!(name in this.fields)) continue;
      const value = "choices" in this.fields[name] ? text : Number(text);
      if (value === value) this.values[name] = admitted(this.fields[name], value);
    }
    return this.values;
  }

  #write() {
    history.replaceState(history.state, "", `#${this.#fragment()}`);
  }

  #fragment() {
    return String(new URLSearchParams(Object.entries(this.values)));
  }

  /** A button that copies the address of this state, and says so in `status`. */
  linkButton(status) {
    return button("Copy link", async () => {
      this.#write();
      try {
        await navigator.clipboard.writeText(location.href);
        status.textContent = "Copied: the link opens this very state.";
      } catch {
        status.textContent = "The browser did not allow to copy; the address bar has the link.";
      }
    });
  }
}

function admitted({ value, min, max, choices }, wanted) {
  if (choices) return choices.includes(wanted) ? wanted : value;
  return Math.min(max, Math.max(min, wanted));
}
