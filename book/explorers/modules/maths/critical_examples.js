// Problems with two inputs and two outputs.

const example = (name, [w11, w12, w21, w22], [s11, s12, s22]) => ({
  name,
  values: { w11, w12, w21, w22, s11, s12, s22 },
});

export const EXAMPLES = [
  example("tilted", [0.6, -0.3, 0, 1.5], [2.4, 1, 1.1]),
  example("kink", [0.5, 0, 0, 2], [4, 0, 1]),
  example("one output", [0.5, 1.5, 0, 0], [3, 0.5, 0.8]),
  example("whitened", [2, 0, 0, 1], [1, 0, 1]),
];
