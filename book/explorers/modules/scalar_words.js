// What happens to an orbit of the scalar net, in words: what is proved, and what the run shows.

import { counted, significant } from "./parts/format.js";
import { LONG_RUN, loss, sharpness } from "./maths/scalar_net.js";

/** Values of F this close to 0 are not told from 0. */
const ON_THE_ELLIPSE = 1e-12;

export function inWords({ eta, x, y }, end, F) {
  if (eta === 0) return "With η = 0 nothing moves.";
  return `${seen(end, eta, loss(x, y))} ${proved(end, eta, F)}`;
}

function seen(end, eta, firstLoss) {
  if (end.kind === "diverged") {
    const when = end.steps === 0 ? "from the start" : `after ${counted(end.steps, "step")}`;
    return `The orbit diverges, as is clear ${when}.`;
  }
  if (end.kind === "minimizer") {
    const verb = firstLoss === 0 ? "starts at" : "converges to";
    return (
      `The orbit ${verb} the minimizer (${significant(end.x)}, ${significant(end.y)}) ` +
      `of sharpness ${significant(sharpness(end.x, end.y))}, against 2/η = ${significant(2 / eta)}.`
    );
  }
  if (end.kind === "saddle") return "The orbit converges to the saddle 0.";
  if (end.kind === "cycle") return `The orbit settles on a cycle of period ${end.period}.`;
  return `The orbit stays bounded and has not settled after ${LONG_RUN} steps.`;
}

function proved(end, eta, F) {
  if (eta > 1) return "For η > 1 there is no invariant ellipse; in the plane only divergence is proved.";
  if (Math.abs(F) < ON_THE_ELLIPSE) return "The start is on the curve F = 0, and the orbit stays on it.";
  if (eta === 1) return "At η = 1 the ellipse has shrunk to a segment of the line x = y.";
  if (F < 0) return "The start is outside the ellipse: almost every orbit from there diverges.";
  if (eta <= 0.5) {
    const slowly = eta === 0.5 ? " (slowly, like 1/√k)" : end.kind === "bounded" ? ", some slowly" : "";
    return `The start is inside the ellipse: almost every orbit from there converges${slowly}.`;
  }
  return "The start is inside the ellipse, and η > ½: almost every orbit from there stays bounded, but does not converge.";
}
