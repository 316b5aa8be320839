// The pictures of the explorer of the critical step size: the joint range of two forms, the bounds of
// η_C, and what the depth does to it.

import { criticalStep, dual, form, primal } from "./maths/critical_step.js";
import { Chart, niceTicks } from "./parts/chart.js";
import { fixed } from "./parts/format.js";
import { addHandle, describeHandle } from "./parts/handle.js";

export const SCALES = { least: -2, most: 2 }; // of log10 x
export const LARGEST_DEPTH = 8;
const POINTS = 120;
const ROOM = 1.35; // how far the axes reach beyond the ellipse
const TURN = Float64Array.from({ length: POINTS + 1 }, (_, i) => (180 * i) / POINTS);

/** The angle of a unit vector, in [0, 180): v and −v are one. */
export function degrees([v, w]) {
  return ((Math.atan2(w, v) * 180) / Math.PI + 180) % 180;
}

export function unitVector(angle) {
  const radians = (Math.PI * angle) / 180;
  return [Math.cos(radians), Math.sin(radians)];
}

/** The plane of a = vᵀΣv and b = vᵀBv. */
export class JointRange {
  constructor(actions) {
    const axis = { min: 0, max: 1, ticks: [] };
    this.chart = new Chart({
      title: "The ellipse of the pairs a, b for all unit vectors v",
      width: 400,
      height: 250,
      x: { ...axis, label: "a = vᵀΣv" },
      y: { ...axis, label: "b = vᵀBv" },
    });
    const { chart } = this;
    this.level = chart.addPath("stable thin");
    this.top = chart.addPath("stable");
    this.line = chart.addPath("ellipse-line");
    this.ellipse = chart.addPath("orbit thick");
    this.best = chart.addRing(6);
    this.handle = addHandle(chart, { label: "Direction v", ...actions });
    this.xs = [];
    this.ys = [];
  }

  draw({ Sigma, B, N, v, x, found: { direction } }, { lower, upper }) {
    const { chart } = this;
    this.xs = Array.from(TURN, (angle) => form(Sigma, unitVector(angle)));
    this.ys = Array.from(TURN, (angle) => form(B, unitVector(angle)));
    const [mostA, mostB] = [ROOM * Math.max(...this.xs), ROOM * (Math.max(...this.ys) || 1)];
    chart.setAxis("x", { ...chart.x, max: mostA, ticks: niceTicks(mostA) });
    chart.setAxis("y", { ...chart.y, max: mostB, ticks: niceTicks(mostB) });
    chart.line(this.ellipse, this.xs, this.ys);
    chart.line(this.level, ...levelCurve(1 / upper / N, N, mostA, mostB));
    chart.line(this.top, ...levelCurve(primal(Sigma, B, N, direction) / N, N, mostA, mostB));
    chart.line(this.line, ...straightLine(x ** (N - 1), (N - 1) / x, 1 / lower, mostA, mostB));
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

/** The bounds of η_C: from below for each x, and from above of this v. */
export class Bounds {
  constructor() {
    const [min, max] = [10 ** SCALES.least, 10 ** SCALES.most];
    const ticks = [0.01, 0.1, 1, 10, 100].map((x) => [x, String(x)]);
    this.chart = new Chart({
      title: "The lower bound of η_C for each x, and the upper bound of this v",
      width: 400,
      height: 230,
      x: { min, max, log: true, ticks, label: "x" },
      y: { min: 0, max: 1, ticks: [], label: "bounds of η_C" },
    });
    this.above = this.chart.addPath("stable thin");
    this.curve = this.chart.addPath("ellipse-line solid");
    this.here = this.chart.addRing(5);
    this.name = this.chart.addName();
    this.xs = Array.from({ length: POINTS + 1 }, (_, i) => min * (max / min) ** (i / POINTS));
  }

  draw({ Sigma, B, N, x, found }, { lower, upper }) {
    const { chart, xs } = this;
    const most = 1.6 * found.value;
    chart.setAxis("y", { ...chart.y, max: most, ticks: niceTicks(most) });
    chart.line(this.curve, xs, xs.map((scale) => 1 / dual(Sigma, B, N, scale)));
    chart.line(this.above, [xs[0], xs[POINTS]], [upper, upper]);
    chart.place(this.here, x, lower);
    chart.nameLine(this.name, "upper bound of this v", upper, { atLeft: true });
  }
}

/** η_C against the depth; a click chooses one. */
export class Depths {
  constructor(onChoose) {
    const ticks = Array.from({ length: LARGEST_DEPTH }, (_, i) => i + 1);
    this.chart = new Chart({
      title: "η_C against the depth",
      width: 400,
      height: 160,
      x: { min: 0.5, max: LARGEST_DEPTH + 0.5, ticks, label: "depth N" },
      y: { min: 0, max: 1, ticks: [], label: "η_C" },
    });
    this.ticks = ticks;
    this.line = this.chart.addPath("orbit faint");
    this.points = this.chart.addPath("points");
    this.here = this.chart.addRing(6);
    this.chart.svg.classList.add("chooses");
    this.chart.svg.addEventListener("click", (event) => onChoose(Math.round(this.chart.at(event)[0])));
  }

  draw({ W, Sigma, N, found }) {
    const { chart, ticks } = this;
    const key = JSON.stringify([W, Sigma]);
    if (this.drawn !== key) {
      this.drawn = key;
      const steps = ticks.map((depth) => criticalStep(W, Sigma, depth).value);
      const most = 1.15 * Math.max(...steps.filter((step) => step < Infinity));
      chart.setAxis("y", { ...chart.y, max: most, ticks: niceTicks(most) });
      chart.line(this.line, ticks, steps);
      chart.dots(this.points, ticks, steps);
    }
    chart.place(this.here, N, found.value);
  }
}
