// The explorer of the critical step size: two matrices, a depth, and where η_C comes from.

import {
  criticalStep,
  dual,
  form,
  isPositive,
  primal,
  whitenedSquare,
} from "./maths/critical_step.js";
import { EXAMPLES } from "./maths/critical_examples.js";
import { Chart, niceTicks } from "./parts/chart.js";
import { NumberFields, button, buttonGroup, legend, slider } from "./parts/controls.js";
import { element, svgElement } from "./parts/dom.js";
import { fixed, significant } from "./parts/format.js";
import { addHandle, describeHandle } from "./parts/handle.js";
import { State } from "./parts/state.js";

const POINTS = 120;
const ROOM = 1.35; // how far the axes reach beyond the ellipse
const SCALES = { least: -2, most: 2 }; // of log10 x
const LARGEST = { entry: 5, variance: 10, depth: 8 };
const DEGREES = { coarse: 2, fine: 0.2 };
const TURN = Float64Array.from({ length: POINTS + 1 }, (_, i) => (180 * i) / POINTS);

const ENTRIES = Object.fromEntries(
  Object.entries(EXAMPLES[0].values).map(([name, value]) => {
    const [matrix, row, column] = name;
    const most = matrix === "w" ? LARGEST.entry : LARGEST.variance;
    const min = matrix === "s" && row === column ? 0 : -most;
    const label = `${matrix === "w" ? "W⋆" : "Σ"} row ${row}, column ${column}`;
    return [name, { label, value, min, max: most }];
  }),
);
const FIELDS = {
  ...ENTRIES,
  N: { value: 2, min: 1, max: LARGEST.depth, decimals: 0 },
  angle: { value: 20, min: 0, max: 180 },
  logx: { value: 0.3, min: SCALES.least, max: SCALES.most },
};

function mount(root) {
  const words = element("p", { class: "outcome", role: "status", "aria-live": "polite" });
  const range = new JointRange({
    onMove: (place) => state.set({ angle: range.nearest(place) }),
    onKey: ([i, j], fine) => {
      const by = (i + j) * (fine ? DEGREES.fine : DEGREES.coarse);
      state.set({ angle: (state.values.angle + by + 180) % 180 });
    },
    onHold: (held) => words.setAttribute("aria-busy", String(held)),
  });
  const curve = new DualCurve();
  const state = new State(FIELDS, draw);

  const entries = new NumberFields(ENTRIES, (name, value) => state.set({ [name]: value }));
  for (const { firstChild: label } of entries.roots) label.className = "explorer-hidden";
  const examples = EXAMPLES.map(({ name, values }) =>
    button(name, () => {
      entries.restore();
      state.set(values);
    }),
  );
  const mirrored = element("output", { class: "mirrored", "aria-label": "Σ row 2, column 1" });
  const depth = slider({
    label: "Depth N",
    min: 1,
    max: LARGEST.depth,
    step: 1,
    onInput: (N) => state.set({ N }),
  });
  const angle = slider({
    label: "Direction v",
    min: 0,
    max: 180,
    step: 0.5,
    onInput: (value) => state.set({ angle: value }),
  });
  const scale = slider({
    label: "Scale x",
    min: SCALES.least,
    max: SCALES.most,
    step: 0.01,
    onInput: (logx) => state.set({ logx }),
  });
  const best = button("Best v and x", () => {
    const { found } = read(state.values);
    if (!found) return; // and the button is disabled from the next frame on
    const { direction, scale: x } = found;
    state.set({ angle: degrees(direction), logx: Math.log10(x) });
    if (Math.log10(x) !== state.values.logx) {
      state.note.textContent = `The best x, ${significant(x)}, is beyond the end of its slider.`;
    }
  });

  function draw(values) {
    entries.set(values);
    mirrored.textContent = significant(values.s12, 6);
    depth.set(values.N, String(values.N));
    angle.set(values.angle, `${fixed(values.angle, 1)}°`);
    scale.set(values.logx, significant(10 ** values.logx));
    examples.forEach((node, i) => {
      const chosen = Object.entries(EXAMPLES[i].values).every(([key, v]) => values[key] === v);
      node.setAttribute("aria-pressed", String(chosen));
    });
    const problem = read(values);
    best.disabled = Boolean(problem.fault);
    panels.classList.toggle("void", best.disabled);
    if (problem.fault) {
      words.textContent = problem.fault;
      return;
    }
    const { found } = problem;
    const bounds = {
      below: primal(problem.Sigma, problem.B, problem.N, problem.v),
      above: dual(problem.Sigma, problem.B, problem.N, problem.x),
    };
    range.draw(problem, bounds);
    curve.draw(problem, bounds);
    words.textContent =
      `η_C = ${significant(found.value, 6)}. ` +
      `This v gives η_C ≤ ${significant(1 / bounds.below, 4)}, ` +
      `this x gives η_C ≥ ${significant(1 / bounds.above, 4)}. ` +
      `The flattest minimizer has sharpness ${significant(2 / found.value, 4)}.`;
  }

  const panels = element(
    "div",
    { class: "panels" },
    element("div", { class: "first" }, range.chart.svg),
    element("div", {}, curve.chart.svg),
  );
  const live = element(
    "div",
    { class: "explorer-live" },
    buttonGroup("Examples", ...examples),
    element(
      "div",
      { class: "matrices" },
      matrix("W⋆", ...entries.roots.slice(0, 4)),
      matrix("Σ", ...entries.roots.slice(4, 6), mirrored, entries.roots[6]),
      entries.complaint,
    ),
    depth.root,
    panels,
    legend(
      ["orbit", "all unit vectors v"],
      ["stable", "level of this v, and the best level"],
      ["ellipse", "line of this x"],
    ),
    angle.root,
    scale.root,
    element("div", { class: "buttons" }, best, state.sharing),
    words,
  );
  draw(state.values);
  root.prepend(live);
  root.classList.add("is-live");
}

