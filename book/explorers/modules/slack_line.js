// The explorer of the slack line: a way to infinity along which every minimizer is stable.

import {
  CRITICAL,
  STAYS,
  excursion,
  norm,
  rescaledBy,
  rescaledPoint,
  sharpness,
  slackPoint,
  staysNear,
} from "./maths/slack_line.js";
import { Chart, logTicks } from "./parts/chart.js";
import { legend, slider } from "./parts/controls.js";
import { element, goLive, say, setAttributes, svgElement } from "./parts/dom.js";
import { fixed, significant } from "./parts/format.js";
import { addHandle, describeHandle } from "./parts/handle.js";
import { State } from "./parts/state.js";

const STEPS = 100;
const STEP_INDICES = Float64Array.from({ length: STEPS + 1 }, (_, t) => t);
const CURVE_POINTS = 50;
const LARGEST_T = 1000;
const LONGEST = 1200; // norm, the end of the axis
const SHORTEST = norm(slackPoint(0));
const CELLS = { columns: 60, rows: 39 };
const ARROW_STEP = { coarse: 0.1, fine: 0.02 }; // of log₁₀
const SIZE = { width: 400, height: 200 };
const LENGTHS = { min: 1, max: LONGEST, log: true, ticks: [1, 10, 100, 1000].map(asIs), label: "|θ|" };

const FIELDS = {
  T: { value: 10, min: 0, max: LARGEST_T },
  eta: { value: 0.3, min: 0.02, max: 0.5, decimals: 3 },
  logdelta: { value: -2, min: -7, max: -0.5 },
};

function mount(root) {
  const net = new NetPicture();
  const flat = new FlatnessChart();
  const away = new ExcursionChart();
  const words = element("p", { class: "outcome", role: "status", "aria-live": "polite" });
  const state = new State(FIELDS, draw);
  const setT = (T) => state.set({ T: Number(T.toPrecision(4)) });
  const reach = new ReachChart({
    onMove: ([length, delta]) => {
      setT(Math.sqrt(Math.max(length ** 2 - SHORTEST ** 2, 0)));
      state.set({ logdelta: Math.log10(delta) });
    },
    onKey: ([i, j], fine) => {
      const by = fine ? ARROW_STEP.fine : ARROW_STEP.coarse;
      const { T, logdelta } = state.values;
      if (i) setT((1 + T) * 10 ** (i * by) - 1);
      else state.set({ logdelta: logdelta + j * by });
    },
    onHold: (held) => words.setAttribute("aria-busy", String(held)),
  });

  // T itself would put all small values on one pixel.
  const position = slider({
    label: "Weight T",
    min: 0,
    max: Math.log10(1 + LARGEST_T),
    step: Math.log10(1 + LARGEST_T) / 600, // so that the last step is the end
    onInput: (value) => setT(10 ** value - 1),
  });
  const delta = slider({
    label: "Shift δ",
    min: FIELDS.logdelta.min,
    max: FIELDS.logdelta.max,
    step: 0.05,
    onInput: (logdelta) => state.set({ logdelta }),
  });
  const eta = slider({
    label: "Step size η",
    min: FIELDS.eta.min,
    max: FIELDS.eta.max,
    step: 0.005,
    isMarked: true,
    onInput: (value) => state.set({ eta: value }),
  });
  eta.mark([CRITICAL, "η_C = ⅓"]);

  function draw({ T, eta: step, logdelta }) {
    const shift = 10 ** logdelta;
    const point = slackPoint(T);
    const distances = excursion(T, shift, step, STEPS);
    const now = { length: norm(point), height: sharpness(point), edge: 2 / step, shift };
    net.draw(T);
    flat.draw(now);
    reach.draw(now, step, `T = ${significant(T, 4)}, δ = ${significant(shift)}`);
    away.draw(distances.map((distance) => distance / shift));
    position.set(Math.log10(1 + T), significant(T, 4));
    eta.set(step, fixed(step, 3));
    delta.set(logdelta, significant(shift));
    say(words, inWords(now, Math.max(...distances) / shift));
  }

  draw(state.values);
  const key = legend(
    ["orbit", "slack line"],
    ["ellipse", "rescaled layers, same norm"],
    ["edge", "2/η; twice the first distance"],
    ["stays", `shifts that stay near for ${STEPS} steps`],
  );
  goLive(
    root,
    "slack-line",
    element(
      "div",
      { class: "panels" },
      element("div", { class: "apart" }, flat.chart.svg, away.chart.svg),
      element("div", { class: "apart" }, reach.chart.svg, element("div", { class: "later" }, net.svg, key.root)),
    ),
    position.root,
    delta.root,
    eta.root,
    words,
    element("div", { class: "buttons" }, state.sharing),
  );
}

