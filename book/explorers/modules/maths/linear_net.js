// A deep linear network: L(θ) = ‖W_N ⋯ W_1 X − Y‖², its gradient, Hessian and sharpness.
//
// θ = [W_1, …, W_N]; a matrix is a list of rows. With the forward states F_j = W_j ⋯ W_1 X, the
// residual R = F_N − Y and the backward states B_j = (W_N ⋯ W_{j+1})ᵀR: ∂L/∂W_j = 2 B_j F_{j−1}ᵀ.
// The Hessian is the derivative of that formula, one direction at a time. For small networks only.

import { largestEigenvalue } from "./symmetric.js";

export function loss(weights, X, Y) {
  return squareSum(difference(last(forward(weights, X)), Y));
}

/** ∂L/∂W_1, …, ∂L/∂W_N. */
export function gradient(weights, X, Y) {
  const F = forward(weights, X);
  const B = backward(weights, difference(last(F), Y));
  return weights.map((_, j) => scale(2, product(B[j], transpose(F[j]))));
}

/** One step of gradient descent. */
export function step(weights, X, Y, eta) {
  const slopes = gradient(weights, X, Y);
  return weights.map((W, j) => difference(W, scale(eta, slopes[j])));
}

/** The largest eigenvalue of the Hessian. */
export function sharpness(weights, X, Y) {
  return largestEigenvalue(hessian(weights, X, Y));
}

/** The Hessian as a list of rows, in the order W_1, W_2, …, each row by row. */
export function hessian(weights, X, Y) {
  const theta = weights.flat(2);
  const columns = theta.map((_, i) => {
    const direction = theta.map((_, k) => (k === i ? 1 : 0));
    return derivativeOfGradient(weights, shaped(direction, weights), X, Y).flat(2);
  });
  // Symmetric up to rounding, so columns may stand for rows.
  return columns.map((column, i) => column.map((entry, k) => (entry + columns[k][i]) / 2));
}

function derivativeOfGradient(weights, V, X, Y) {
  const F = forward(weights, X);
  const dF = [zero(X)];
  weights.forEach((W, j) => dF.push(sum(product(V[j], F[j]), product(W, dF[j]))));
  const B = backward(weights, difference(last(F), Y));
  const dB = [last(dF)];
  for (let j = weights.length - 1; j > 0; j -= 1) {
    dB.unshift(sum(product(transpose(V[j]), B[j]), product(transpose(weights[j]), dB[0])));
  }
  return weights.map((_, j) =>
    scale(2, sum(product(dB[j], transpose(F[j])), product(B[j], transpose(dF[j])))),
  );
}

/** F_0 = X, …, F_N. */
function forward(weights, X) {
  const states = [X];
  for (const W of weights) states.push(product(W, last(states)));
  return states;
}

/** B_1, …, B_N = R. */
function backward(weights, residual) {
  const states = [residual];
  for (let j = weights.length - 1; j > 0; j -= 1) {
    states.unshift(product(transpose(weights[j]), states[0]));
  }
  return states;
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
  return norm(weights.map((W, j) => difference(W, others[j])));
}

function product(A, B) {
  return A.map((row) =>
    B[0].map((_, k) => row.reduce((total, entry, i) => total + entry * B[i][k], 0)),
  );
}

function transpose(A) {
  return A[0].map((_, k) => A.map((row) => row[k]));
}

function entrywise(operation, A, B) {
  return A.map((row, i) => row.map((entry, k) => operation(entry, B[i][k])));
}

function sum(A, B) {
  return entrywise((a, b) => a + b, A, B);
}

function difference(A, B) {
  return entrywise((a, b) => a - b, A, B);
}

function scale(factor, A) {
  return A.map((row) => row.map((entry) => factor * entry));
}

function zero(A) {
  return scale(0, A);
}

function squareSum(A) {
  return A.flat().reduce((total, entry) => total + entry * entry, 0);
}

function last(list) {
  return list[list.length - 1];
}
