// The scalar net, widths (1, 1, 1) and X = Y = 1, with the loss L(x, y) = (xy − 1)².
//
// Symbols as in the chapter "Past the edge": h = 2η, r = xy − 1, u = hr, s = x² + y²,
// p = x + y, q = x − y. Nothing here touches a page; tests compare it with the Python package.

/** Steps after which an orbit is judged. Long against every transient but those at η ≈ 1/2. */
export const LONG_RUN = 4000;

/** Beyond this distance an orbit counts as divergent even if no theorem says so. */
const FAR = 1e8;

/** Orbits this close to a minimizer, or to the saddle 0, count as arrived; to a cycle, relative to its hops. */
const NEAR = 1e-6;

/** Longest period that is looked for. */
const LONGEST_PERIOD = 16;

/** The critical step size of two layers and X = Y = 1. */
export const CRITICAL = 1 / 2;

/** Up to this step size the two-cycle attracts; its multiplier is 9 − 2(1 + 2η)². */
export const CYCLE_ATTRACTS = (Math.sqrt(5) - 1) / 2;

export function loss(x, y) {
  return (x * y - 1) ** 2;
}

/** The largest eigenvalue of the Hessian [[2y², 4xy − 2], [4xy − 2, 2x²]]. */
export function sharpness(x, y) {
  return x * x + y * y + Math.hypot(x * x - y * y, 4 * x * y - 2);
}

/** One step of gradient descent. */
export function step(x, y, eta) {
  const u = 2 * eta * (x * y - 1);
  return [x - u * y, y - u * x];
}

/** The orbit θ_0, …, θ_steps with its losses and sharpnesses; not finite once it overflows. */
export function orbit(x, y, eta, steps) {
  const result = {
    xs: new Float64Array(steps + 1),
    ys: new Float64Array(steps + 1),
    losses: new Float64Array(steps + 1),
    sharpnesses: new Float64Array(steps + 1),
  };
  for (let t = 0; t <= steps; t += 1) {
    result.xs[t] = x;
    result.ys[t] = y;
    result.losses[t] = loss(x, y);
    result.sharpnesses[t] = sharpness(x, y);
    [x, y] = step(x, y, eta);
  }
  return result;
}

/** F = 4 − hs + h²r. For η < 1 its sign never changes along an orbit. */
export function threshold(x, y, eta) {
  const h = 2 * eta;
  return 4 - h * (x * x + y * y) + h * h * (x * y - 1);
}

/** Semi-axes of the ellipse F = 0 in p and q; null unless 0 < η < 1. */
export function semiaxes(eta) {
  if (!(eta > 0 && eta < 1)) return null;
  return { A: 2 * Math.sqrt(1 / eta + 1), B: 2 * Math.sqrt(1 / eta - 1) };
}

/** The point of the ellipse F = 0 at the angle φ: p = A cos φ, q = B sin φ. */
export function ellipsePoint({ A, B }, phi) {
  const p = A * Math.cos(phi);
  const q = B * Math.sin(phi);
  return [(p + q) / 2, (p - q) / 2];
}

/**
 * The minimizers (x, 1/x) flatter than 2/η, as the open interval of their x > 0.
 *
 * The sharpness of (x, 1/x) is 2(x² + 1/x²). Null if there are none, that is for η ≥ 1/2.
 */
export function stablePart(eta) {
  if (!(eta < 0.5)) return null;
  if (eta === 0) return [0, Infinity];
  // x² + 1/x² < 1/η; the two roots for x² have the product 1.
  const largest = Math.sqrt((1 / eta + Math.sqrt(1 / eta ** 2 - 4)) / 2);
  return [1 / largest, largest];
}

/** The two-cycle a < 1 < b of the balanced line: ab = 1/h, a + b = √(1 + 3/h); null for η ≤ 1/2. */
export function twoCycle(eta) {
  if (!(eta > 0.5)) return null;
  const h = 2 * eta;
  const sum = Math.sqrt(1 + 3 / h);
  const b = (sum + Math.sqrt(1 - 1 / h)) / 2;
  return [1 / (h * b), b];
}

