// The pictures of the scalar net's explorer: the plane of starts, the curves of an orbit, and what
// becomes of xy for every step size.

import {
  CYCLE_ATTRACTS,
  FATES,
  ellipsePoint,
  fates,
  longRun,
  semiaxes,
  stablePart,
  twoCycle,
} from "./maths/scalar_net.js";
import { SHOWN_STEPS } from "./maths/scalar_presets.js";
import { Chart, logTicks, niceTicks } from "./parts/chart.js";
import { powerOfTen, significant } from "./parts/format.js";
import { addHandle, describeHandle } from "./parts/handle.js";

export const EDGE_OF_PLANE = 3.2;
export const LARGEST_ETA = 1.1;
const ELLIPSE_POINTS = 120;
const CURVE_POINTS = 60;
const LEAST_POWER = -15; // of ten: smaller losses are drawn as this
const HIGHEST = 1e12; // of what grows without bound, on a logarithmic axis
const CELLS = 140; // of the plane, a side
const FEW = 40; // cells: fewer are not worth an entry of the legend
const CASCADE = { columns: 330, skipped: 600, points: 40, rows: 120 };
const STEP_INDICES = Float64Array.from({ length: SHOWN_STEPS + 1 }, (_, t) => t);

/** The entries of the legend for what is drawn at a step size; `found` are the fates of the plane. */
export function drawn(eta, found) {
  const cycle = eta < CYCLE_ATTRACTS ? "two-cycle" : "two-cycle (unstable)";
  return [
    [found[1], "plus", "starts that end with x, y > 0"],
    [found[2], "minus", "with x, y < 0"],
    [found[3], "both", "that keep changing sides"],
    [true, "minimizers", "minimizers xy = 1"],
    [stablePart(eta), "stable", "flatter than 2/η: stable"],
    [semiaxes(eta), "ellipse", "ellipse F = 0; outside, starts diverge"],
    [twoCycle(eta), "cycle", cycle],
    [true, "orbit", "orbit"],
  ].flatMap(([isDrawn, ...entry]) => (isDrawn ? [entry] : []));
}

/** The plane of starts, with the orbit over the minimizers. */
export class Plane {
  constructor(onMove, onKey, onHold) {
    const ticks = [-3, -2, -1, 0, 1, 2, 3];
    const axis = { min: -EDGE_OF_PLANE, max: EDGE_OF_PLANE, ticks };
    const chart = new Chart({
      title: "The plane of weights x and y with the orbit",
      width: 400,
      height: 366,
      x: { ...axis, label: "x" },
      y: { ...axis, label: "y" },
    });
    this.chart = chart;
    this.fates = FATES.slice(1).map((name) => chart.addPath(`fate ${name}`));
    this.coloured = NaN; // the η of the fates that are drawn
    this.found = []; // which of them there are
    this.ellipse = chart.addPath("ellipse");
    this.minimizers = chart.addPath("minimizers");
    this.stable = chart.addPath("stable");
    this.cycle = chart.addPath("cycle");
    this.orbit = chart.addPath("orbit");
    this.points = chart.addPath("points");
    this.here = chart.addRing(5);
    this.start = addHandle(chart, { label: "Start (x, y)", onMove, onKey, onHold });
    chart.line(this.minimizers, ...bothBranches(1 / EDGE_OF_PLANE, EDGE_OF_PLANE));
  }

