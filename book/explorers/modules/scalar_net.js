// The explorer of the scalar net: where gradient descent goes from a start, for a step size.

import { PRESETS, SHOWN_STEPS } from "./maths/scalar_presets.js";
import {
  ellipsePoint,
  orbit,
  outcome,
  semiaxes,
  stablePart,
  threshold,
  twoCycle,
} from "./maths/scalar_net.js";
import { Chart } from "./parts/chart.js";
import { NumberFields, button, buttonGroup, legend, slider } from "./parts/controls.js";
import { element, svgElement } from "./parts/dom.js";
import { fixed, significant } from "./parts/format.js";
import { addHandle, describeHandle } from "./parts/handle.js";
import { Player, reducedMotion } from "./parts/player.js";
import { State } from "./parts/state.js";
import { Cascade } from "./scalar_cascade.js";
import { inWords } from "./scalar_words.js";

const EDGE_OF_PLANE = 3.2;
const LARGEST_ETA = 1.1;
const ELLIPSE_POINTS = 120;
const CURVE_POINTS = 60;
const ARROW_STEP = { coarse: 0.05, fine: 0.01 };
const STEP_INDICES = Float64Array.from({ length: SHOWN_STEPS + 1 }, (_, t) => t);

/** The explorer opens on an orbit that surprises. */
const OPENING = PRESETS.find(({ name }) => name === "catapult");

const FIELDS = {
  eta: { value: OPENING.eta, min: 0, max: LARGEST_ETA, decimals: 3 },
  x: { label: "Start x", value: OPENING.x, min: -EDGE_OF_PLANE, max: EDGE_OF_PLANE },
  y: { label: "y", value: OPENING.y, min: -EDGE_OF_PLANE, max: EDGE_OF_PLANE },
  t: { value: SHOWN_STEPS, min: 0, max: SHOWN_STEPS, decimals: 0 },
};

function mount(root) {
  const plane = new Plane((place) => move(place), nudge, (held) => hold(held));
  const curves = new Curves();
  const cascade = new Cascade();
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
    cascade.draw(step);
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
      element("div", {}, cascade.chart.svg),
    ),
    legend(
      ["minimizers", "minimizers xy = 1"],
      ["stable", "flatter than 2/η: stable"],
      ["ellipse", "ellipse F = 0"],
      ["cycle", "two-cycle"],
      ["orbit", "orbit"],
    ),
    eta.root,
    element("div", { class: "control" }, ...start.roots, start.complaint),
    steps.root,
    element("div", { class: "buttons" }, player.root, state.sharing),
    words,
  );
  draw(state.values);
  root.prepend(live);
  root.classList.add("is-live");
}

/** The plane of starts, with the orbit over the minimizers. */
class Plane {
  constructor(onMove, onKey, onHold) {
    const ticks = [-3, -2, -1, 0, 1, 2, 3];
    const axis = { min: -EDGE_OF_PLANE, max: EDGE_OF_PLANE, ticks };
    const chart = new Chart({
      title: "The plane of weights x and y with the orbit",
      width: 400,
      height: 392,
      x: { ...axis, label: "x" },
      y: { ...axis, label: "y" },
    });
    this.chart = chart;
    this.ellipse = chart.addPath("ellipse");
    this.minimizers = chart.addPath("minimizers");
    this.stable = chart.addPath("stable");
    this.cycle = chart.addPath("cycle");
    this.orbit = chart.addPath("orbit");
    this.points = chart.addPath("points");
    this.here = chart.addGroup({ class: "here" }, svgElement("circle", { r: 5 }));
    this.start = addHandle(chart, { label: "Start (x, y)", onMove, onKey, onHold });
    chart.line(this.minimizers, ...bothBranches(1 / EDGE_OF_PLANE, EDGE_OF_PLANE));
  }

