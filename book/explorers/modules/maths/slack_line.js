// The slack line: widths (1, 2, 2, 1), X = Y = 1, and a weight T that the loss does not see.

import { distance, norm, shaped, step } from "./linear_net.js";

export const X = [[1]];
export const Y = [[1]];

/** Beyond this distance a start has left the neighbourhood of its minimizer for good. */
const GONE = 1e6;

/** The minimizer with W_1 = (1, 0)ᵀ, W_2 = diag(1, T), W_3 = (1, 0). */
export function slackPoint(T) {
  return [
    [[1], [0]],
    [
      [1, 0],
      [0, T],
    ],
    [[1, 0]],
  ];
}

/** Another way to infinity among the minimizers: (s W_1, W_2, W_3 / s), with T = 1. */
export function rescaledPoint(s) {
  const [first, second, third] = slackPoint(1);
  return [
    first.map((row) => row.map((entry) => s * entry)),
    second,
    third.map((row) => row.map((entry) => entry / s)),
  ];
}

/** The s ≥ 1 for which the rescaled point has the given norm, at least 2: s² + 2 + 1/s² = norm². */
export function rescaledBy(length) {
  const sum = length * length - 2;
  return Math.sqrt((sum + Math.sqrt(Math.max(sum * sum - 4, 0))) / 2);
}

/** The point at distance δ from `weights` in the direction (1, 1, …, 1). */
export function shifted(weights, delta) {
  const theta = weights.flat(2);
  const by = delta / Math.sqrt(theta.length);
  return shaped(
    theta.map((entry) => entry + by),
    weights,
  );
}

/** The distances |θ_t − θ̄| along the orbit of the point shifted by δ; they end when it is gone. */
export function excursion(T, delta, eta, steps) {
  const centre = slackPoint(T);
  let weights = shifted(centre, delta);
  const distances = [];
  for (let t = 0; t <= steps; t += 1) {
    const away = distance(weights, centre);
    distances.push(away);
    if (!(away < GONE) || !Number.isFinite(norm(weights))) break;
    weights = step(weights, X, Y, eta);
  }
  return distances;
}
