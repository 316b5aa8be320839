// The explorer of the scalar net: where gradient descent goes from a start, for a step size.

import { OPENING, PRESETS, SHOWN_STEPS } from "./maths/scalar_presets.js";
import { orbit, outcome, threshold } from "./maths/scalar_net.js";
import { NumberFields, button, buttonGroup, legend, slider } from "./parts/controls.js";
import { element } from "./parts/dom.js";
import { fixed } from "./parts/format.js";
import { Player, reducedMotion } from "./parts/player.js";
import { State } from "./parts/state.js";
import { Cascade, Curves, EDGE_OF_PLANE, LARGEST_ETA, Plane } from "./scalar_pictures.js";
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
    last: SHOWN_STEPS,
    current: () => state.values.t,
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
    onInput: (value) => change({ eta: value }),
  });
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

  function draw(values) {
    const { x, y, eta: step, t } = values;
    const path = orbit(x, y, step, SHOWN_STEPS);
    plane.draw(values, path);
    curves.draw(values, path);
    cascade.draw(values, path);
    eta.set(step, fixed(step, 3));
    steps.set(t, `${t} of ${SHOWN_STEPS}`);
    start.set(values);
    for (const [i, preset] of PRESETS.entries()) {
      const chosen = ["eta", "x", "y"].every((key) => preset[key] === values[key]);
      presets[i].setAttribute("aria-pressed", String(chosen));
    }
    words.textContent = inWords(values, outcome(x, y, step), threshold(x, y, step));
  }

  const live = element(
    "div",
    { class: "explorer-live" },
    buttonGroup("Examples", ...presets),
    element(
      "div",
      { class: "panels" },
      element("div", { class: "first" }, plane.chart.svg),
      element("div", {}, curves.loss.svg, curves.sharpness.svg),
    ),
    legend(
      ["plus", "starts that end with x, y > 0"],
      ["minus", "with x, y < 0"],
      ["both", "that keep changing sides"],
      ["minimizers", "minimizers xy = 1"],
      ["stable", "flatter than 2/η: stable"],
      ["ellipse", "ellipse F = 0; outside, starts diverge"],
      ["cycle", "two-cycle"],
      ["orbit", "orbit"],
    ),
    element(
      "div",
      { class: "panels" },
      element(
        "div",
        {},
        element("div", { class: "control" }, ...start.roots, start.complaint),
        steps.root,
        eta.root,
      ),
      element("div", {}, cascade.chart.svg),
    ),
    element("div", { class: "buttons" }, player.root, state.sharing),
    words,
  );
  draw(state.values);
  root.prepend(live);
  root.classList.add("is-live");
}

function rounded(value) {
  return Math.round(value * 1000) / 1000;
}

for (const root of document.querySelectorAll('[data-explorer="scalar_net"]')) mount(root);
