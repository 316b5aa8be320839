// The explorer of the slack line: a way to infinity along which every minimizer is stable.

import { endToEnd, loss, norm, sharpness } from "./maths/linear_net.js";
import {
  X,
  Y,
  excursion,
  rescaledBy,
  rescaledPoint,
  slackPoint,
} from "./maths/slack_line.js";
import { Chart } from "./parts/chart.js";
import { legend, slider } from "./parts/controls.js";
import { element, setAttributes, svgElement } from "./parts/dom.js";
import { fixed, significant } from "./parts/format.js";
import { State } from "./parts/state.js";

const STEPS = 100;
const STEP_INDICES = Float64Array.from({ length: STEPS + 1 }, (_, t) => t);
const CURVE_POINTS = 50;
const LARGEST_T = 1000;
const LONGEST = 1200; // norm, the end of the axis
const STAYS = 2; // an orbit within 2δ counts as staying near

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

  // T itself would put all small values on one pixel.
  const position = slider({
    label: "Weight T",
    min: 0,
    max: Math.log10(1 + LARGEST_T),
    step: Math.log10(1 + LARGEST_T) / 600, // so that the last step is the end
    onInput: (value) => state.set({ T: Number((10 ** value - 1).toPrecision(4)) }),
  });
  const eta = slider({
    label: "Step size η",
    min: FIELDS.eta.min,
    max: FIELDS.eta.max,
    step: 0.005,
    onInput: (value) => state.set({ eta: value }),
  });
  const delta = slider({
    label: "Shift δ",
    min: FIELDS.logdelta.min,
    max: FIELDS.logdelta.max,
    step: 0.05,
    onInput: (logdelta) => state.set({ logdelta }),
  });

  function draw({ T, eta: step, logdelta }) {
    const shift = 10 ** logdelta;
    const point = slackPoint(T);
    const distances = excursion(T, shift, step, STEPS);
    const now = { length: norm(point), height: sharpness(point, X, Y), edge: 2 / step };
    net.draw(T);
    flat.draw(now);
    away.draw(distances.map((distance) => distance / shift));
    position.set(Math.log10(1 + T), significant(T, 4));
    eta.set(step, fixed(step, 3));
    delta.set(logdelta, significant(shift));
    words.textContent = inWords(point, now, Math.max(...distances) / shift);
  }

  const live = element(
    "div",
    { class: "explorer-live" },
    net.svg,
    position.root,
    eta.root,
    delta.root,
    element(
      "div",
      { class: "panels" },
      element("div", {}, flat.chart.svg),
      element("div", {}, away.chart.svg),
    ),
    legend(
      ["orbit", "slack line"],
      ["ellipse", "rescaled layers, same norm"],
      ["edge", "the edge 2/η; twice the first distance"],
    ),
    element("div", { class: "buttons" }, state.sharing),
    words,
  );
  draw(state.values);
  root.prepend(live);
  root.classList.add("is-live");
}

function inWords(point, { length, height, edge }, growth) {
  const facts =
    `W₃W₂W₁ = ${significant(endToEnd(point)[0][0])}, loss ${significant(loss(point, X, Y))}, ` +
    `|θ| = ${significant(length, 4)}, sharpness ${significant(height, 4)}`;
  if (height > edge) return `${facts}: above 2/η = ${significant(edge)}, unstable.`;
  const start = growth <= STAYS ? "stays near" : "does not stay near";
  return `${facts}: below 2/η = ${significant(edge)}, stable. The start at distance δ ${start}.`;
}

