// The plot of the first page: a network learns, and the reader has its step size under the thumb.

import { EXAMPLES } from "./maths/training_examples.js";
import { criticalOf, dataSets } from "./maths/training_data.js";
import { button, slider } from "./parts/controls.js";
import { element, goLive, say } from "./parts/dom.js";
import { fixed, significant } from "./parts/format.js";
import { publishedArrays } from "./parts/npz.js";
import { reducedMotion } from "./parts/player.js";
import { Trainer } from "./parts/trainer.js";
import { TrainingCurves } from "./parts/training_curves.js";

const ETA = { first: 0.3, min: 0.1, max: 0.5, step: 0.005 };
const STEPS = 300; // after the last change of the step size
const [{ parameters }] = EXAMPLES;

function mount(root, loading) {
  let [data, threshold] = [null, NaN]; // until the data are there
  const curves = new TrainingCurves({ width: 400, height: 195, withSingular: false });
  const words = element("p", { class: "outcome", role: "status", "aria-live": "polite" });
  const isStill = reducedMotion();
  let frame = null;

  const trainer = new Trainer(show, (isPlaying) => {
    toggle.textContent = isPlaying ? "Pause" : "Run";
    words.classList.toggle("is-stale", isPlaying); // it is about where the run was
    if (!isPlaying && frame) describe();
  });
  const begin = (eta) => trainer.begin(data, parameters, [[0, eta]]);
  const run = () => {
    if (!data) return;
    if (isStill) trainer.jump(STEPS);
    else trainer.play((frame?.step ?? 0) + STEPS);
  };
  const again = (eta) => {
    begin(eta);
    frame = null;
    run();
  };
  const toggle = button("Run", () => (trainer.isPlaying ? trainer.pause() : run()));
  const restart = button("Start again", () => frame && again(frame.eta));
  const eta = slider({
    label: "Step size η",
    ...ETA,
    isMarked: true,
    onInput: (value) => {
      if (!data) return;
      if (isStill || !frame || frame.diverged) {
        again(value);
      } else {
        trainer.setEta(value);
        run();
      }
    },
  });
  eta.set(ETA.first, fixed(ETA.first, 3));

  function show(found) {
    frame = found;
    eta.set(frame.eta, fixed(frame.eta, 3));
    const [edge, floor] = [2 / frame.eta, 2 / threshold];
    curves.draw({ records: frame.records, least: data.least, edge, floor, targets: null }, []);
    if (!trainer.isPlaying) describe();
  }

  /** In words, where the run has come to. */
  function describe() {
    if (frame.step === 0) return;
    const side = `η is ${frame.eta < threshold ? "below" : "above"} η_C`;
    const excess = significant(frame.loss - data.least, 2);
    const end = `. After ${frame.step} steps the loss is ${excess} above its minimum.`;
    say(words, side + (frame.diverged ? ", and the run has diverged." : end));
  }

  const buttons = element("div", { class: "buttons" }, toggle, restart, words);
  goLive(root, "first-screen", curves.root, eta.root, buttons);
  loading.then(
    (arrays) => {
      data = dataSets(arrays)[parameters.data];
      threshold = criticalOf(data, parameters).value;
      eta.mark([threshold, "η_C"]);
      again(ETA.first);
    },
    (error) => (words.textContent = `The data cannot be loaded: ${error.message}.`),
  );
}

for (const root of document.querySelectorAll('[data-explorer="first_screen"]')) {
  mount(root, publishedArrays(root));
}
