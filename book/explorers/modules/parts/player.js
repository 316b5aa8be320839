// Stepping through an orbit: play and pause, one step back and on.

import { button, buttonGroup } from "./controls.js";

const STEPS_A_SECOND = 12;

/** Whether the reader's system asks for less motion. */
export function reducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Buttons that call `go(t)` for steps between 0 and `last()`; `current()` is the step that is shown. */
export class Player {
  constructor({ last, current, go }) {
    this.last = last;
    this.current = current;
    this.go = go;
    this.timer = 0;
    this.toggle = button("Play", () => (this.timer ? this.pause() : this.play()));
    this.root = buttonGroup(
      "Steps",
      button("Step back", () => this.#jump(-1), { "aria-label": "One step back" }),
      this.toggle,
      button("Step on", () => this.#jump(1), { "aria-label": "One step on" }),
    );
  }

  /** Play from here, or from the start if we are at the end. */
  play() {
    if (this.current() >= this.last()) this.go(0);
    this.pause();
    this.timer = setInterval(() => {
      if (this.current() >= this.last()) this.pause();
      else this.go(this.current() + 1);
    }, 1000 / STEPS_A_SECOND);
    this.toggle.textContent = "Pause";
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.toggle.textContent = "Play";
  }

  #jump(by) {
    this.pause();
    this.go(Math.min(this.last(), Math.max(0, this.current() + by)));
  }
}
