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
  const stretch = 1 + beta;
  const [digits, text] = commonDigits(lower, upper);
  const known = `η_C = ${text} (proved to ${digits} digits)`;
  const threshold = beta ? `(1 + β)η_C = ${significant(stretch * value, 5)}, where ${known}` : known;
  if (eta < stretch * lower) {
    const from = depth === 1 ? "every starting point" : "a non-empty open set of starting points";
    return `η is below ${threshold}: gradient descent converges to a global minimizer from ${from}.`;
  }
  if (eta > stretch * upper) {
    const starts = beta ? "pairs of first two points" : "starting points";
    return `η is above ${threshold}: gradient descent converges to a global minimizer only from a set of ${starts} of measure zero.`;
  }
  return `η is at ${threshold}.`;
}

/** The most digits to which both ends of an interval round to one number, and this number. */
function commonDigits(lower, upper) {
  let digits = 17;
  while (digits > 1 && lower.toPrecision(digits) !== upper.toPrecision(digits)) digits -= 1;
  return [digits, lower.toPrecision(digits)];
}
