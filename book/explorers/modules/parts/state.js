// The state of an explorer: redrawn once a frame, kept in the address, shared by a link.

import { button } from "./controls.js";
import { element } from "./dom.js";
import { copyText } from "./export.js";

/** Browsers refuse too many changes of the address; after a pause of this many ms it is written. */
const PAUSE = 300;

/** Characters of an address that a message repeats. */
const QUOTED = 20;

export class State {
  /**
   * `fields` maps each name to {value, min, max} and, if it is rounded, the number of its `decimals`;
   * or, for a text, to {value, accepts(text)}. `draw(values)` shows them; `beforeSharing()` may set
   * them. `sharing` has the button that copies the link, and the `note` beside it.
   */
  constructor(fields, draw, beforeSharing = () => {}) {
    Object.assign(this, { fields, draw, beforeSharing });
    this.values = Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value]));
    this.frame = 0;
    this.timer = 0;
    this.note = element("span", { class: "note", role: "status" });
    const copy = button("Copy link", () => this.#share());
    this.sharing = element("span", { class: "buttons" }, copy, this.note);
    this.#read();
    window.addEventListener("hashchange", () => {
      if (location.hash.slice(1) === this.#fragment()) return;
      if (this.#read()) this.#redraw();
      else clearTimeout(this.timer); // a place on the page: leave it in the address
    });
  }

  /** Change some values; the picture follows at the next frame, however many changes there are. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      this.values[name] = admitted(this.fields[name], value);
    }
    this.note.textContent = ""; // it was about the state before
    this.#redraw();
  }

  #redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw(this.values);
    });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#write(), PAUSE);
  }

  /** Take over what the address says, and note what of it cannot be shown; whether it says anything. */
  #read() {
    const asked = [...new URLSearchParams(location.hash.slice(1))].filter(([name]) =>
      Object.hasOwn(this.fields, name),
    );
    const refused = asked.filter(([name, text]) => {
      const isText = this.fields[name].accepts;
      const wanted = isText ? text : text.trim() ? Number(text) : NaN;
      if (isText ? isText(text) : wanted === wanted) this.values[name] = admitted(this.fields[name], wanted);
      return this.values[name] !== wanted;
    });
    const list = (pairs) => pairs.map(([name, value]) => `${name} = ${value}`).join(", ");
    this.note.textContent = refused.length
      ? `The link asks for ${list(refused.map(([name, text]) => [name, text.slice(0, QUOTED)]))}; ` +
        `shown is ${list(refused.map(([name]) => [name, this.values[name]]))}.`
      : "";
    return asked.length > 0;
  }

  #write() {
    history.replaceState(history.state, "", `#${this.#fragment()}`);
  }

  #fragment() {
    return String(new URLSearchParams(Object.entries(this.values)));
  }

  #share() {
    this.beforeSharing();
    this.#write();
    const words = { done: "Copied: the link opens this very state.", instead: "the address bar has the link" };
    copyText(location.href, this.note, words);
  }
}

function admitted({ min, max, decimals, accepts }, wanted) {
  if (accepts) return wanted;
  const within = Math.min(max, Math.max(min, wanted));
  return decimals === undefined ? within : Number(within.toFixed(decimals));
}
