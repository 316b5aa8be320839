// The critical step size η_C of data, for any number of features, targets and layers.
//
// With the forms A = (XQ)ᵀXQ and B = (YQ)ᵀYQ on the row space of X, as in
// edge_of_stability/minima/duality.py,
//
//     1/η_C = max_{‖y‖=1} N (yᵀAy)^{1/N} (yᵀBy)^{1−1/N} = min_{x>0} λ_max(x^{N−1}A + (N−1)x^{−1}B).
//
// Here it is computed, in double precision; nothing is proven.

import { addTo, dot, singularValues, symmetricEigen } from "./eigen.js";

const BISECTIONS = 60;

/** Beyond this size problems are projected onto a few leading eigenvectors. */
const DENSE = 40;
const LEADING = 4;
const ROUNDS = 40;
const CLOSE = 1e-13;

/** Relative gaps up to which eigenvalues may count as one, when a vector is looked for. */
const GAPS = [0, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10];

/** A singular value below this part of the largest counts as zero. */
const RANK_LIMIT = 1e-10;

/**
 * {value, y, x}: η_C of the sum of squared errors, where the maximum is attained, and the minimum.
 *
 * XQ (d_0, d_0) and YQ (d_N, d_0) are lists of rows; YQ is not zero unless `depth` is 1.
 */
export function stepOfData(XQ, YQ, depth) {
  const [A, sizeA] = normalised(gram(XQ));
  if (depth === 1) {
    const { values, vectors } = symmetricEigen(A);
    return { value: 1 / (values.at(-1) * sizeA), y: vectors.at(-1), x: 1 };
  }
  const [B, sizeB] = normalised(gram(YQ));
  const { dual, y, x } = jointMaximum(A, B, depth);
  const size = sizeA ** (1 / depth) * sizeB ** (1 - 1 / depth);
  return { value: 1 / (dual * size), y, x: x * (sizeB / sizeA) ** (1 / depth) };
}

/** By which η_C of the summed squared error is multiplied for other losses; n rows, d targets. */
export function lossFactors(n, d) {
  return { mean_of_entries: n * d, sum: 1, mean: n, half_mean: 2 * n, half_sum: 2 };
}

/** The rank of a matrix, as far as rounding can tell. That of W⋆ is the rank of YQ. */
export function rank(rows) {
  const { values } = singularValues(rows);
  return values.filter((value) => value > RANK_LIMIT * values[0]).length;
}

/** Whether biases in every layer leave η_C as it is; for centred X without an intercept. */
export function biasesChangeNothing({ value, x }, rowCount, depth) {
  let powers = 0;
  for (let k = 0; k < depth; k += 1) powers += x ** k;
  return rowCount * powers * value <= 1 - 1e-9;
}

/** FᵀF for a list of rows. */
function gram(rows) {
  const result = Array.from(rows[0], () => new Float64Array(rows[0].length));
  for (const row of rows) row.forEach((entry, i) => addTo(result[i], row, entry));
  return result;
}

function normalised(matrix) {
  const size = matrix.reduce((total, row, i) => total + row[i], 0);
  return [matrix.map((row) => row.map((entry) => entry / size)), size];
}

function pencil(A, B, depth, x) {
  const [alpha, beta] = [x ** (depth - 1), (depth - 1) / x];
  return A.map((row, i) => row.map((entry, k) => alpha * entry + beta * B[i][k]));
}

function form(A, y) {
  return A.reduce((total, row, i) => total + y[i] * dot(row, y), 0);
}

/** Solve both problems; large ones on the span of eigenvectors that is enlarged until it serves. */
function jointMaximum(A, B, depth) {
  if (A.length <= DENSE) return dense(A, B, depth);
  const leading = (x) => symmetricEigen(pencil(A, B, depth, x)).vectors.slice(-LEADING);
  const diagonal = B.map((row, i) => row[i]);
  const basis = [];
  enlarge(basis, [...leading(1), B[diagonal.indexOf(Math.max(...diagonal))]]);
  for (let round = 0; ; round += 1) {
    const small = dense(projected(A, basis), projected(B, basis), depth);
    const vectors = leading(small.x);
    const full = form(pencil(A, B, depth, small.x), vectors.at(-1));
    if (full <= small.dual * (1 + CLOSE) || round === ROUNDS) {
      const y = new Float64Array(A.length);
      basis.forEach((vector, k) => addTo(y, vector, small.y[k]));
      return { dual: full, x: small.x, y };
    }
    enlarge(basis, vectors);
  }
}

/** Add vectors to an orthonormal basis, by Gram and Schmidt, twice. */
function enlarge(basis, vectors) {
  for (const vector of vectors) {
    const rest = Float64Array.from(vector);
    const before = Math.sqrt(dot(rest, rest));
    for (const each of [...basis, ...basis]) addTo(rest, each, -dot(each, rest));
    const size = Math.sqrt(dot(rest, rest));
    if (size > 1e-12 * before) basis.push(rest.map((entry) => entry / size));
  }
}

function projected(A, basis) {
  const images = basis.map((vector) => Float64Array.from(A, (row) => dot(row, vector)));
  return basis.map((vector) => Float64Array.from(images, (image) => dot(vector, image)));
}

function dense(A, B, depth) {
  const [sizeA, sizeB] = [A, B].map((matrix) => symmetricEigen(matrix).values.at(-1));
  const [a, b] = [scaled(A, 1 / sizeA), scaled(B, 1 / sizeB)];
  // With both sizes one, x^N is between 1 − 1/N and N; x^N yᵀAy − yᵀBy increases with x.
  let [low, high] = [Math.log1p(-1 / depth) / depth, Math.log(depth) / depth];
  for (let i = 0; i < BISECTIONS; i += 1) {
    const t = (low + high) / 2;
    if (t <= low || t >= high) break;
    const y = symmetricEigen(pencil(a, b, depth, Math.exp(t))).vectors.at(-1);
    if (Math.exp(depth * t) * form(a, y) < form(b, y)) low = t;
    else high = t;
  }
  const x = Math.exp((low + high) / 2);
  const { values, vectors } = symmetricEigen(pencil(a, b, depth, x));
  return {
    dual: values.at(-1) * sizeA ** (1 / depth) * sizeB ** (1 - 1 / depth),
    x: x * (sizeB / sizeA) ** (1 / depth),
    y: balanced(a, b, depth, x, values, vectors),
  };
}

/** The unit vector with the largest value among the top one and mixtures with x^N yᵀAy = yᵀBy. */
function balanced(A, B, depth, x, values, vectors) {
  const D = A.map((row, i) => row.map((entry, k) => x ** depth * entry - B[i][k]));
  const candidates = [vectors.at(-1)];
  for (const gap of GAPS) {
    const cluster = vectors.filter((_, k) => values[k] >= values.at(-1) * (1 - gap));
    const { values: slopes, vectors: mixing } = symmetricEigen(projected(D, cluster));
    const [low, high] = [slopes[0], slopes.at(-1)];
    const share = low < 0 && high > 0 ? -low / (high - low) : Number(Math.abs(high) < Math.abs(low));
    const y = new Float64Array(A.length);
    cluster.forEach((vector, k) => {
      addTo(y, vector, Math.sqrt(share) * mixing.at(-1)[k] + Math.sqrt(1 - share) * mixing[0][k]);
    });
    candidates.push(y);
  }
  const value = (y) => Math.max(form(A, y), 0) * Math.max(form(B, y), 0) ** (depth - 1);
  return candidates.reduce((best, y) => (value(y) > value(best) ? y : best));
}

function scaled(A, factor) {
  return A.map((row) => row.map((entry) => factor * entry));
}
