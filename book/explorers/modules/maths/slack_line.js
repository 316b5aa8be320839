// The slack line: widths (1, 2, 2, 1), X = Y = 1, and a weight T that the loss does not see.
//
// θ has W_1, W_2, W_3, each row by row, and L(θ) = (f(θ) − 1)² with f = W_3W_2W_1.

/** The critical step size of three layers and X = Y = 1. */
export const CRITICAL = 1 / 3;

/** Beyond this distance a start has left the neighbourhood of its minimizer for good. */
const GONE = 1e6;

/** An orbit within this multiple of its first distance counts as staying near. */
export const STAYS = 2;

/** The minimizer with W_1 = (1, 0)ᵀ, W_2 = diag(1, T), W_3 = (1, 0). */
export function slackPoint(T) {
  return [1, 0, 1, 0, 0, T, 1, 0];
}

/** Another way to infinity among the minimizers: (s W_1, W_2, W_3 / s), with T = 1. */
export function rescaledPoint(s) {
  return [s, 0, 1, 0, 0, 1, 1 / s, 0];
}

/** The s ≥ 1 for which the rescaled point has the given norm, at least 2: s² + 2 + 1/s² = norm². */
export function rescaledBy(length) {
  const sum = length * length - 2;
  return Math.sqrt((sum + Math.sqrt(Math.max(sum * sum - 4, 0))) / 2);
}

/** Write ∇f(θ) into `out`, and return f(θ). */
function slopes([p, q, a, b, c, d, u, v], out) {
  const [upper, lower] = [a * p + b * q, c * p + d * q];
  const found = [u * a + v * c, u * b + v * d, u * p, u * q, v * p, v * q, upper, lower];
  for (let i = 0; i < 8; i += 1) out[i] = found[i];
  return u * upper + v * lower;
}

/** λ_max of the Hessian at a minimizer, where the Hessian is 2∇f∇fᵀ. */
export function sharpness(minimizer) {
  const slope = [];
  slopes(minimizer, slope);
  return 2 * slope.reduce((sum, each) => sum + each * each, 0);
}

export function norm(theta) {
  return Math.hypot(...theta);
}

/**
 * The distances |θ_t − θ̄| along the orbit of the point at distance δ from θ̄ = slackPoint(T) in the
 * direction (1, …, 1); they end with the first beyond `farthest`.
 */
export function excursion(T, delta, eta, steps, farthest = GONE) {
  const centre = slackPoint(T);
  const theta = centre.map((entry) => entry + delta / Math.sqrt(8));
  const slope = [];
  const distances = [];
  for (let t = 0; ; t += 1) {
    let square = 0;
    for (let i = 0; i < 8; i += 1) square += (theta[i] - centre[i]) ** 2;
    distances.push(Math.sqrt(square));
    if (t === steps || !(distances[t] <= farthest)) return distances;
    const by = 2 * eta * (slopes(theta, slope) - 1);
    for (let i = 0; i < 8; i += 1) theta[i] -= by * slope[i];
  }
}

/** Whether so many steps from the point shifted by δ stay near the minimizer. */
export function staysNear(T, delta, eta, steps) {
  return excursion(T, delta, eta, steps, STAYS * delta).at(-1) <= STAYS * delta;
}
