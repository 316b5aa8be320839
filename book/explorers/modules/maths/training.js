// A run of gradient descent with momentum on a data set, and what is recorded of it.
//
// Parameters of a run: {data, tanh, depth, width, first, rest, seed, beta}, with the name of the data
// set, 0 or 1 for tanh, the number of layers, the width of all hidden layers, the scales of W_1 and of
// the others, the seed and the momentum. Its schedule is a list of [step, η]: η from this step on.

import { Lanczos } from "./lanczos.js";
import { Network, reduced } from "./network.js";

/** The generator of Park and Miller: state_k = seed · 48271^k modulo 2³¹ − 1. */
const MODULUS = 2 ** 31 - 1;
const MULTIPLIER = 48271;
const FIRST_DRAW = 11; // those before it are small for small seeds

/** Records kept; when there are more, two of three are dropped. */
const MOST_RECORDS = 540;

/** A loss beyond this counts as divergence, as in the Python package (times 1 + ‖Y‖²). */
const DIVERGED = 1e12;

/** Relative residual up to which a sharpness is computed. */
const TOLERANCE = 1e-8;

export function widthsOf({ depth, width }, inputs, outputs) {
  return [inputs, ...Array(depth - 1).fill(width), outputs];
}

/** Whether a network is not linear: one layer has no place for tanh. */
export function isNonlinear({ tanh, depth }) {
  return tanh === 1 && depth > 1;
}

/** The largest curvature that is stable at the step size η with momentum β. */
export function edgeOf(eta, beta) {
  return (2 * (1 + beta)) / eta;
}

/**
 * The initial θ: entries of W_j uniform with mean 0 and standard deviation scale/√(inputs of W_j).
 *
 * All numbers here are below 2⁵³, so the integers are exact.
 */
export function initial(widths, { first, rest, seed }) {
  let state = seed;
  const draw = () => (state = (state * MULTIPLIER) % MODULUS);
  for (let k = 1; k < FIRST_DRAW; k += 1) draw();
  const layers = widths.slice(1).map((rows, j) => {
    const size = (j === 0 ? first : rest) * Math.sqrt(3 / widths[j]);
    return Array.from({ length: rows * widths[j] }, () => size * ((2 * draw()) / MODULUS - 1));
  });
  return Float64Array.from(layers.flat());
}

export class Run {
  /** `data` is {X, Y, inputs, outputs}; `schedule` is not changed, but the run's copy may be. */
  constructor(data, parameters, schedule) {
    const { inputs, outputs } = data;
    const widths = widthsOf(parameters, inputs, outputs);
    const tanh = isNonlinear(parameters);
    this.network = new Network(tanh ? data : reduced(data, inputs, outputs), widths, tanh);
    this.isLinear = !tanh;
    this.beta = parameters.beta;
    this.limit = DIVERGED * (1 + data.Y.reduce((sum, y) => sum + y * y, 0));
    this.schedule = schedule.map((change) => [...change]);
    this.theta = initial(widths, parameters);
    this.before = this.theta.slice();
    this.slope = new Float64Array(this.theta.length);
    this.lanczos = new Lanczos(
      this.theta.length,
      (v, out) => this.network.hessianTimes(v, out),
      TOLERANCE,
    );
    this.step = 0;
    this.stride = 1;
    this.records = { steps: [], losses: [], sharpnesses: [], edges: [], singular: [] };
    this.loss = this.network.gradient(this.theta, this.slope);
    this.#record();
  }

  get diverged() {
    return !(this.loss < this.limit);
  }

  /** The step size of the next step. */
  get eta() {
    return this.schedule.findLast(([from]) => from <= this.step)[1];
  }

  get edge() {
    return edgeOf(this.eta, this.beta);
  }

  /** From now on the step size is η, whatever was planned. */
  setEta(eta) {
    if (eta === this.eta) return;
    this.schedule = [...this.schedule.filter(([from]) => from < this.step), [this.step, eta]];
    const { steps, edges } = this.records;
    if (steps.at(-1) === this.step) edges[edges.length - 1] = this.edge;
  }

  /** θ ← θ − η∇L(θ) + β(θ − θ_before). */
  advance() {
    const { theta, before, slope, beta, eta } = this;
    for (let i = 0; i < theta.length; i += 1) {
      const next = theta[i] - eta * slope[i] + beta * (theta[i] - before[i]);
      before[i] = theta[i];
      theta[i] = next;
    }
    this.step += 1;
    this.loss = this.network.gradient(theta, slope);
    if (this.step % this.stride === 0) this.#record();
  }

  /** λ_max of the Hessian, here. */
  sharpness() {
    const { steps, sharpnesses } = this.records;
    return steps.at(-1) === this.step ? sharpnesses.at(-1) : this.lanczos.largest();
  }

  #record() {
    const { records } = this;
    if (this.diverged) return;
    records.sharpnesses.push(this.sharpness());
    records.steps.push(this.step);
    records.losses.push(this.loss);
    records.edges.push(this.edge);
    records.singular.push(this.isLinear ? this.network.singularValues(this.theta) : []);
    if (records.steps.length <= MOST_RECORDS) return;
    // An odd factor: orbits that jump to and fro are still seen on both sides.
    this.stride *= 3;
    const kept = records.steps.map((step) => step % this.stride === 0);
    for (const [name, list] of Object.entries(records)) {
      records[name] = list.filter((_, i) => kept[i]);
    }
  }
}