function inWords({ length, height, edge, shift }, growth) {
  const facts = `|θ| = ${significant(length, 4)}, sharpness ${significant(height, 4)}`;
  if (height > edge) return `${facts}: above 2/η = ${significant(edge)}, so this minimizer is unstable.`;
  const delta = `δ = ${significant(shift)}`;
  const end =
    growth <= STAYS
      ? ` The orbit that starts at the distance ${delta} stays near.`
      : ` But ${delta} is too large a shift for the orbit to stay near: try a smaller one.`;
  return `${facts}: below 2/η = ${significant(edge)}, so this minimizer is stable.${end}`;
}

/** The network, its lines as thick as its weights. */
class NetPicture {
  constructor() {
    const columns = [[60], [25, 95], [25, 95], [60]];
    const at = (layer, unit) => [35 + layer * 110, columns[layer][unit]];
    this.svg = svgElement("svg", { viewBox: "0 0 400 128", role: "img", class: "chart net" });
    this.lines = columns.slice(1).flatMap((heights, layer) =>
      heights.flatMap((_, out) =>
        columns[layer].map((__, into) => {
          const [[x1, y1], [x2, y2]] = [at(layer, into), at(layer + 1, out)];
          return svgElement("line", { x1, y1, x2, y2 });
        }),
      ),
    );
    const units = columns.flatMap((heights, layer) =>
      heights.map((_, unit) => {
        const [cx, cy] = at(layer, unit);
        return svgElement("circle", { class: "unit", cx, cy, r: 12 });
      }),
    );
    this.label = svgElement("text", { x: 200, y: 124, "text-anchor": "middle" });
    this.svg.append(
      ...this.lines,
      ...units,
      svgElement("text", { x: 35, y: 38, "text-anchor": "middle" }, "input"),
      svgElement("text", { x: 365, y: 38, "text-anchor": "middle" }, "output"),
      this.label,
    );
  }

  draw(T) {
    for (const [i, weight] of slackPoint(T).entries()) {
      const kind = weight === 0 ? "absent" : i === 5 ? "slack" : "present";
      const width = weight === 0 ? 1 : 2 + 3 * Math.log10(1 + Math.abs(weight));
      setAttributes(this.lines[i], { class: kind, "stroke-width": width });
    }
    const text = `T = ${significant(T, 4)}`;
    say(this.label, text);
    this.svg.setAttribute(
      "aria-label",
      "A network with one input, two hidden layers of two units and one output. The weights of the " +
        "upper path from input to output are 1. The weight between the two lower units is " +
        `${text}; no other line reaches these units.`,
    );
  }
}

/** Sharpness against the norm of the weights, on two ways to infinity. */
class FlatnessChart {
  constructor() {
    const y = { min: 1, max: 1e7, log: true, ticks: logTicks(0, 7), label: "sharpness" };
    const chart = new Chart({ ...SIZE, title: "Sharpness against the norm of the weights", x: LENGTHS, y });
    this.chart = chart;
    const slack = chart.addPath("orbit thick");
    const rescaled = chart.addPath("ellipse-line solid");
    this.edge = chart.addPath("edge");
    this.edgeName = chart.addName();
    this.there = chart.addRing(5);
    this.here = chart.addRing(6, "here filled");

    // Neither curve depends on what the reader chooses.
    const spread = (from, to) =>
      Array.from({ length: CURVE_POINTS + 1 }, (_, i) => from * (to / from) ** (i / CURVE_POINTS));
    const Ts = [0, ...spread(0.1, LONGEST)];
    const curve = (points) => [points.map(norm), points.map(sharpness)];
    chart.line(slack, ...curve(Ts.map(slackPoint)));
    chart.line(rescaled, ...curve(spread(1, LONGEST).map(rescaledPoint)));
  }