function matrix(name, ...entries) {
  const grid = element("span", { class: "entries" }, ...entries);
  return element("div", { class: "matrix", role: "group", "aria-label": name }, `${name} =`, grid);
}

/** The problem of a state, with a sentence in `fault` if it has no critical step size. */
function read(values) {
  const W = [
    [values.w11, values.w12],
    [values.w21, values.w22],
  ];
  const Sigma = { a: values.s11, b: values.s12, c: values.s22 };
  const { N } = values;
  if (!isPositive(Sigma)) {
    return { fault: "Σ must be positive definite: Σ₁₁ > 0 and Σ₁₁Σ₂₂ > Σ₁₂²." };
  }
  if (N > 1 && W.flat().every((value) => value === 0)) {
    return { fault: "W⋆ = 0: the zero network is a minimizer of sharpness 0, stable for every η." };
  }
  const found = criticalStep(W, Sigma, N);
  if (![found.value, found.scale].every((value) => value > 0 && value < Infinity)) {
    return { fault: "These numbers are too small, or too near a singular Σ, for this arithmetic." };
  }
  return {
    Sigma,
    N,
    found,
    B: whitenedSquare(W, Sigma),
    v: unitVector(values.angle),
    x: 10 ** values.logx,
  };
}

/** The angle of a unit vector, in [0, 180): v and −v are one. */
function degrees([v, w]) {
  return ((Math.atan2(w, v) * 180) / Math.PI + 180) % 180;
}

function unitVector(angle) {
  const radians = (Math.PI * angle) / 180;
  return [Math.cos(radians), Math.sin(radians)];
}

/** The plane of a = vᵀΣv and b = vᵀBv. */
class JointRange {
  constructor(actions) {
    const axis = { min: 0, max: 1, ticks: [] };
    this.chart = new Chart({
      title: "The ellipse of the pairs a, b for all unit vectors v",
      width: 400,
      height: 340,
      x: { ...axis, label: "a = vᵀΣv" },
      y: { ...axis, label: "b = vᵀBv" },
    });
    const { chart } = this;
    this.level = chart.addPath("stable thin");
    this.top = chart.addPath("stable");
    this.line = chart.addPath("ellipse-line");
    this.ellipse = chart.addPath("orbit thick");
    this.best = chart.addGroup({ class: "here" }, svgElement("circle", { r: 6 }));
    this.handle = addHandle(chart, { label: "Direction v", ...actions });
    this.xs = [];
    this.ys = [];
  }

