// A deep linear network with weights as a list of matrices: L(θ) = ‖W_N ⋯ W_1 X − Y‖².
//
// θ = [W_1, …, W_N]; a matrix is a list of rows. The derivatives are those of network.js. For small
// networks only.

import { symmetricEigen } from "./eigen.js";
import { Network } from "./network.js";

export function loss(weights, X, Y) {
  return network(weights, X, Y).loss(flat(weights));
}

/** ∂L/∂W_1, …, ∂L/∂W_N. */
export function gradient(weights, X, Y) {
  const theta = flat(weights);
  const slope = theta.slice();
  network(weights, X, Y).gradient(theta, slope);
  return shaped([...slope], weights);
}

/** One step of gradient descent. */
export function step(weights, X, Y, eta) {
  const slopes = gradient(weights, X, Y);
  return weights.map((W, j) => entrywise((w, slope) => w - eta * slope, W, slopes[j]));
}

/** The largest eigenvalue of the Hessian. */
export function sharpness(weights, X, Y) {
  return symmetricEigen(hessian(weights, X, Y)).values.at(-1);
}

/** The Hessian as a list of rows, in the order W_1, W_2, …, each row by row. */
export function hessian(weights, X, Y) {
  const theta = flat(weights);
  const out = theta.slice();
  const net = network(weights, X, Y);
  net.gradient(theta, out);
  const columns = Array.from(theta, (_, i) => {
    net.hessianTimes(theta.map((__, k) => Number(k === i)), out);
    return [...out];
  });
  // Symmetric up to rounding, so columns may stand for rows.
  return columns.map((column, i) => column.map((entry, k) => (entry + columns[k][i]) / 2));
}

function network(weights, X, Y) {
  const widths = [weights[0][0].length, ...weights.map((W) => W.length)];
  return new Network({ X: flat(X), Y: flat(Y) }, widths, false);
}

/** All entries, of matrices one after the other, each row by row. */
function flat(matrices) {
  return Float64Array.from(matrices.flat(2));
}

/** W_N ⋯ W_1. */
export function endToEnd(weights) {
  return weights.reduce((before, W) => product(W, before));
}

/** A vector cut into matrices of the same shapes as `weights`. */
export function shaped(vector, weights) {
  let at = 0;
  return weights.map((W) =>
    W.map((row) => {
      at += row.length;
      return vector.slice(at - row.length, at);
    }),
  );
}

/** |θ|. */
export function norm(weights) {
  return Math.sqrt(weights.reduce((total, W) => total + squareSum(W), 0));
}

/** The distance between two points. */
export function distance(weights, others) {
  return norm(weights.map((W, j) => entrywise((a, b) => a - b, W, others[j])));
}

function product(A, B) {
  return A.map((row) =>
    B[0].map((_, k) => row.reduce((total, entry, i) => total + entry * B[i][k], 0)),
  );
}

function entrywise(operation, A, B) {
  return A.map((row, i) => row.map((entry, k) => operation(entry, B[i][k])));
}

function squareSum(A) {
  return A.flat().reduce((total, entry) => total + entry * entry, 0);
}