  draw({ length, height, edge }) {
    const { chart } = this;
    chart.line(this.edge, [1, LONGEST], [edge, edge]);
    chart.nameLine(this.edgeName, "2/η", edge, { atLeft: true });
    chart.place(this.here, length, height);
    const other = length >= 2 ? sharpness(rescaledPoint(rescaledBy(length))) : NaN;
    chart.place(this.there, length, other);
  }
}

/** Which shifts stay near, against the norm of the weights: how far the stability reaches. */
class ReachChart {
  constructor(actions) {
    const { min, max } = FIELDS.logdelta;
    const y = { min: 10 ** min, max: 10 ** max, log: true, ticks: logTicks(min, -1, 2), label: "shift δ" };
    this.chart = new Chart({ ...SIZE, title: "Shifts δ after which an orbit stays near", x: LENGTHS, y });
    this.stays = this.chart.addPath("stays");
    this.handle = addHandle(this.chart, { label: "Norm and shift", ...actions });
    this.coloured = NaN; // the η of what is drawn
  }

  draw({ length, shift }, eta, text) {
    const { chart } = this;
    if (this.coloured !== eta) this.#colour(eta);
    chart.place(this.handle, length, shift);
    describeHandle(this.handle, { now: Math.log10(shift), ...FIELDS.logdelta, text });
  }

  /** Fill the cells whose middle stays near. */
  #colour(eta) {
    const { chart } = this;
    const { columns, rows } = CELLS;
    const lengthAt = (i) => SHORTEST * (LONGEST / SHORTEST) ** (i / columns);
    const deltaAt = (j) => chart.y.min * (chart.y.max / chart.y.min) ** (j / rows);
    let shapes = "";
    for (let i = 0; i < columns; i += 1) {
      const [left, right] = [i, i + 1].map((k) => chart.px(lengthAt(k)).toFixed(2));
      const T = Math.sqrt(lengthAt(i + 0.5) ** 2 - SHORTEST ** 2);
      for (let j = 0; j < rows; j += 1) {
        if (!staysNear(T, deltaAt(j + 0.5), eta, STEPS)) continue;
        const [low, high] = [j, j + 1].map((k) => chart.py(deltaAt(k)).toFixed(2));
        shapes += `M${left} ${low}H${right}V${high}H${left}Z`;
      }
    }
    this.stays.setAttribute("d", shapes);
    this.coloured = eta;
  }
}

/** Distance from the minimizer against the step, relative to the first. */
class ExcursionChart {
  constructor() {
    this.chart = new Chart({
      ...SIZE,
      title: "Distance from the minimizer along the orbit of the shifted start",
      x: { min: 0, max: STEPS, ticks: [0, 25, 50, 75, 100], label: "step" },
      y: { min: 0.1, max: 1e6, log: true, ticks: logTicks(-1, 6), label: "distance / δ" },
    });
    const limit = this.chart.addPath("edge");
    this.chart.line(limit, [0, STEPS], [STAYS, STAYS]);
    this.line = this.chart.addPath("orbit");
    this.points = this.chart.addPath("points small");
  }

  draw(ratios) {
    this.chart.line(this.line, STEP_INDICES, ratios, ratios.length);
    this.chart.dots(this.points, STEP_INDICES, ratios, ratios.length);
  }
}

function asIs(value) {
  return [value, String(value)];
}

for (const root of document.querySelectorAll('[data-explorer="slack_line"]')) mount(root);
