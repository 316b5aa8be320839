// Eigenvalues and eigenvectors of a symmetric matrix, and singular values, by what is classical:
// Householder's tridiagonalisation with implicit QL steps, and one-sided Jacobi rotations.
//
// A matrix is a list of rows (Float64Array), which are not changed. Golub and Van Loan, Matrix
// Computations, 4th ed., 8.3 and 8.6.3.

const QL_STEPS = 60; // for one eigenvalue; about two are needed
const SWEEPS = 60;
const CLOSE_TO_ORTHOGONAL = 1e-12; // a cosine; its square is what singular values feel

/** {values, vectors}: ascending eigenvalues, and unit vectors, vectors[k] of values[k]. */
export function symmetricEigen(matrix) {
  const { diagonal, beside, vectors } = tridiagonal(matrix);
  implicitQL(diagonal, beside, vectors);
  const order = [...diagonal.keys()].sort((i, k) => diagonal[i] - diagonal[k]);
  return { values: order.map((k) => diagonal[k]), vectors: order.map((k) => vectors[k]) };
}

/** A = QTQᵀ with T tridiagonal; `vectors` has the columns of Q. */
function tridiagonal(matrix) {
  const n = matrix.length;
  const A = matrix.map((row) => Float64Array.from(row));
  const reflections = [];
  for (let k = 0; k < n - 2; k += 1) {
    const v = reflection(A[k].subarray(k + 1));
    reflections.push(v);
    if (v) reflect(A, v, k);
  }
  const vectors = identity(n);
  // Rows of `vectors` are columns of Q = H_0 H_1 …, built from the last reflection on.
  for (let k = n - 3; k >= 0; k -= 1) {
    const v = reflections[k];
    if (v) for (let j = k + 1; j < n; j += 1) addTo(vectors[j], v, -2 * dot(v, vectors[j], k + 1), k + 1);
  }
  return {
    diagonal: Float64Array.from(A, (row, k) => row[k]),
    beside: Float64Array.from(A, (row, k) => (k + 1 < n ? row[k + 1] : 0)),
    vectors,
  };
}

/** The unit v for which x − 2v(vᵀx) has one entry that is not zero, the first; null if x has. */
export function reflection(x) {
  let size = 0;
  for (const entry of x) size = Math.max(size, Math.abs(entry));
  if (x.length < 2 || size === 0) return null;
  const v = x.map((entry) => entry / size);
  v[0] += Math.sign(v[0] || 1) * Math.sqrt(dot(v, v));
  const length = Math.sqrt(dot(v, v));
  return v.map((entry) => entry / length);
}

/** A becomes HAH with H = I − 2vvᵀ on the coordinates after k. */
function reflect(A, v, k) {
  const n = A.length;
  const from = k + 1;
  const image = new Float64Array(n - from); // Av
  for (let i = from; i < n; i += 1) image[i - from] = dot(v, A[i], from);
  const half = dot(v, image);
  for (let i = 0; i < image.length; i += 1) image[i] = 2 * (image[i] - half * v[i]);
  for (let i = from; i < n; i += 1) {
    addTo(A[i], image, -v[i - from], from);
    addTo(A[i], v, -image[i - from], from);
  }
  addTo(A[k], v, -2 * dot(v, A[k], from), from);
}

/** Diagonalise T by rotations, which are applied to the vectors as well. */
function implicitQL(d, e, vectors) {
  const n = d.length;
  for (let l = 0; l < n; l += 1) {
    for (let step = 0; ; step += 1) {
      let m = l;
      while (m < n - 1 && Math.abs(e[m]) > Number.EPSILON * (Math.abs(d[m]) + Math.abs(d[m + 1]))) m += 1;
      if (m === l) break;
      if (step === QL_STEPS) throw new RangeError("the eigenvalues do not converge");
      chase(d, e, vectors, l, m);
    }
  }
}

/** One implicit QL step on the rows l to m, with Wilkinson's shift. */
function chase(d, e, vectors, l, m) {
  const slope = (d[l + 1] - d[l]) / (2 * e[l]);
  let g = d[m] - d[l] + e[l] / (slope + Math.sign(slope || 1) * Math.hypot(slope, 1));
  let [sine, cosine, moved] = [1, 1, 0];
  for (let i = m - 1; i >= l; i -= 1) {
    const [f, b] = [sine * e[i], cosine * e[i]];
    const r = Math.hypot(f, g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] -= moved;
      e[m] = 0;
      return;
    }
    [sine, cosine] = [f / r, g / r];
    const gap = d[i + 1] - moved;
    const turn = (d[i] - gap) * sine + 2 * cosine * b;
    moved = sine * turn;
    d[i + 1] = gap + moved;
    g = cosine * turn - b;
    rotate(vectors[i], vectors[i + 1], cosine, sine);
  }
  d[l] -= moved;
  e[l] = g;
  e[m] = 0;
}

/**
 * {values, mixing}: descending singular values of a list of rows, each to nearly full relative
 * precision, and unit vectors: mixing[k] times the rows has the length values[k].
 */
export function singularValues(rows) {
  const images = rows.map((row) => Float64Array.from(row));
  const mixing = identity(rows.length);
  for (let sweep = 0, off = 1; off > CLOSE_TO_ORTHOGONAL && sweep < SWEEPS; sweep += 1) {
    off = 0;
    for (let i = 0; i < rows.length; i += 1) {
      for (let k = i + 1; k < rows.length; k += 1) {
        off = Math.max(off, orthogonalise(images[i], images[k], mixing[i], mixing[k]));
      }
    }
  }
  const sizes = images.map((row) => Math.sqrt(dot(row, row)));
  const order = [...sizes.keys()].sort((i, k) => sizes[k] - sizes[i]);
  return { values: order.map((k) => sizes[k]), mixing: order.map((k) => mixing[k]) };
}

function identity(n) {
  return Array.from({ length: n }, (_, k) => Float64Array.from({ length: n }, (__, i) => Number(i === k)));
}

/** Rotate x and y until they are orthogonal, and p and q alike; the cosine between x and y before. */
function orthogonalise(x, y, p, q) {
  const [a, b, c] = [dot(x, x), dot(y, y), dot(x, y)];
  const size = Math.sqrt(a) * Math.sqrt(b);
  if (c === 0 || size === 0) return 0;
  const zeta = (b - a) / (2 * c);
  const tangent = Math.sign(zeta || 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
  const cosine = 1 / Math.hypot(1, tangent);
  rotate(x, y, cosine, cosine * tangent);
  rotate(p, q, cosine, cosine * tangent);
  return Math.abs(c) / size;
}

function rotate(x, y, cosine, sine) {
  for (let i = 0; i < x.length; i += 1) {
    const [p, q] = [x[i], y[i]];
    x[i] = cosine * p - sine * q;
    y[i] = sine * p + cosine * q;
  }
}

/** Σ v_i x_{i + from}. */
export function dot(v, x, from = 0) {
  let total = 0;
  for (let i = 0; i < v.length; i += 1) total += v[i] * x[i + from];
  return total;
}

/** x_{i + from} += factor · v_i. */
export function addTo(x, v, factor, from = 0) {
  for (let i = 0; i < v.length; i += 1) x[i + from] += factor * v[i];
}
