// A run in a worker: it advances when asked, for a few milliseconds at most, and answers with a frame.

import { Run } from "./maths/training.js";

const BUDGET = 8; // ms of computing per frame; a frame of the page takes 16

let run = null;

self.addEventListener("message", ({ data: { id, begin, eta, steps, until, isPatient } }) => {
  if (begin) run = new Run(...begin);
  if (eta !== undefined) run.setEta(eta);
  const [last, started] = [Math.min(run.step + steps, until), performance.now()];
  while (run.step < last && !run.diverged) {
    run.advance();
    if (!isPatient && performance.now() - started > BUDGET) break;
  }
  const { step, loss, diverged, schedule, records } = run;
  const sharpness = diverged ? Infinity : run.sharpness();
  self.postMessage({ id, step, loss, sharpness, eta: run.eta, diverged, schedule, records });
});