  draw({ Sigma, B, N, v, x, found: { direction } }, { below, above }) {
    const { chart } = this;
    this.xs = Array.from(TURN, (angle) => form(Sigma, unitVector(angle)));
    this.ys = Array.from(TURN, (angle) => form(B, unitVector(angle)));
    const [mostA, mostB] = [ROOM * Math.max(...this.xs), ROOM * (Math.max(...this.ys) || 1)];
    chart.setAxis("x", { ...chart.x, max: mostA, ticks: niceTicks(mostA) });
    chart.setAxis("y", { ...chart.y, max: mostB, ticks: niceTicks(mostB) });
    chart.line(this.ellipse, this.xs, this.ys);
    chart.line(this.level, ...levelCurve(below / N, N, mostA, mostB));
    chart.line(this.top, ...levelCurve(primal(Sigma, B, N, direction) / N, N, mostA, mostB));
    chart.line(this.line, ...straightLine(x ** (N - 1), (N - 1) / x, above, mostA, mostB));
    chart.place(this.best, form(Sigma, direction), form(B, direction));
    chart.place(this.handle, form(Sigma, v), form(B, v));
    const angle = degrees(v);
    describeHandle(this.handle, {
      now: angle,
      min: 0,
      max: 180,
      text: `v at ${fixed(angle, 1)} degrees`,
    });
  }

  /** The angle whose point of the ellipse is nearest, as seen on the screen. */
  nearest([a, b]) {
    const { chart } = this;
    const away = TURN.map((_, i) =>
      Math.hypot(chart.px(this.xs[i]) - chart.px(a), chart.py(this.ys[i]) - chart.py(b)),
    );
    return TURN[away.indexOf(Math.min(...away))];
  }
}

/** a^{1/N} b^{1−1/N} = level, within the frame. */
function levelCurve(level, N, mostA, mostB) {
  if (N === 1) return [[level, level], [0, mostB]];
  const bOf = (a) => (level ** N / a) ** (1 / (N - 1));
  const least = Math.max(level ** N / (1.1 * mostB) ** (N - 1), 1e-6 * mostA);
  const xs = Array.from(
    { length: POINTS + 1 },
    (_, i) => least * (mostA / least) ** (i / POINTS),
  );
  return [xs, xs.map(bOf)];
}

/** αa + βb = height, from one side of the frame to the other. */
function straightLine(alpha, beta, height, mostA, mostB) {
  if (beta === 0) return [[height / alpha, height / alpha], [0, mostB]];
  return [[0, mostA], [height / beta, (height - alpha * mostA) / beta]];
}

/** The two eigenvalues of the pencil against x. */
class DualCurve {
  constructor() {
    const [min, max] = [10 ** SCALES.least, 10 ** SCALES.most];
    this.chart = new Chart({
      title: "The upper bound of 1/η_C against x, and the lower bound of this v",
      width: 400,
      height: 340,
      x: { min, max, log: true, ticks: [0.01, 0.1, 1, 10, 100].map((x) => [x, String(x)]), label: "x" },
      y: { min: 0, max: 1, ticks: [], label: "bounds of 1/η_C" },
    });
    this.below = this.chart.addPath("stable thin");
    this.curve = this.chart.addPath("ellipse-line solid");
    this.here = this.chart.addGroup({ class: "here" }, svgElement("circle", { r: 5 }));
    this.xs = Array.from({ length: POINTS + 1 }, (_, i) => min * (max / min) ** (i / POINTS));
  }

  draw({ Sigma, B, N, x, found }, { below, above }) {
    const { chart, xs } = this;
    const most = 3 / found.value;
    chart.setAxis("y", { ...chart.y, max: most, ticks: niceTicks(most) });
    chart.line(this.curve, xs, xs.map((scale) => dual(Sigma, B, N, scale)));
    chart.line(this.below, [xs[0], xs[POINTS]], [below, below]);
    chart.place(this.here, x, above);
  }
}

for (const root of document.querySelectorAll('[data-explorer="critical_step"]')) mount(root);
