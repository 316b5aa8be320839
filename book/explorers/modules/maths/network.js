// A network without biases and its squared loss L(θ) = ‖f_θ(X) − Y‖², with exact derivatives.
//
// f_θ(x) = W_N σ(W_{N−1} σ(⋯ W_1 x)) with σ = tanh or the identity. θ is one vector: W_1 first, then
// W_2, …, each row by row, as in the Python package. Matrices are row-major Float64Arrays.
//
// Forward: A_j = W_j F_{j−1}, F_j = σ(A_j). Backward: G_N = 2(F_N − Y), H_j = W_{j+1}ᵀG_{j+1},
// G_j = σ′(A_j) H_j, and ∂L/∂W_j = G_j F_{j−1}ᵀ. The Hessian times v is the derivative of all this in
// the direction v; since σ″ = −2σσ′ for tanh, the term σ″(A)dA·H of dG is −2F·dF·H.

import { singularValues } from "./eigen.js";

/** Where W_1, …, W_N begin in a vector like θ; at last, its length D. */
export function offsetsOf(widths) {
  const offsets = [0];
  for (let j = 1; j < widths.length; j += 1) offsets.push(offsets[j - 1] + widths[j - 1] * widths[j]);
  return offsets;
}

/** A problem {X, Y, rest}: X (inputs × samples), Y (outputs × samples), and a constant of the loss. */
export class Network {
  constructor({ X, Y, rest = 0 }, widths, isTanh) {
    this.widths = widths;
    this.depth = widths.length - 1;
    this.samples = X.length / widths[0];
    this.isTanh = isTanh;
    this.Y = Y;
    this.rest = rest;
    this.offsets = offsetsOf(widths);
    const states = () => widths.map((width) => new Float64Array(width * this.samples));
    [this.F, this.G, this.H, this.dF, this.dG] = [states(), states(), states(), states(), states()];
    this.F[0] = X;
    this.theta = null; // where the states belong
  }

  /** W_{j+1} or the like, as a view of a vector like θ. */
  layer(vector, j) {
    return vector.subarray(this.offsets[j], this.offsets[j + 1]);
  }

  /** L(θ). */
  loss(theta) {
    this.#forward(theta);
    return this.G[this.depth].reduce((sum, g) => sum + (g * g) / 4, 0) + this.rest;
  }

  /** Write ∇L(θ) into `out`, and return L(θ). */
  gradient(theta, out) {
    const { F, G, H, widths, samples } = this;
    const loss = this.loss(theta);
    for (let j = this.depth - 1; j >= 0; j -= 1) {
      const [rows, columns] = [widths[j + 1], widths[j]];
      timesTransposed(this.layer(out, j), G[j + 1], F[j], rows, columns, samples);
      if (j === 0) break;
      H[j].fill(0);
      addTransposedTimes(H[j], this.layer(theta, j), G[j + 1], rows, columns, samples);
      for (let i = 0; i < H[j].length; i += 1) {
        G[j][i] = this.isTanh ? (1 - F[j][i] * F[j][i]) * H[j][i] : H[j][i];
      }
    }
    this.theta = theta.slice();
    return loss;
  }

  /** Write ∇²L(θ)v into `out`, for the θ of the last `gradient`. */
  hessianTimes(v, out) {
    const { F, G, H, dF, dG, widths, samples, theta, depth } = this;
    for (let j = 0; j < depth; j += 1) {
      const [rows, columns] = [widths[j + 1], widths[j]];
      dF[j + 1].fill(0);
      addTimes(dF[j + 1], this.layer(v, j), F[j], rows, columns, samples);
      if (j > 0) addTimes(dF[j + 1], this.layer(theta, j), dF[j], rows, columns, samples);
      if (this.isTanh && j + 1 < depth) {
        for (let i = 0; i < dF[j + 1].length; i += 1) dF[j + 1][i] *= 1 - F[j + 1][i] ** 2;
      }
    }
    for (let i = 0; i < dG[depth].length; i += 1) dG[depth][i] = 2 * dF[depth][i];
    for (let j = depth - 1; j >= 0; j -= 1) {
      const [rows, columns] = [widths[j + 1], widths[j]];
      const part = this.layer(out, j);
      timesTransposed(part, dG[j + 1], F[j], rows, columns, samples);
      if (j === 0) break;
      timesTransposed(part, G[j + 1], dF[j], rows, columns, samples, true);
      dG[j].fill(0);
      addTransposedTimes(dG[j], this.layer(v, j), G[j + 1], rows, columns, samples);
      addTransposedTimes(dG[j], this.layer(theta, j), dG[j + 1], rows, columns, samples);
      for (let i = 0; this.isTanh && i < dG[j].length; i += 1) {
        dG[j][i] = (1 - F[j][i] ** 2) * dG[j][i] - 2 * F[j][i] * dF[j][i] * H[j][i];
      }
    }
  }

