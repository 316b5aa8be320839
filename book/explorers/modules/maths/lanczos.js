// The largest eigenvalue of a symmetric matrix of which only products with vectors are known.

import { addTo, dot } from "./eigen.js";

/** Products before the method starts anew from the best vector so far. */
const BEFORE_RESTART = 32;

/** Products after which the result is looked at again. */
const LOOK_EVERY = 4;

const RESTARTS = 40;
const BISECTIONS = 60;

/** Weight of the fixed pseudo-random vector in a start: no eigenvector is without a share in it. */
const FRESH = 1e-2;

export class Lanczos {
  /**
   * `times(v, out)` writes the product with v into `out`. The residual |Hv − λv| of the result is at
   * most `tolerance`·|λ|, so an eigenvalue is as near; nearly always λ itself is nearer still.
   */
  constructor(dimension, times, tolerance) {
    Object.assign(this, { dimension, times, tolerance });
    this.size = Math.min(dimension, BEFORE_RESTART);
    this.basis = Array.from({ length: this.size + 1 }, () => new Float64Array(dimension));
    // Fractional parts of multiples of the golden ratio, as a vector of length about 1.
    const size = Math.sqrt(12 / dimension);
    this.fresh = Float64Array.from({ length: dimension }, (_, i) => size * fraction(i + 1));
    this.best = new Float64Array(dimension); // from here the next search starts
  }

  /** λ_max; not a number if the matrix is not finite or no start was good enough. */
  largest() {
    this.best.forEach((entry, i) => (this.basis[0][i] = entry + FRESH * this.fresh[i]));
    for (let restart = 0; restart < RESTARTS; restart += 1) {
      const { value, residual } = this.#search();
      if (!Number.isFinite(value)) {
        this.best.fill(0);
        return NaN;
      }
      if (residual <= this.tolerance * Math.abs(value)) return value;
      this.basis[0].set(this.best);
    }
    return NaN;
  }

  /** The largest Ritz value of the Krylov space of basis[0]; its vector becomes the best one. */
  #search() {
    const { basis, size, best } = this;
    const [alphas, betas] = [[], []];
    let [top, residual] = [{ value: NaN }, NaN];
    normalise(basis[0]);
    for (let m = 0; m < size; m += 1) {
      const next = basis[m + 1];
      this.times(basis[m], next);
      alphas.push(dot(basis[m], next));
      for (let twice = 0; twice < 2; twice += 1) {
        for (let i = m; i >= 0; i -= 1) addTo(next, basis[i], -dot(basis[i], next));
      }
      betas.push(normalise(next));
      const isInvariant = !(betas[m] > Number.EPSILON * Math.abs(alphas[0]));
      if (!isInvariant && m + 1 < size && (m + 1) % LOOK_EVERY > 0) continue;
      top = topOfTridiagonal(alphas, betas);
      residual = betas[m] * Math.abs(top.vector[m]);
      if (isInvariant || !(residual > this.tolerance * Math.abs(top.value))) break;
    }
    best.fill(0);
    top.vector.forEach((share, m) => addTo(best, basis[m], share));
    return { value: top.value, residual };
  }
}

/**
 * The largest eigenvalue, and its unit eigenvector, of the symmetric tridiagonal matrix T.
 *
 * λ is found by bisection: T − x ≺ 0 if and only if all pivots of its LDLᵀ are negative. Then, with x
 * a little above λ, two steps of inverse iteration; without pivoting, since T − x is definite.
 */
function topOfTridiagonal(diagonal, beside) {
  const size = diagonal.length;
  const spreads = diagonal.map((_, i) => (beside[i - 1] ?? 0) + (i + 1 < size ? beside[i] : 0));
  let low = Math.max(...diagonal);
  let high = Math.max(...diagonal.map((alpha, i) => alpha + spreads[i]));
  high += Number.EPSILON * Math.max(Math.abs(high), ...diagonal.map(Math.abs), ...spreads);
  for (let i = 0; i < BISECTIONS; i += 1) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (pivots(diagonal, beside, middle)) high = middle;
    else low = middle;
  }
  const vector = new Float64Array(size).fill(1);
  const found = pivots(diagonal, beside, high);
  if (!found) return { value: NaN, vector: vector.fill(NaN) };
  for (let twice = 0; twice < 2; twice += 1) {
    for (let i = 1; i < size; i += 1) vector[i] -= (beside[i - 1] / found[i - 1]) * vector[i - 1];
    vector[size - 1] /= found[size - 1];
    for (let i = size - 2; i >= 0; i -= 1) {
      vector[i] = (vector[i] - beside[i] * vector[i + 1]) / found[i];
    }
    normalise(vector);
  }
  return { value: high, vector };
}

/** The pivots of T − x if all are negative, otherwise null. */
function pivots(diagonal, beside, x) {
  const found = [];
  for (let i = 0; i < diagonal.length; i += 1) {
    const pivot = diagonal[i] - x - (i ? beside[i - 1] ** 2 / found[i - 1] : 0);
    if (!(pivot < 0)) return null;
    found.push(pivot);
  }
  return found;
}

function fraction(k) {
  const multiple = (k * (Math.sqrt(5) - 1)) / 2;
  return multiple - Math.floor(multiple) - 0.5;
}

/** Scale a vector to length 1, and return the length that it had. */
function normalise(v) {
  const length = Math.sqrt(dot(v, v));
  if (length > 0) for (let i = 0; i < v.length; i += 1) v[i] /= length;
  return length;
}
