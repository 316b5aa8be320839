// The data sets of the explorers of training: arrays that a notebook published, by their names.

export const NAMES = ["diabetes", "wine", "linnerud"];

/**
 * From the arrays of the published figure, {name: {shape, values}}:
 * {name: {X, Y, inputs, outputs, least, singular, rank, critical}}.
 *
 * `least` is the smallest loss of linear networks, `singular` are the singular values of W⋆, `rank` is
 * its rank, and critical[N − 1] = [lower, value, upper] has η_C of N layers with its proven interval.
 */
export function dataSets(arrays) {
  const read = (name) => {
    const part = (key) => arrays[`${name}.${key}`];
    const [X, Y, critical] = [part("X"), part("Y"), part("critical")];
    return {
      X: X.values,
      Y: Y.values,
      inputs: X.shape[0],
      outputs: Y.shape[0],
      least: part("least-loss").values[0],
      singular: [...part("singular").values],
      rank: part("rank").values[0],
      critical: Array.from({ length: critical.shape[0] }, (_, i) => [
        ...critical.values.slice(3 * i, 3 * i + 3),
      ]),
    };
  };
  return Object.fromEntries(NAMES.map((name) => [name, read(name)]));
}

/** η_C with its proven interval {lower, value, upper}; null where the theorem says nothing. */
export function criticalOf(data, { tanh, depth, width }) {
  if (depth > 1 && (tanh === 1 || width < data.rank)) return null;
  const [lower, value, upper] = data.critical[depth - 1];
  return { lower, value, upper };
}
