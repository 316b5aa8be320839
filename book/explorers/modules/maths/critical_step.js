// The critical step size η_C of a problem with two inputs and two outputs, by the theorem on the
// flattest minimizer: with B = ŴᵀŴ and Ŵ = W⋆Σ^{1/2},
//
//     1/η_C = N max_{‖v‖=1} (vᵀΣv)^{1/N} (vᵀBv)^{1−1/N} = min_{x>0} λ_max(x^{N−1}Σ + (N−1)x^{−1}B).
//
// A matrix is a list of rows; a symmetric one is {a, b, c} for [[a, b], [b, c]].

const BISECTIONS = 200;

/** Relative gaps up to which the two eigenvalues may count as one. */
const CLUSTER_GAP = 1e-9;

/** Eigenvalues, the larger first, and an orthonormal pair of eigenvectors. */
export function eigen({ a, b, c }) {
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
  const { values, vectors } = eigen(Sigma);
  const [[p, q]] = vectors;
  const [s, t] = values.map(Math.sqrt);
  const root = {
    a: s * p * p + t * q * q,
    b: (s - t) * p * q,
    c: s * q * q + t * p * p,
  };
  const rows = W.map(([v, w]) => [v * root.a + w * root.b, v * root.b + w * root.c]); // Ŵ
  return {
    a: rows[0][0] ** 2 + rows[1][0] ** 2,
    b: rows[0][0] * rows[0][1] + rows[1][0] * rows[1][1],
    c: rows[0][1] ** 2 + rows[1][1] ** 2,
  };
}

/** T(x) = x^{N−1}A + (N−1)x^{−1}B. */
export function pencil(A, B, depth, x) {
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
  const A = Sigma;
  if (depth === 1) {
    const { values, vectors } = eigen(A);
    return { value: 1 / values[0], direction: vectors[0], scale: 1 };
  }
  const B = whitenedSquare(W, Sigma);
  const [sizeA, sizeB] = [eigen(A).values[0], eigen(B).values[0]];
  const [unitA, unitB] = [scaled(A, 1 / sizeA), scaled(B, 1 / sizeB)];
  const x = balance(unitA, unitB, depth);
  const direction = maximiser(unitA, unitB, depth, x);
  const size = sizeA ** (1 / depth) * sizeB ** (1 - 1 / depth);
  return {
    value: 1 / (dual(unitA, unitB, depth, x) * size),
    direction,
    scale: x * (sizeB / sizeA) ** (1 / depth),
  };
}

function scaled({ a, b, c }, factor) {
  return { a: a * factor, b: b * factor, c: c * factor };
}

/**
 * The x where x^N vᵀAv − vᵀBv, for the top eigenvector v of T(x), changes sign. It increases with x.
 *
 * With λ_max(A) = λ_max(B) = 1 it lies between (1 − 1/N)^{1/N} and N^{1/N}.
 */
function balance(A, B, depth) {
  let [low, high] = [Math.log1p(-1 / depth) / depth, Math.log(depth) / depth];
  for (let i = 0; i < BISECTIONS && low < high; i += 1) {
    const t = (low + high) / 2;
    if (t === low || t === high) break;
    const v = eigen(pencil(A, B, depth, Math.exp(t))).vectors[0];
    if (Math.exp(depth * t) * form(A, v) < form(B, v)) low = t;
    else high = t;
  }
  return Math.exp((low + high) / 2);
}

/** The best of the top eigenvector and, where the eigenvalues meet, of those with x^N a = b. */
function maximiser(A, B, depth, x) {
  const { values, vectors } = eigen(pencil(A, B, depth, x));
  const candidates = [vectors[0]];
  if (values[0] - values[1] <= CLUSTER_GAP * values[0]) {
    const factor = x ** depth;
    const D = { a: factor * A.a - B.a, b: factor * A.b - B.b, c: factor * A.c - B.c };
    const slopes = eigen(D);
    if (slopes.values[1] < 0 && slopes.values[0] > 0) {
      const share = -slopes.values[1] / (slopes.values[0] - slopes.values[1]);
      const [v, w] = slopes.vectors;
      const [p, q] = [Math.sqrt(share), Math.sqrt(1 - share)];
      candidates.push([p * v[0] + q * w[0], p * v[1] + q * w[1]]);
      candidates.push([p * v[0] - q * w[0], p * v[1] - q * w[1]]);
    }
  }
  const better = (v, w) => (primal(A, B, depth, w) > primal(A, B, depth, v) ? w : v);
  return candidates.reduce(better);
}