  /** The singular values of W_N ⋯ W_1, the largest first. */
  singularValues(theta) {
    let product = this.layer(theta, 0);
    const columns = this.widths[0];
    for (let j = 1; j < this.depth; j += 1) {
      const next = new Float64Array(this.widths[j + 1] * columns);
      addTimes(next, this.layer(theta, j), product, this.widths[j + 1], this.widths[j], columns);
      product = next;
    }
    const rows = Array.from({ length: this.widths[this.depth] }, (_, i) =>
      product.slice(i * columns, (i + 1) * columns),
    );
    return singularValues(rows).values.slice(0, columns);
  }

  /** F_1, …, F_N, and G_N = 2(F_N − Y). */
  #forward(theta) {
    const { F, G, Y, widths, samples, depth } = this;
    for (let j = 0; j < depth; j += 1) {
      F[j + 1].fill(0);
      addTimes(F[j + 1], this.layer(theta, j), F[j], widths[j + 1], widths[j], samples);
      if (!this.isTanh || j + 1 === depth) continue;
      for (let i = 0; i < F[j + 1].length; i += 1) F[j + 1][i] = Math.tanh(F[j + 1][i]);
    }
    for (let i = 0; i < Y.length; i += 1) G[depth][i] = 2 * (F[depth][i] - Y[i]);
  }
}

/**
 * The same loss of linear networks from as many samples as there are inputs.
 *
 * With XXᵀ = LLᵀ (Cholesky) and M = YXᵀL⁻ᵀ: ‖WX − Y‖² = ‖WL − M‖² + ‖Y‖² − ‖M‖².
 */
export function reduced({ X, Y }, inputs, outputs) {
  const samples = X.length / inputs;
  const L = new Float64Array(inputs * inputs);
  const M = new Float64Array(outputs * inputs);
  timesTransposed(L, X, X, inputs, inputs, samples);
  timesTransposed(M, Y, X, outputs, inputs, samples);
  for (let k = 0; k < inputs; k += 1) {
    const pivot = Math.sqrt(L[k * inputs + k]);
    for (let i = 0; i < inputs; i += 1) L[i * inputs + k] = i < k ? 0 : L[i * inputs + k] / pivot;
    for (let i = 0; i < outputs; i += 1) M[i * inputs + k] /= pivot;
    for (let c = k + 1; c < inputs; c += 1) {
      const factor = L[c * inputs + k];
      for (let i = c; i < inputs; i += 1) L[i * inputs + c] -= L[i * inputs + k] * factor;
      for (let i = 0; i < outputs; i += 1) M[i * inputs + c] -= M[i * inputs + k] * factor;
    }
  }
  const squares = (matrix) => matrix.reduce((sum, entry) => sum + entry * entry, 0);
  return { X: L, Y: M, rest: squares(Y) - squares(M) };
}

/** out += AB with A (rows × inner) and B (inner × columns). */
function addTimes(out, A, B, rows, inner, columns) {
  for (let i = 0; i < rows; i += 1) {
    for (let k = 0; k < inner; k += 1) {
      const a = A[i * inner + k];
      for (let q = 0; q < columns; q += 1) out[i * columns + q] += a * B[k * columns + q];
    }
  }
}

/** out += AᵀB with A (inner × rows) and B (inner × columns). */
function addTransposedTimes(out, A, B, inner, rows, columns) {
  for (let k = 0; k < inner; k += 1) {
    for (let i = 0; i < rows; i += 1) {
      const a = A[k * rows + i];
      for (let q = 0; q < columns; q += 1) out[i * columns + q] += a * B[k * columns + q];
    }
  }
}

/** out = ABᵀ, or with `add` out += ABᵀ, with A (rows × inner) and B (columns × inner). */
function timesTransposed(out, A, B, rows, columns, inner, add = false) {
  for (let i = 0; i < rows; i += 1) {
    for (let k = 0; k < columns; k += 1) {
      let sum = 0;
      for (let q = 0; q < inner; q += 1) sum += A[i * inner + q] * B[k * inner + q];
      out[i * columns + k] = add ? out[i * columns + k] + sum : sum;
    }
  }
}
