// Loss, sharpness and singular values along runs, against the step.

import { Chart, niceTicks } from "./chart.js";
import { element, svgElement } from "./dom.js";

/** Losses nearer to their minimum than this are drawn at this distance: below it is rounding. */
const LEAST_EXCESS = 1e-10;

/** Colours of runs laid over; after the last the first is used again. */
export const COLOURS = 4;

/** Sharpnesses beyond this multiple of the largest edge 2/η do not stretch the axis. */
const HIGHEST = 3;

export class TrainingCurves {
  constructor({ width = 400, height = 210, withSingular = true } = {}) {
    const size = { width, height, x: { min: 0, max: 100, ticks: [], label: "step" } };
    const y = { min: 0, max: 1, ticks: [] };
    this.sharpness = new Chart({
      ...size,
      title: "Sharpness against the step, and the edge 2/η",
      y: { ...y, label: "sharpness" },
    });
    this.loss = new Chart({
      ...size,
      title: "Loss against the step",
      y: { min: 1e-4, max: 1, log: true, ticks: [], label: "loss" },
    });
    this.charts = [this.sharpness, this.loss];
    this.floor = this.sharpness.addPath("floor");
    this.edge = this.sharpness.addPath("edge");
    if (withSingular) {
      this.singular = new Chart({
        ...size,
        title: "Singular values of the product of the weights, against the step",
        y: { ...y, label: "singular values" },
      });
      this.targets = this.singular.addPath("minimizers");
      this.charts.push(this.singular);
    }
    this.lines = []; // of the kept runs, by chart
    this.current = this.charts.map((chart) => chart.addPath("orbit"));
    this.edgeName = this.#name("2/η");
    const index = svgElement("tspan", { dy: 3, "font-size": 10 }, "C");
    this.floorName = this.#name("2/η", index);
    this.root = element("div", { class: "panels" }, ...this.charts.map((chart) => chart.svg));
  }

  #name(...text) {
    const words = svgElement("text", { "text-anchor": "end", x: -4, y: -5 }, ...text);
    return this.sharpness.addGroup({}, words);
  }

  /**
   * Draw a run over others. A run is {records, least} with the loss `least` that is subtracted; the
   * current one has the `edge` of its next step, with its `edgeName`, `floor` = 2/η_C or null, and
   * `targets`, the singular values of W⋆.
   */
  draw(current, kept) {
    const runs = [current, ...kept];
    const last = Math.max(...runs.map(({ records }) => records.steps.at(-1) ?? 0));
    const right = niceTop(Math.max(last, 100));
    const x = { min: 0, max: right, ticks: niceTicks(right), label: "step" };
    for (const chart of this.charts) chart.setAxis("x", x);
    this.#drawSharpness(current, runs, right);
    this.#drawLoss(current, runs);
    if (this.singular) this.#drawSingular(current, runs, right);
    this.#prepare(kept.length);
    for (const [i, run] of runs.entries()) {
      const { steps, losses, sharpnesses, singular } = run.records;
      const [sharp, loss, products] = i === 0 ? this.current : this.lines[i - 1];
      this.sharpness.line(sharp, steps, sharpnesses);
      this.loss.line(loss, steps, excesses(losses, run.least));
      if (products) this.singular.line(products, ...columns(steps, singular));
    }
  }

  #prepare(count) {
    while (this.lines.length > count) for (const path of this.lines.pop()) path.remove();
    while (this.lines.length < count) {
      const colour = `orbit kept-${this.lines.length % COLOURS}`;
      this.lines.push(this.charts.map((chart) => chart.addPath(colour)));
    }
  }

  #drawSharpness({ records, edge, edgeName = "2/η", floor }, runs, right) {
    const highest = HIGHEST * Math.max(edge, ...records.edges);
    const seen = runs.flatMap((run) => run.records.sharpnesses.filter((value) => value < highest));
    const height = Math.max(floor ?? 0, ...seen) || 1;
    const top = niceTop(1.1 * Math.max(height, edge < 2 * height ? edge : 0));
    const axis = { min: 0, max: top, ticks: niceTicks(top), label: "sharpness" };
    this.sharpness.setAxis("y", axis);
    // The edge belongs to the steps that are made at it: it changes in jumps.
    const [xs, ys] = [[], []];
    for (const [i, step] of records.steps.entries()) {
      if (i > 0) [xs[2 * i - 1], ys[2 * i - 1]] = [step, ys[2 * i - 2]];
      [xs[2 * i], ys[2 * i]] = [step, records.edges[i]];
    }
    this.sharpness.line(this.edge, [...xs, xs.at(-1), right], [...ys, edge, edge]);
    this.sharpness.line(this.floor, [0, right], floor === null ? [NaN, NaN] : [floor, floor]);
    this.edgeName.firstChild.textContent = edgeName;
    this.sharpness.place(this.edgeName, right, edge);
    this.sharpness.place(this.floorName, right, floor ?? NaN);
    // Two names at one place cannot be read: the lower one goes below its line.
    const isNear = floor !== null && Math.abs(edge - floor) < 0.09 * top;
    const lower = edge < floor ? this.edgeName : this.floorName;
    for (const name of [this.edgeName, this.floorName]) {
      name.firstChild.setAttribute("y", isNear && name === lower ? 15 : -5);
    }
  }

  #drawLoss({ least }, runs) {
    const seen = runs.flatMap((run) => excesses(run.records.losses, run.least));
    const low = Math.floor(Math.log10(Math.min(...seen, 1e-2)));
    const high = Math.ceil(Math.log10(Math.min(Math.max(...seen, 1), 1e6)));
    const apart = Math.ceil((high - low) / 5);
    const ticks = [];
    for (let power = high; power >= low; power -= apart) ticks.push(10 ** power);
    const label = least > 0 ? "loss above its minimum" : "loss";
    this.loss.setAxis("y", { min: 10 ** low, max: 10 ** high, log: true, ticks, label });
  }

  #drawSingular({ targets }, runs, right) {
    const seen = runs.flatMap((run) => run.records.singular.map((values) => values[0] ?? 0));
    const largest = Math.max(...targets, 0.1);
    const top = niceTop(1.1 * Math.max(largest, ...seen.filter((value) => value < 5 * largest)));
    this.singular.setAxis("y", { min: 0, max: top, ticks: niceTicks(top), label: "singular values" });
    const breaks = targets.flatMap((value) => [value, value, NaN]);
    const ends = targets.flatMap(() => [0, right, 0]);
    this.singular.line(this.targets, ends, breaks);
    this.singular.svg.classList.toggle("void", targets.length === 0);
  }
}

/** The lists in the columns of `rows`, one after the other, as lines that do not meet. */
function columns(steps, rows) {
  const [xs, ys] = [[], []];
  for (let k = 0; k < (rows[0]?.length ?? 0); k += 1) {
    xs.push(...steps, 0);
    ys.push(...rows.map((row) => row[k]), NaN);
  }
  return [xs, ys];
}

function excesses(losses, least) {
  return losses.map((loss) => Math.max(loss - least, LEAST_EXCESS));
}

/** The smallest of 1, 1.5, 2, 3, 4, 6, 8 times a power of ten that is at least `value`. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].find((factor) => factor * power >= value) * power;
}
