// The critical step size η_C of a problem with two inputs and two outputs, by the theorem on the
// flattest minimizer: with B = ŴᵀŴ and Ŵ = W⋆Σ^{1/2},
//
//     1/η_C = N max_{‖v‖=1} (vᵀΣv)^{1/N} (vᵀBv)^{1−1/N} = min_{x>0} λ_max(x^{N−1}Σ + (N−1)x^{−1}B).
//
// A matrix is a list of rows; a symmetric one is {a, b, c} for [[a, b], [b, c]].

import { stepOfData } from "./data_step.js";

/** Eigenvalues, the larger first, and an orthonormal pair of eigenvectors. */
function eigen({ a, b, c }) {
  const middle = (a + c) / 2;
  const radius = Math.hypot((a - c) / 2, b);
  const angle = Math.atan2(2 * b, a - c) / 2;
  const top = [Math.cos(angle), Math.sin(angle)];
  return { values: [middle + radius, middle - radius], vectors: [top, [-top[1], top[0]]] };
}

/** vᵀAv. */
export function form({ a, b, c }, [v, w]) {
  return a * v * v + 2 * b * v * w + c * w * w;
}

/** Whether a symmetric matrix is positive definite. */
export function isPositive({ a, b, c }) {
  return a > 0 && a * c - b * b > 0;
}

/** B = Σ^{1/2}W⋆ᵀW⋆Σ^{1/2}. */
export function whitenedSquare(W, Sigma) {
  const [[p, q], [r, s]] = times(W, squareRoot(Sigma)); // Ŵ
  return { a: p * p + r * r, b: p * q + r * s, c: q * q + s * s };
}

/** T(x) = x^{N−1}A + (N−1)x^{−1}B. */
function pencil(A, B, depth, x) {
  const [alpha, beta] = [x ** (depth - 1), (depth - 1) / x];
  return {
    a: alpha * A.a + beta * B.a,
    b: alpha * A.b + beta * B.b,
    c: alpha * A.c + beta * B.c,
  };
}

/** N (vᵀAv)^{1/N} (vᵀBv)^{1−1/N}, a lower bound of 1/η_C for every unit v. */
export function primal(A, B, depth, v) {
  const [a, b] = [Math.max(form(A, v), 0), Math.max(form(B, v), 0)];
  return depth * a ** (1 / depth) * b ** (1 - 1 / depth);
}

/** λ_max(T(x)), an upper bound of 1/η_C for every x > 0. */
export function dual(A, B, depth, x) {
  return eigen(pencil(A, B, depth, x)).values[0];
}

/**
 * η_C with a maximiser v (`direction`) and a minimiser x (`scale`).
 *
 * Σ must be positive definite and, for N ≥ 2, W⋆ ≠ 0.
 */
export function criticalStep(W, Sigma, depth) {
  const { a, b, c } = squareRoot(Sigma);
  const rows = [
    [a, b],
    [b, c],
  ];
  const { value, y, x } = stepOfData(rows, times(W, { a, b, c }), depth);
  return { value, direction: y, scale: x };
}

function squareRoot(A) {
  const { values, vectors } = eigen(A);
  const [[p, q]] = vectors;
  const [s, t] = values.map(Math.sqrt);
  return { a: s * p * p + t * q * q, b: (s - t) * p * q, c: s * q * q + t * p * p };
}

/** The rows of WA. */
function times(W, A) {
  return W.map(([v, w]) => [v * A.a + w * A.b, v * A.b + w * A.c]);
}