  /** Tint the starts by what becomes of them: runs of cells of one fate, as rectangles. */
  #colour(eta) {
    this.coloured = eta;
    const { chart } = this;
    const found = fates(eta, EDGE_OF_PLANE, CELLS);
    const side = (2 * EDGE_OF_PLANE) / CELLS;
    const shapes = FATES.map(() => "");
    const counts = FATES.map(() => 0);
    for (let j = 0; j < CELLS; j += 1) {
      const [low, high] = [j, j + 1].map((k) => chart.py(k * side - EDGE_OF_PLANE).toFixed(2));
      for (let i = 0, from = 0; i < CELLS; i += 1) {
        const here = found[j * CELLS + i];
        if (i + 1 < CELLS && found[j * CELLS + i + 1] === here) continue;
        const [left, right] = [from, i + 1].map((k) => chart.px(k * side - EDGE_OF_PLANE).toFixed(2));
        shapes[here] += `M${left} ${low}H${right}V${high}H${left}Z`;
        counts[here] += i + 1 - from;
        from = i + 1;
      }
    }
    this.fates.forEach((path, k) => path.setAttribute("d", shapes[k + 1]));
    this.found = counts.map((count) => count >= FEW);
  }

  draw({ x, y, eta, t }, path) {
    const { chart } = this;
    if (this.coloured !== eta) this.#colour(eta);
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

/** What becomes of xy in the long run, against η: the fixed point, its doublings, chaos. */
export class Cascade {
  constructor(onChoose) {
    const chart = new Chart({
      title: "The product xy in the long run against η",
      width: 400,
      height: 160,
      x: { min: 0, max: LARGEST_ETA, ticks: [0, 0.25, 0.5, 0.75, 1], label: "step size η" },
      y: { min: 0, max: 2.1, ticks: [0, 1, 2], label: "xy" },
    });
    this.chart = chart;
    this.all = chart.addPath("cascade");
    this.line = chart.addPath("edge");
    this.mine = chart.addPath("points late");
    const [xs, ys] = [[], []];
    for (let i = 1; i < CASCADE.columns; i += 1) {
      const eta = (i * LARGEST_ETA) / CASCADE.columns;
      for (const product of new Set(longRun(eta, CASCADE.skipped, CASCADE.points).map(toPixels))) {
        xs.push(eta);
        ys.push(product);
      }
    }
    chart.dots(this.all, xs, ys);
    chart.svg.classList.add("chooses");
    chart.svg.addEventListener("click", (event) => onChoose(chart.at(event)[0]));
  }

  /** Mark η, and the last products of the orbit that is shown, if it does not diverge. */
  draw({ eta }, { xs, ys }, isGone) {
    const { chart } = this;
    chart.line(this.line, [eta, eta], [chart.y.min, chart.y.max]);
    const products = isGone ? [] : Array.from(xs, (x, i) => x * ys[i]).slice(-CASCADE.points);
    chart.dots(this.mine, products.map(() => eta), products);
  }
}

/** Values that fall on one pixel of the cascade as one value. */
function toPixels(product) {
  return Math.round((product * CASCADE.rows) / 2) / (CASCADE.rows / 2);
}

/** Loss and sharpness against the step. */
export class Curves {
  constructor() {
    const size = { width: 400, x: stepAxis(SHOWN_STEPS) };
    const title = "Sharpness against the step, and the edge 2/η";
    this.loss = new Chart({ ...size, title: "Loss against the step", height: 176, y: lossAxis([1]) });
    this.sharpness = new Chart({ ...size, title, height: 190, y: sharpnessAxis(0, []) });
    this.edge = this.sharpness.addPath("edge");
    this.edgeName = this.sharpness.addName();
    this.paths = [this.loss, this.sharpness].map((chart) => ({
      chart,
      faint: chart.addPath("orbit faint"),
      line: chart.addPath("orbit"),
      points: chart.addPath("points"),
      here: chart.addRing(4),
    }));
  }

  draw({ eta, t }, path, isGone) {
    const last = path.losses.length - 1;
    this.loss.setAxis("y", lossAxis(path.losses));
    this.sharpness.setAxis("y", sharpnessAxis(eta, path.sharpnesses, isGone));
    for (const { chart } of this.paths) chart.setAxis("x", stepAxis(last));
    this.sharpness.line(this.edge, [0, last], [2 / eta, 2 / eta]);
    this.sharpness.nameLine(this.edgeName, "2/η", 2 / eta);
    const losses = path.losses.map((loss) => Math.max(loss, 10 ** LEAST_POWER));
    for (const [i, ys] of [losses, path.sharpnesses].entries()) {
      const { chart, faint, line, points, here } = this.paths[i];
      chart.line(faint, STEP_INDICES, ys, last + 1);
      chart.line(line, STEP_INDICES, ys, t + 1);
      chart.dots(points, STEP_INDICES, ys, t + 1);
      chart.place(here, t, ys[t]);
    }
  }
}

function stepAxis(last) {
  const ticks = last < 5 ? Array.from({ length: last + 1 }, (_, t) => t) : niceTicks(last);
  return { min: 0, max: last, ticks, label: "step" };
}

/**
 * A logarithmic axis for all losses but the smallest, which lie on its lower end, and those that are
 * huge. Below it grows by steps of five powers of ten: it does not move with every touch.
 */
function lossAxis(losses) {
  const powers = losses.filter((loss) => loss > 0 && loss <= HIGHEST).map(Math.log10);
  const least = Math.min(-5, ...powers);
  const low = Math.max(LEAST_POWER, 5 * Math.floor(least / 5));
  const high = Math.ceil(Math.max(1, ...powers));
  const ticks = logTicks(low, high, 5);
  if (least < LEAST_POWER) ticks[0] = [ticks[0], `≤ ${powerOfTen(LEAST_POWER)}`];
  return { min: 10 ** low, max: 10 ** high, log: true, ticks, label: "loss" };
}

/** An axis to beyond twice the edge 2/η and all of the orbit; logarithmic for one that diverges. */
function sharpnessAxis(eta, sharpnesses, isGone) {
  const edge = eta > 0 ? 2 / eta : 20;
  const seen = sharpnesses.filter((value) => value <= HIGHEST);
  const max = 1.05 * Math.max(2 * edge, ...seen);
  if (!isGone) return { min: 0, max, ticks: niceTicks(max), label: "sharpness" };
  const [low, high] = [Math.min(edge, ...seen), max].map(Math.log10);
  const [least, most] = [Math.floor(low), Math.ceil(high)];
  return { min: 10 ** least, max: 10 ** most, log: true, ticks: logTicks(least, most), label: "sharpness" };
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