/** The network, its lines as thick as its weights. */
class NetPicture {
  constructor() {
    const columns = [[70], [30, 110], [30, 110], [70]];
    const at = (layer, unit) => [35 + layer * 110, columns[layer][unit]];
    this.svg = svgElement("svg", { viewBox: "0 0 400 150", role: "img", class: "chart net" });
    this.lines = columns.slice(1).map((heights, layer) =>
      heights.map((_, out) =>
        columns[layer].map((__, into) => {
          const [[x1, y1], [x2, y2]] = [at(layer, into), at(layer + 1, out)];
          const line = svgElement("line", { x1, y1, x2, y2 });
          this.svg.append(line);
          return line;
        }),
      ),
    );
    columns.forEach((heights, layer) =>
      heights.forEach((_, unit) => {
        const [cx, cy] = at(layer, unit);
        this.svg.append(svgElement("circle", { class: "unit", cx, cy, r: 12 }));
      }),
    );
    this.label = svgElement("text", { x: 200, y: 140, "text-anchor": "middle" });
    this.svg.append(
      svgElement("text", { x: 35, y: 48, "text-anchor": "middle" }, "input"),
      svgElement("text", { x: 365, y: 48, "text-anchor": "middle" }, "output"),
      this.label,
    );
  }

  draw(T) {
    const weights = slackPoint(T);
    weights.forEach((W, layer) =>
      W.forEach((row, out) =>
        row.forEach((weight, into) => {
          const slack = layer === 1 && out === 1 && into === 1;
          const kind = weight === 0 ? "absent" : slack ? "slack" : "present";
          const width = weight === 0 ? 1 : 2 + 3 * Math.log10(1 + Math.abs(weight));
          setAttributes(this.lines[layer][out][into], { class: kind, "stroke-width": width });
        }),
      ),
    );
    this.label.textContent = `T = ${significant(T, 4)}`;
    this.svg.setAttribute(
      "aria-label",
      "A network with one input, two hidden layers of two units and one output. The weights of the " +
        "upper path from input to output are 1. The weight between the two lower units is " +
        `T = ${significant(T, 4)}; no other line reaches these units.`,
    );
  }
}

/** Sharpness against the norm of the weights, on two ways to infinity. */
class FlatnessChart {
  constructor() {
    this.chart = new Chart({
      title: "Sharpness against the norm of the weights",
      width: 400,
      height: 280,
      x: { min: 1, max: LONGEST, log: true, ticks: [1, 10, 100, 1000].map(asIs), label: "|θ|" },
      y: { min: 1, max: 1e4, log: true, ticks: [1, 10, 100, 1000, 1e4].map(asIs), label: "sharpness" },
    });
    const { chart } = this;
    const slack = chart.addPath("orbit thick");
    const rescaled = chart.addPath("ellipse-line solid");
    this.edge = chart.addPath("edge");
    this.edgeName = chart.addGroup({}, svgElement("text", { "text-anchor": "end", x: -4, y: -5 }, "2/η"));
    this.there = chart.addGroup({ class: "here" }, svgElement("circle", { r: 5 }));
    this.here = chart.addGroup({ class: "here filled" }, svgElement("circle", { r: 6 }));

    // Neither curve depends on what the reader chooses.
    const spread = (from, to) =>
      Array.from({ length: CURVE_POINTS + 1 }, (_, i) => from * (to / from) ** (i / CURVE_POINTS));
    const Ts = [0, ...spread(0.1, LONGEST)];
    const curve = (points) => [points.map(norm), points.map((point) => sharpness(point, X, Y))];
    chart.line(slack, ...curve(Ts.map(slackPoint)));
    chart.line(rescaled, ...curve(spread(1, LONGEST).map(rescaledPoint)));
  }

  draw({ length, height, edge }) {
    const { chart } = this;
    chart.line(this.edge, [1, LONGEST], [edge, edge]);
    chart.place(this.edgeName, LONGEST, edge);
    chart.place(this.here, length, height);
    const other = length >= 2 ? rescaledPoint(rescaledBy(length)) : null;
    chart.place(this.there, length, other ? sharpness(other, X, Y) : NaN);
  }
}

/** Distance from the minimizer against the step, relative to the first. */
class ExcursionChart {
  constructor() {
    this.chart = new Chart({
      title: "Distance from the minimizer along the orbit of the shifted start",
      width: 400,
      height: 280,
      x: { min: 0, max: STEPS, ticks: [0, 25, 50, 75, 100], label: "step" },
      y: { min: 0.1, max: 1e6, log: true, ticks: [0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6], label: "distance / δ" },
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
