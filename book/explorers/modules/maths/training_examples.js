// Runs that are worth seeing; a test holds each one to its name.

const example = (name, eta, changes) => ({
  name,
  parameters: {
    data: "wine",
    tanh: 0,
    depth: 3,
    width: 6,
    first: 1,
    rest: 0.3,
    seed: 1,
    beta: 0,
    ...changes,
  },
  eta,
});

export const EXAMPLES = [
  example("edge", 0.32, {}),
  example("small step", 0.1, {}),
  example("past η_C", 0.41, {}),
  example("tanh", 0.2, { tanh: 1, first: 1.5 }),
  example("momentum", 0.45, { beta: 0.5 }),
  example("three outputs", 0.15, { data: "linnerud", depth: 4 }),
];