/** Whether (x, y) is in the set Δ, from which every orbit tends to infinity. */
function escapes(x, y, eta) {
  const u = 2 * eta * (x * y - 1);
  return u > 5 && 2 * Math.abs(x - y) < (1 - 4 / u) * Math.abs(x + y);
}

/**
 * Where the orbit of (x, y) ends, as far as a long run shows.
 *
 * kind is "diverged" (with `steps`, the step at which that was certain), "minimizer" or "saddle"
 * (with the limit x, y), "cycle" (with its `period` and a point x, y), or "bounded".
 */
export function outcome(x, y, eta) {
  for (let t = 0; t <= LONG_RUN; t += 1) {
    if (escapes(x, y, eta) || !(Math.hypot(x, y) < FAR)) return { kind: "diverged", steps: t };
    [x, y] = step(x, y, eta);
  }
  const period = shortestPeriod(x, y, eta);
  if (period > 1) return { kind: "cycle", period, x, y };
  if (period === 1 && loss(x, y) < NEAR) return { kind: "minimizer", x, y };
  if (period === 1 && Math.hypot(x, y) < NEAR) return { kind: "saddle", x, y };
  return { kind: "bounded", x, y };
}

function shortestPeriod(x, y, eta) {
  let [a, b] = step(x, y, eta);
  // An orbit that converges in ever smaller hops to and fro nearly returns after two steps, too.
  const hop = Math.hypot(a - x, b - y);
  if (hop < NEAR) return 1;
  for (let period = 2; period <= LONGEST_PERIOD; period += 1) {
    [a, b] = step(a, b, eta);
    if (Math.hypot(a - x, b - y) < NEAR * hop) return period;
  }
  return 0;
}

/** Steps after which the plane of starts is coloured, and for how many of the last a side is kept. */
const FATE_STEPS = 400;
const FATE_WATCH = 200;
const ARRIVED = 1e-9; // of u = 2η(xy − 1)

/** What becomes of a start: it diverges, or in the end x + y stays positive, negative, or neither. */
export const FATES = ["diverges", "plus", "minus", "both"];

export function fate(x, y, eta) {
  let sides = 0; // 1 if x + y was positive in the last steps, 2 if it was negative, 3 if both
  for (let t = 0; t < FATE_STEPS; t += 1) {
    if (escapes(x, y, eta) || !(Math.abs(x) + Math.abs(y) < FAR)) return 0;
    const u = 2 * eta * (x * y - 1);
    // At a minimizer flatter than 2/η it stays.
    if (Math.abs(u) < ARRIVED && x * x + y * y < 1 / eta) return x + y > 0 ? 1 : 2;
    [x, y] = [x - u * y, y - u * x];
    if (t >= FATE_STEPS - FATE_WATCH) sides |= x + y > 0 ? 1 : 2;
  }
  return sides;
}

/**
 * The fates of the centres of size × size cells of the square |x|, |y| ≤ edge: numbers of FATES, row
 * by row from the lowest y.
 *
 * Swapping x and y changes nothing, and (−x, −y) goes to the other side: a quarter is computed.
 */
export function fates(eta, edge, size) {
  const result = new Uint8Array(size * size);
  const at = (i) => ((2 * i + 1) / size - 1) * edge;
  const last = size - 1;
  for (let j = 0; j < size; j += 1) {
    for (let i = j; i <= last - j; i += 1) {
      const found = fate(at(i), at(j), eta);
      const other = [0, 2, 1, 3][found];
      result[j * size + i] = result[i * size + j] = found;
      result[(last - j) * size + last - i] = result[(last - i) * size + last - j] = other;
    }
  }
  return result;
}

/**
 * The products xy that an orbit on the balanced line x = y takes in the long run; none if η ≥ 1.
 *
 * It begins at the critical point of z ↦ z(1 + h) − hz³, which every attracting cycle attracts.
 */
export function longRun(eta, skipped, count) {
  if (!(eta > 0 && eta < 1)) return [];
  const h = 2 * eta;
  let z = Math.sqrt((1 + h) / (3 * h));
  for (let t = 0; t < skipped; t += 1) z += h * z * (1 - z * z);
  return Array.from({ length: count }, () => {
    z += h * z * (1 - z * z);
    return z * z;
  });
}
