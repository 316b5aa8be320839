// Runs a training in a worker and hands out its frames, at most one for each frame of the page.

export class Trainer {
  /** `onFrame(frame)` gets what the worker answers; `onPlaying(isPlaying)` is told of changes. */
  constructor(onFrame, onPlaying) {
    this.onFrame = onFrame;
    this.onPlaying = onPlaying;
    this.worker = new Worker(new URL("../train_worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data }) => this.#answered(data));
    this.id = 0; // of the run; answers about an earlier one are dropped
    this.isWaiting = false; // for an answer, or for the frame of the page that shows it
    this.isPlaying = false;
    this.speed = 1; // steps per frame
    this.until = Infinity;
    this.wanted = null; // a message that has to wait
  }

  /** A new run, at its step 0. */
  begin(data, parameters, schedule) {
    this.drop();
    this.#ask({ begin: [data, parameters, schedule] }, 0);
  }

  /** Let go of the run: another one is about to begin. */
  drop() {
    this.id += 1;
    this.#setPlaying(false);
  }

  play(until = Infinity) {
    this.until = until;
    this.#setPlaying(true);
    if (!this.isWaiting) this.#ask({}, this.speed);
  }

  pause() {
    this.#setPlaying(false);
  }

  /** So many steps at once; only their end is shown. */
  jump(steps) {
    this.#setPlaying(false);
    this.until = Infinity;
    this.#ask({ isPatient: true }, steps);
  }

  /** From the next step on; the run no longer stops where it was to stop. */
  setEta(eta) {
    this.until = Infinity;
    this.#ask({ eta }, 0);
  }

  #ask(message, steps) {
    // Messages that wait are merged: a new run drops the jump before it, not the step size after it.
    const before = message.begin ? {} : (this.wanted ?? {});
    const asked = { ...before, ...message, steps: steps + (before.steps ?? 0) };
    if (this.isWaiting) {
      this.wanted = asked;
      return;
    }
    this.wanted = null;
    this.isWaiting = true;
    this.worker.postMessage({ ...asked, id: this.id, until: this.until });
  }

  #answered(frame) {
    requestAnimationFrame(() => {
      this.isWaiting = false;
      if (frame.id === this.id) this.#show(frame);
      if (this.wanted) this.#ask({}, this.isPlaying ? this.speed : 0);
      else if (this.isPlaying) this.#ask({}, this.speed);
    });
  }

  #show(frame) {
    const isOver = frame.diverged || frame.step >= this.until;
    if (isOver && !this.wanted) this.#setPlaying(false);
    this.onFrame(frame);
  }

  #setPlaying(isPlaying) {
    if (this.isPlaying === isPlaying) return;
    this.isPlaying = isPlaying;
    this.onPlaying(isPlaying);
  }
}
