// Starts that show one behaviour each; a test holds every one to its name.

export const PRESETS = [
  { name: "descent", eta: 0.05, x: 2.4, y: -1 },
  { name: "edge", eta: 0.47, x: 1.1, y: 0.55 },
  { name: "catapult", eta: 0.2, x: 2.6, y: 0.42 },
  { name: "2-cycle", eta: 0.58, x: 0.9, y: 0.2 },
  { name: "chaos", eta: 0.9, x: 1.2, y: 0.9 },
  { name: "divergence", eta: 0.4, x: 2.2, y: 1.6 },
];

/** What the explorer opens on: a loss that grows a hundredfold, and yet converges. */
export const OPENING = PRESETS.find(({ name }) => name === "catapult");

/** Steps that the explorer shows. */
export const SHOWN_STEPS = 60;
