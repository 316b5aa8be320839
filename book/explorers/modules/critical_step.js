// The explorer of the critical step size: two matrices, a depth, and where η_C comes from.

import { Bounds, Depths, JointRange, LARGEST_DEPTH, SCALES, degrees, unitVector } from "./critical_pictures.js";
import { criticalStep, dual, isPositive, primal, whitenedSquare } from "./maths/critical_step.js";
import { EXAMPLES } from "./maths/critical_examples.js";
import { NumberFields, button, buttonGroup, legend, slider } from "./parts/controls.js";
import { element, goLive, say } from "./parts/dom.js";
import { bound, fixed, significant } from "./parts/format.js";
import { State } from "./parts/state.js";

const LARGEST = { entry: 5, variance: 10 };
const DEGREES = { coarse: 2, fine: 0.2 };
const MEETING = 1e-6; // relative gap at which two bounds are said to meet

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
  N: { value: 2, min: 1, max: LARGEST_DEPTH, decimals: 0 },
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
  const curve = new Bounds();
  const depths = new Depths((N) => state.set({ N }));
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
    max: LARGEST_DEPTH,
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
    for (const { chart } of [range, curve, depths]) chart.svg.classList.toggle("void", best.disabled);
    if (problem.fault) {
      say(words, problem.fault);
      return;
    }
    const { Sigma, B, N, v, x, found } = problem;
    const bounds = { lower: 1 / dual(Sigma, B, N, x), upper: 1 / primal(Sigma, B, N, v) };
    for (const picture of [range, curve, depths]) picture.draw(problem, bounds);
    const [most, least] = [bound(bounds.upper, 6, 1), bound(bounds.lower, 6, -1)];
    const said =
      bounds.upper / bounds.lower - 1 < MEETING
        ? "The bounds of this v and this x meet there."
        : `This v gives η_C ≤ ${most}, this x gives η_C ≥ ${least}.`;
    const flattest = `The flattest minimizer has sharpness ${significant(2 / found.value, 4)}.`;
    say(words, `η_C = ${significant(found.value, 6)}. ${said} ${flattest}`);
  }

  draw(state.values);
  const key = legend(
    ["orbit", "all unit vectors v"],
    ["stable thin", "level of this v, and its bound"],
    ["stable", "the best level"],
    ["ellipse-line", "line of this x"],
    ["ellipse", "lower bound of each x"],
  );
  goLive(
    root,
    "critical-step",
    buttonGroup("Examples", ...examples),
    element(
      "div",
      { class: "matrices" },
      matrix("W⋆", ...entries.roots.slice(0, 4)),
      matrix("Σ", ...entries.roots.slice(4, 6), mirrored, entries.roots[6]),
      entries.complaint,
    ),
    element("div", { class: "panels" }, range.chart.svg, curve.chart.svg),
    element(
      "div",
      { class: "panels" },
      element("div", {}, angle.root, scale.root, depth.root),
      element("div", { class: "later" }, depths.chart.svg),
    ),
    element("div", { class: "buttons" }, best, state.sharing),
    words,
    element("div", { class: "later" }, key.root),
  );
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
    W,
    Sigma,
    N,
    found,
    B: whitenedSquare(W, Sigma),
    v: unitVector(values.angle),
    x: 10 ** values.logx,
  };
}

for (const root of document.querySelectorAll('[data-explorer="critical_step"]')) mount(root);
