// What a training run shows, and what is proved about its step size, in words.

import { edgeOf, isNonlinear } from "./maths/training.js";
import { significant } from "./parts/format.js";

/** `frame` is of a run that rests; `critical` is η_C with its interval, or null. */
export function inWords(parameters, frame, data, critical) {
  const { beta, depth } = parameters;
  return `${seen(frame, beta, isNonlinear(parameters), data)} ${proved(frame.eta, beta, depth, critical)}`;
}

/** The edge as a formula. */
export function edgeName(beta) {
  return beta ? "2(1 + β)/η" : "2/η";
}

function seen({ step, loss, sharpness, eta, diverged }, beta, isTanh, data) {
  if (diverged) return `The run has diverged after ${step} steps.`;
  const edge = `${edgeName(beta)} = ${significant(edgeOf(eta, beta))}`;
  const above = isTanh ? "" : ` (${significant(Math.max(loss - data.least, 0), 2)} above its minimum)`;
  return (
    `Step ${step}: the loss is ${significant(loss, 4)}${above}, ` +
    `the sharpness ${significant(sharpness)}, against ${edge}.`
  );
}

function proved(eta, beta, depth, critical) {
  if (!critical) {
    return "The theorem on the critical step size is about linear networks that are wide enough, so η_C is not shown.";
  }
  const { lower, value, upper } = critical;
  const interval = `η_C = ${significant(value, 5)} (proved: between ${lower} and ${upper})`;
  const threshold = beta ? `(1 + β)η_C = ${significant((1 + beta) * value, 5)}, where ${interval}` : interval;
  const stretch = 1 + beta;
  if (eta < stretch * lower) {
    const from = depth === 1 ? "every starting point" : "a non-empty open set of starting points";
    return `η is below ${threshold}: convergence to a global minimizer from ${from}.`;
  }
  if (eta > stretch * upper) {
    const starts = beta ? "pairs of first two points" : "starting points";
    return `η is above ${threshold}: convergence to a global minimizer only from a set of ${starts} of measure zero.`;
  }
  return `η is at ${threshold}.`;
}
