// Where orbits of the scalar net on the line x = y are in the long run, for every step size.

import { lateLine } from "./maths/scalar_net.js";
import { Chart } from "./parts/chart.js";

const ETAS = { from: 0.2, to: 1, count: 241 };
const POINTS = 28; // for each step size
const HEIGHT = 1.6; // of |z|; all the orbits are below it

export class Cascade {
  constructor() {
    this.chart = new Chart({
      title: "Where orbits on the line x = y are in the long run, for every η",
      width: 400,
      height: 215,
      x: { min: ETAS.from, max: ETAS.to, ticks: [0.2, 0.4, 0.6, 0.8, 1], label: "step size η" },
      y: { min: 0, max: HEIGHT, ticks: [0, 0.5, 1, 1.5], label: "|x| in the long run" },
    });
    const [etas, points] = [[], []];
    for (let i = 0; i < ETAS.count; i += 1) {
      const eta = ETAS.from + ((ETAS.to - ETAS.from) * i) / (ETAS.count - 1);
      for (const z of lateLine(eta, POINTS)) {
        etas.push(eta);
        points.push(Math.abs(z));
      }
    }
    this.chart.dots(this.chart.addPath("late"), etas, points);
    this.line = this.chart.addPath("edge");
    this.here = this.chart.addPath("points");
  }

  draw(eta) {
    this.chart.line(this.line, [eta, eta], [0, HEIGHT]);
    const late = lateLine(eta, POINTS).map(Math.abs);
    this.chart.dots(this.here, late.map(() => eta), late);
  }
}
