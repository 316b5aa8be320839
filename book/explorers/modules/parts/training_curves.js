// Loss, sharpness and singular values along runs, against the step.

import { Chart, logTicks, niceTicks } from "./chart.js";
import { element } from "./dom.js";
import { powerOfTen } from "./format.js";

/** Losses nearer to their minimum than this are drawn at this distance: below it is rounding. */
const LEAST_EXCESS = 1e-10;

/** Colours of runs laid over; after the last the first is used again. */
export const COLOURS = 4;

/** Sharpnesses beyond this multiple of the largest edge 2/η do not stretch the axis. */
const HIGHEST = 3;

export class TrainingCurves {
  /** `beside` is put after the charts, in their grid. */
  constructor({ width = 400, height = 210, withSingular = true, beside = [] } = {}) {
    const chart = (title, y) => {
      const x = { min: 0, max: 100, ticks: [], label: "step" };
      const made = new Chart({ title, width, height, x, y: { min: 0, max: 1, ticks: [], ...y } });
      this.charts.push(made);
      return made;
    };
    this.charts = [];
    this.sharpness = chart("Sharpness against the step, and the edge 2/η", { label: "sharpness" });
    this.loss = chart("Loss against the step", { min: 1e-4, log: true, label: "loss" });
    this.floor = this.sharpness.addPath("floor");
    this.edge = this.sharpness.addPath("edge");
    if (withSingular) {
      const title = "Singular values of the product of the weights, against the step";
      this.singular = chart(title, { label: "singular values" });
      this.targets = this.singular.addPath("minimizers");
    }
    this.lines = []; // of the kept runs, by chart
    this.current = this.charts.map((each) => each.addPath("orbit"));
    [this.edgeName, this.floorName] = [this.sharpness.addName(), this.sharpness.addName()];
    const pictures = this.charts.map((each) => each.svg);
    this.root = element("div", { class: "panels" }, ...pictures, ...beside);
  }

  /**
   * Draw a run over others. A run is {records, least} with the loss `least` that is subtracted; the
   * current one has the `edge` of its next step, with its `edgeName`, `floor` = 2/η_C or null, and
   * `targets`, the singular values of W⋆, or null if it has no such values.
   */
  draw(current, kept) {
    const runs = [current, ...kept];
    const last = Math.max(...runs.map(({ records }) => records.steps.at(-1) ?? 0));
    const right = niceTop(Math.max(last, 100));
    const x = { min: 0, max: right, ticks: niceTicks(right), label: "step" };
    for (const chart of this.charts) chart.setAxis("x", x);
    this.#drawSharpness(current, runs, right);
    const excesses = runs.map(({ records, least }) => records.losses.map((loss) => Math.max(loss - least, LEAST_EXCESS)));
    this.#setLossAxis(excesses, current.least > 0 ? "loss above its minimum" : "loss");
    this.singular?.svg.classList.toggle("void", !current.targets);
    if (this.singular && current.targets) this.#drawTargets(current, runs, right);
    this.#prepare(kept.length);
    for (const [i, { records }] of runs.entries()) {
      const { steps, sharpnesses, singular } = records;
      const [sharp, loss, products] = i === 0 ? this.current : this.lines[i - 1];
      this.sharpness.line(sharp, steps, sharpnesses);
      this.loss.line(loss, steps, excesses[i]);
      if (products) this.singular.line(products, ...columns(steps, singular));
    }
  }

  /** One line in each chart for each kept run, under those of the current one. */
  #prepare(count) {
    while (this.lines.length > count) for (const path of this.lines.pop()) path.remove();
    while (this.lines.length < count) {
      const kind = `orbit kept kept-${this.lines.length % COLOURS}`;
      const paths = this.charts.map((chart) => chart.addPath(kind));
      paths.forEach((path, i) => this.current[i].before(path));
      this.lines.push(paths);
    }
  }

  #drawSharpness({ records, edge, edgeName = "2/η", floor }, runs, right) {
    const highest = HIGHEST * Math.max(edge, ...records.edges);
    const seen = runs.flatMap((run) => run.records.sharpnesses.filter((value) => value < highest));
    const height = Math.max(floor ?? 0, ...seen) || 1;
    const top = niceTop(1.1 * Math.max(height, edge < 2 * height ? edge : 0));
    const { sharpness: chart } = this;
    chart.setAxis("y", { min: 0, max: top, ticks: niceTicks(top), label: "sharpness" });
    chart.line(this.edge, ...staircase(records, edge, right));
    chart.line(this.floor, [0, right], [floor ?? NaN, floor ?? NaN]);
    chart.nameLine(this.edgeName, edgeName, edge, { isBelow: edge < floor });
    chart.nameLine(this.floorName, "2/η_C", floor ?? NaN, { isBelow: floor <= edge });
  }

  #setLossAxis(excesses, label) {
    const seen = excesses.flat();
    const low = Math.floor(Math.log10(Math.min(...seen, 1e-2)));
    const high = Math.ceil(Math.log10(Math.min(Math.max(...seen, 1), 1e6)));
    const ticks = logTicks(low, high);
    if (seen.includes(LEAST_EXCESS)) ticks[0] = [10 ** low, `≤ ${powerOfTen(low)}`];
    this.loss.setAxis("y", { min: 10 ** low, max: 10 ** high, log: true, ticks, label });
  }

  #drawTargets({ targets }, runs, right) {
    const seen = runs.flatMap((run) => run.records.singular.map((values) => values[0] ?? 0));
    const largest = Math.max(...targets, 0.1);
    const top = niceTop(1.1 * Math.max(largest, ...seen.filter((value) => value < 5 * largest)));
    this.singular.setAxis("y", { min: 0, max: top, ticks: niceTicks(top), label: "singular values" });
    const breaks = targets.flatMap((value) => [value, value, NaN]);
    const ends = targets.flatMap(() => [0, right, 0]);
    this.singular.line(this.targets, ends, breaks);
  }
}

/** The edge belongs to the steps that are made at it: it changes in jumps, and goes on to the right. */
function staircase({ steps, edges }, edge, right) {
  const [xs, ys] = [[0], [edges[0]]];
  const go = (x, y) => {
    if (y === ys.at(-1)) return;
    xs.push(x, x);
    ys.push(ys.at(-1), y);
  };
  edges.forEach((y, i) => go(steps[i], y));
  go(steps.at(-1), edge);
  return [[...xs, right], [...ys, ys.at(-1)]];
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

/** The smallest of 1, 1.5, 2, 3, 4, 6, 8 times a power of ten that is at least `value`. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 6, 8, 10].find((factor) => factor * power >= value) * power;
}