  draw({ x, y, eta, t }, path) {
    const { chart } = this;
    chart.line(this.ellipse, ...ellipse(eta));
    const part = stablePart(eta);
    const reach = part ? Math.min(part[1], EDGE_OF_PLANE) : 0;
    chart.line(this.stable, ...(part ? bothBranches(1 / reach, reach) : [[], []]));
    const cycle = (twoCycle(eta) ?? []).flatMap((z) => [z, -z]);
    chart.dots(this.cycle, cycle, cycle);
    chart.line(this.orbit, path.xs, path.ys, t + 1);
    chart.dots(this.points, path.xs, path.ys, t + 1);
    chart.place(this.here, path.xs[t], path.ys[t]);
    chart.place(this.start, x, y);
    describeHandle(this.start, {
      now: x,
      min: -EDGE_OF_PLANE,
      max: EDGE_OF_PLANE,
      text: `x = ${significant(x, 4)}, y = ${significant(y, 4)}`,
    });
  }
}

/** Loss and sharpness against the step. */
class Curves {
  constructor() {
    const x = { min: 0, max: SHOWN_STEPS, ticks: [0, 20, 40, 60], label: "step" };
    const ticks = [1e-9, 1e-6, 1e-3, 1, 1e3];
    this.loss = new Chart({
      title: "Loss against the step",
      width: 400,
      height: 190,
      x,
      y: { min: 1e-10, max: 1e4, log: true, ticks, label: "loss" },
    });
    this.sharpness = new Chart({
      title: "Sharpness against the step, and the edge 2/η",
      width: 400,
      height: 200,
      x,
      y: sharpnessAxis(0, []),
    });
    this.edge = this.sharpness.addPath("edge");
    this.edgeName = this.sharpness.addGroup(
      {},
      svgElement("text", { "text-anchor": "end", x: -4, y: -5 }, "2/η"),
    );
    this.paths = [this.loss, this.sharpness].map((chart) => ({
      chart,
      faint: chart.addPath("orbit faint"),
      line: chart.addPath("orbit"),
      points: chart.addPath("points"),
      here: chart.addGroup({ class: "here" }, svgElement("circle", { r: 4 })),
    }));
  }

  draw({ eta, t }, path) {
    this.sharpness.setAxis("y", sharpnessAxis(eta, path.sharpnesses));
    this.sharpness.line(this.edge, [0, SHOWN_STEPS], [2 / eta, 2 / eta]);
    this.sharpness.place(this.edgeName, SHOWN_STEPS, 2 / eta);
    for (const [i, ys] of [path.losses, path.sharpnesses].entries()) {
      const { chart, faint, line, points, here } = this.paths[i];
      chart.line(faint, STEP_INDICES, ys);
      chart.line(line, STEP_INDICES, ys, t + 1);
      chart.dots(points, STEP_INDICES, ys, t + 1);
      chart.place(here, t, ys[t]);
    }
  }
}

/**
 * An axis up to twice the edge 2/η or, if the orbit rises higher, up to the next multiple of it.
 *
 * Orbits that diverge leave the picture: inside the ellipse the sharpness is below 3 · 2/η + 4.
 */
function sharpnessAxis(eta, sharpnesses) {
  const edge = eta > 0 ? 2 / eta : 20;
  const seen = sharpnesses.filter((value) => value <= 3 * edge + 4);
  const edges = Math.max(2, Math.ceil(Math.max(0, ...seen) / edge));
  const parts = edges === 2 ? [0, 0.5, 1, 1.5, 2] : Array.from({ length: edges + 1 }, (_, i) => i);
  return { min: 0, max: edges * edge, ticks: parts.map((part) => part * edge), label: "sharpness" };
}

function ellipse(eta) {
  const axes = semiaxes(eta);
  const [xs, ys] = [[], []];
  for (let i = 0; axes && i <= ELLIPSE_POINTS; i += 1) {
    const [x, y] = ellipsePoint(axes, (2 * Math.PI * i) / ELLIPSE_POINTS);
    xs.push(x);
    ys.push(y);
  }
  return [xs, ys];
}

/** The minimizers with |x| between `from` and `to`, as one line with a gap. */
function bothBranches(from, to) {
  const xs = Array.from(
    { length: CURVE_POINTS + 1 },
    (_, i) => from * (to / from) ** (i / CURVE_POINTS),
  );
  const ys = xs.map((x) => 1 / x);
  const negative = (values) => values.map((value) => -value);
  return [
    [...xs, NaN, ...negative(xs)],
    [...ys, NaN, ...negative(ys)],
  ];
}

function rounded(value) {
  return Math.round(value * 1000) / 1000;
}

for (const root of document.querySelectorAll('[data-explorer="scalar_net"]')) mount(root);
