// The explorer of the scalar net: where gradient descent goes from a start, for a step size.

import { OPENING, PRESETS, SHOWN_STEPS } from "./maths/scalar_presets.js";
import { CRITICAL, orbit, outcome, threshold } from "./maths/scalar_net.js";
import { NumberFields, button, buttonGroup, legend, slider } from "./parts/controls.js";
import { element, goLive, say } from "./parts/dom.js";
import { fixed } from "./parts/format.js";
import { Player, reducedMotion } from "./parts/player.js";
import { State } from "./parts/state.js";
import { Cascade, Curves, EDGE_OF_PLANE, LARGEST_ETA, Plane, drawn } from "./scalar_pictures.js";
import { inWords } from "./scalar_words.js";

const ARROW_STEP = { coarse: 0.05, fine: 0.01 };

const FIELDS = {
  eta: { value: OPENING.eta, min: 0, max: LARGEST_ETA, decimals: 3 },
  x: { label: "Start x", value: OPENING.x, min: -EDGE_OF_PLANE, max: EDGE_OF_PLANE },
  y: { label: "y", value: OPENING.y, min: -EDGE_OF_PLANE, max: EDGE_OF_PLANE },
  t: { value: SHOWN_STEPS, min: 0, max: SHOWN_STEPS, decimals: 0 },
};

function mount(root) {
  const plane = new Plane((place) => move(place), nudge, (held) => hold(held));
  const curves = new Curves();
  const cascade = new Cascade((eta) => change({ eta }));
  const words = element("p", { class: "outcome", role: "status", "aria-live": "polite" });
  const state = new State(FIELDS, draw);
  const change = (changes) => {
    player.pause();
    state.set({ t: SHOWN_STEPS, ...changes });
  };
  const start = new NumberFields({ x: FIELDS.x, y: FIELDS.y }, (name, value) =>
    change({ [name]: value }),
  );
  const move = ([x, y]) => {
    start.restore();
    change({ x: rounded(x), y: rounded(y) });
  };
  const hold = (held) => words.setAttribute("aria-busy", String(held));
  function nudge([i, j], fine) {
    const by = fine ? ARROW_STEP.fine : ARROW_STEP.coarse;
    move([state.values.x + i * by, state.values.y + j * by]);
  }

  const player = new Player({
    last: () => last,
    current: () => Math.min(state.values.t, last),
    go: (t) => state.set({ t }),
  });
  const presets = PRESETS.map(({ name, ...values }) =>
    button(name, () => {
      start.restore();
      change(values);
      if (!reducedMotion()) {
        state.set({ t: 0 });
        player.play();
      }
    }),
  );
  const eta = slider({
    label: "Step size η",
    min: 0,
    max: LARGEST_ETA,
    step: 0.005,
    isMarked: true,
    onInput: (value) => change({ eta: value }),
  });
  eta.mark([CRITICAL, "η_C"]);
  const steps = slider({
    label: "Steps shown",
    min: 0,
    max: SHOWN_STEPS,
    step: 1,
    onInput: (t) => {
      player.pause();
      state.set({ t });
    },
  });
  const key = legend();
  let last = SHOWN_STEPS; // of the steps that are shown; less if the orbit is gone before

  function draw(values) {
    const { x, y, eta: step } = values;
    const end = outcome(x, y, step);
    const isGone = end.kind === "diverged";
    last = isGone ? Math.max(1, Math.min(end.steps, SHOWN_STEPS)) : SHOWN_STEPS;
    const shown = { ...values, t: Math.min(values.t, last) };
    const path = orbit(x, y, step, last);
    plane.draw(shown, path);
    curves.draw(shown, path, isGone);
    cascade.draw(shown, path, isGone);
    key.set(...drawn(step, plane.found));
    eta.set(step, fixed(step, 3));
    steps.input.max = last;
    steps.set(shown.t, `${shown.t} of ${last}`);
    start.set(values);
    for (const [i, preset] of PRESETS.entries()) {
      const chosen = ["eta", "x", "y"].every((name) => preset[name] === values[name]);
      presets[i].setAttribute("aria-pressed", String(chosen));
    }
    say(words, inWords(values, end, threshold(x, y, step)));
  }

  draw(state.values);
  const where = element("div", { class: "control" }, ...start.roots, start.complaint);
  goLive(
    root,
    "scalar-net",
    buttonGroup("Examples", ...presets),
    element(
      "div",
      { class: "panels" },
      element("div", {}, plane.chart.svg),
      element("div", { class: "later" }, curves.loss.svg, curves.sharpness.svg),
    ),
    element("div", { class: "later" }, key.root),
    element(
      "div",
      { class: "panels" },
      element("div", {}, where, eta.root),
      element("div", {}, cascade.chart.svg),
    ),
    steps.root,
    element("div", { class: "buttons" }, player.root, state.sharing),
    words,
  );
}

function rounded(value) {
  return Math.round(value * 1000) / 1000;
}

for (const root of document.querySelectorAll('[data-explorer="scalar_net"]')) mount(root);
