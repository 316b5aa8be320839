// The largest eigenvalue of a small symmetric matrix, by Jacobi's rotations.

const SWEEPS = 30;

/** `matrix` is a list of rows; it is not changed. */
export function largestEigenvalue(matrix) {
  const A = matrix.map((row) => [...row]);
  const n = A.length;
  const size = Math.hypot(...A.flat());
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    let off = 0;
    for (let i = 0; i < n; i += 1) {
      for (let k = i + 1; k < n; k += 1) {
        off = Math.max(off, Math.abs(A[i][k]));
        rotate(A, i, k);
      }
    }
    if (!(off > Number.EPSILON * size)) break;
  }
  return Math.max(...A.map((row, i) => row[i]));
}

/** Make A[i][k] zero by a rotation in the plane of the coordinates i and k. */
function rotate(A, i, k) {
  if (A[i][k] === 0) return;
  const angle = Math.atan2(2 * A[i][k], A[i][i] - A[k][k]) / 2;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  for (const row of A) {
    [row[i], row[k]] = [cosine * row[i] + sine * row[k], cosine * row[k] - sine * row[i]];
  }
  [A[i], A[k]] = [
    A[i].map((entry, j) => cosine * entry + sine * A[k][j]),
    A[k].map((entry, j) => cosine * entry - sine * A[i][j]),
  ];
}
