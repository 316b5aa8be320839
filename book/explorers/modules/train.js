// The explorer that trains networks on real data, in a worker.

import { EXAMPLES } from "./maths/training_examples.js";
import { BOUNDS } from "./maths/training_file.js";
import { pythonLines } from "./maths/training_python.js";
import { NAMES, criticalOf, dataSets } from "./maths/training_data.js";
import { readSchedule, scheduleText } from "./maths/schedule.js";
import { offsetsOf } from "./maths/network.js";
import { edgeOf, isNonlinear, widthsOf } from "./maths/training.js";
import { NumberFields, button, buttonGroup, choice, legend, slider } from "./parts/controls.js";
import { element } from "./parts/dom.js";
import { copyText } from "./parts/export.js";
import { fixed, significant } from "./parts/format.js";
import { publishedArrays } from "./parts/npz.js";
import { reducedMotion } from "./parts/player.js";
import { State } from "./parts/state.js";
import { Trainer } from "./parts/trainer.js";
import { TrainingCurves } from "./parts/training_curves.js";
import { KeptRuns } from "./train_runs.js";
import { edgeName, inWords } from "./train_words.js";

const ETA = { min: 0.005, max: 1, step: 0.005 };
const SPEEDS = [1, 2, 5, 10, 20, 50, 100];
const JUMP = 500;
const [FIRST] = EXAMPLES;
const MOST_STEPS = 1e7;

const FIELDS = {
  data: { value: NAMES.indexOf(FIRST.parameters.data), min: 0, max: NAMES.length - 1, decimals: 0 },
  ...Object.fromEntries(
    Object.entries(BOUNDS).map(([name, bounds]) => [name, { value: FIRST.parameters[name], ...bounds }]),
  ),
  eta: { value: `0:${FIRST.eta}`, accepts: (text) => readSchedule(text) !== null },
  until: { value: 0, min: 0, max: MOST_STEPS, decimals: 0 },
};

function mount(root, loading) {
  let sets = null; // until the data are there
  const curves = new TrainingCurves();
  const words = element("p", { class: "outcome", role: "status", "aria-live": "polite" });
  const readout = element("p", { class: "readout" });
  const python = element("pre", { class: "python", tabindex: 0, "aria-label": "The same run in Python" });
  let frame = null;
  let begun = { parameters: "", schedule: "" }; // what the trainer was given

  const trainer = new Trainer(show, (isPlaying) => {
    toggle.textContent = isPlaying ? "Pause" : "Run";
    if (isPlaying) words.textContent = ""; // it is about where the run was
    else if (frame) rest();
  });
  const state = new State(FIELDS, draw);
  const parametersOf = ({ eta, until, data, ...others }) => ({ data: NAMES[data], ...others });
  const parameters = () => parametersOf(state.values);
  const data = () => sets[parameters().data];
  const restart = () => {
    trainer.drop();
    begun = { parameters: "", schedule: "" };
    state.set({});
  };
  const change = (changes) => {
    trainer.drop();
    state.set({ ...changes, eta: `0:${frame?.eta ?? FIRST.eta}`, until: 0 });
  };
  const open = ({ parameters: { data: name, ...others }, schedule, step }) => {
    trainer.drop();
    fields.restore();
    begun = { parameters: "", schedule: "" };
    state.set({ data: NAMES.indexOf(name), ...others, eta: scheduleText(schedule), until: step });
  };

  const toggle = button("Run", () => {
    if (trainer.isPlaying) trainer.pause();
    else if (frame) trainer.play(state.values.until > frame.step ? state.values.until : Infinity);
  });
  const eta = slider({ label: "Step size η", ...ETA, isMarked: true, onInput: (value) => sets && trainer.setEta(value) });
  const speed = slider({
    label: "Speed",
    min: 0,
    max: SPEEDS.length - 1,
    step: 1,
    onInput: (index) => setSpeed(index),
  });
  const setSpeed = (index) => {
    trainer.speed = SPEEDS[index];
    speed.set(index, `${SPEEDS[index]} ${index ? "steps" : "step"} a frame`);
  };
  const examples = EXAMPLES.map((each) =>
    button(each.name, () => {
      open({ parameters: each.parameters, schedule: [[0, each.eta]], step: 0 });
      if (!reducedMotion()) playOnce = true;
    }),
  );
  let playOnce = false; // the example plays as soon as it is there

  const kept = new KeptRuns({
    current: () => ({
      parameters: parameters(),
      schedule: frame.schedule,
      step: frame.step,
      records: frame.records,
    }),
    open,
    changed: () => frame && drawCurves(),
  });
  const set = settings(change);
  const { fields } = set;

  function draw(values) {
    const now = parametersOf(values);
    const [key, schedule] = [JSON.stringify(now), values.eta];
    set.show(values);
    if (!sets) return;
    if (key === begun.parameters && schedule === begun.schedule) return;
    begun = { parameters: key, schedule };
    frame = null;
    const { X, Y, inputs, outputs } = data();
    trainer.begin({ X, Y, inputs, outputs }, now, readSchedule(schedule));
    const critical = criticalOf(data(), now);
    const stretch = 1 + now.beta;
    eta.mark(
      critical && stretch * critical.value,
      now.beta ? "(1 + β)η" : "η",
      element("sub", {}, "C"),
    );
    const dimension = offsetsOf(widthsOf(now, inputs, outputs)).at(-1);
    set.size.textContent = `${inputs} inputs, ${outputs === 1 ? "1 output" : `${outputs} outputs`}, ${dimension} weights`;
    for (const [i, each] of EXAMPLES.entries()) {
      const isChosen = JSON.stringify(sorted(each.parameters)) === JSON.stringify(sorted(now));
      examples[i].setAttribute("aria-pressed", String(isChosen && schedule === `0:${each.eta}`));
    }
  }

  function show(found) {
    frame = found;
    eta.set(frame.eta, fixed(frame.eta, 3));
    const sharpness = frame.diverged ? "diverged" : significant(frame.sharpness);
    readout.textContent = `step ${frame.step} · loss ${significant(frame.loss, 4)} · sharpness ${sharpness}`;
    drawCurves();
    if (!trainer.isPlaying) rest();
    if (playOnce) {
      playOnce = false;
      trainer.play();
    }
  }

  function drawCurves() {
    const now = parameters();
    const critical = criticalOf(data(), now);
    const least = (each) => (isNonlinear(each) ? 0 : sets[each.data].least);
    curves.draw(
      {
        records: frame.records,
        least: least(now),
        edge: edgeOf(frame.eta, now.beta),
        edgeName: edgeName(now.beta),
        floor: critical && 2 / critical.value,
        targets: isNonlinear(now) ? [] : data().singular,
      },
      kept.runs.map((run) => ({ records: run.records, least: least(run.parameters) })),
    );
  }

  /** What is written only when nothing moves. */
  function rest() {
    const now = parameters();
    begun.schedule = scheduleText(frame.schedule);
    const until = Math.max(frame.step, frame.step === 0 ? state.values.until : 0);
    const { eta: known, until: planned } = state.values;
    if (known !== begun.schedule || planned !== until) state.set({ eta: begun.schedule, until });
    words.textContent = inWords(now, frame, data(), criticalOf(data(), now));
    python.textContent = pythonLines(now, frame.schedule, frame.step, data());
  }

  const copied = element("span", { class: "note", role: "status" });
  const copy = button("Copy", () => copyText(python.textContent, copied, { instead: "select the lines instead" }));
  const live = element(
    "div",
    { class: "explorer-live train" },
    buttonGroup("Examples", ...examples),
    eta.root,
    element(
      "div",
      { class: "buttons" },
      toggle,
      button("Start again", restart),
      button(`${JUMP} steps at once`, () => {
        if (!sets) return;
        readout.textContent = `computing ${JUMP} steps …`;
        trainer.jump(JUMP);
      }),
      readout,
    ),
    curves.root,
    legend(
      ["orbit", "this run"],
      ["edge", "edge"],
      ["floor", "2/η_C: no minimizer is flatter"],
      ["minimizers", "singular values of W⋆"],
    ),
    words,
    speed.root,
    element("details", { open: true }, element("summary", {}, "Data and network"), set.root),
    kept.root,
    state.sharing,
    element("details", {}, element("summary", {}, "As Python"), python, copy, copied),
  );
  setSpeed(0);
  draw(state.values);
  root.prepend(live);
  root.classList.add("is-live");
  loading.then(
    (arrays) => {
      sets = dataSets(arrays);
      draw(state.values);
    },
    (error) => (words.textContent = `The data cannot be loaded: ${error.message}.`),
  );
}

/** The controls of everything that makes a new run: {root, fields, size, show(values)}. */
function settings(change) {
  const data = choice({
    label: "Data",
    options: NAMES.map((name, index) => [index, name]),
    onInput: (index) => change({ data: Number(index) }),
  });
  const kind = choice({
    label: "Network",
    options: [
      [0, "linear"],
      [1, "tanh"],
    ],
    onInput: (index) => change({ tanh: Number(index) }),
  });
  const made = (label, name, step, text) => {
    const { min, max } = BOUNDS[name];
    const control = slider({ label, min, max, step, onInput: (value) => change({ [name]: value }) });
    return { ...control, show: (values) => control.set(values[name], text(values[name])) };
  };
  const sliders = [
    made("Layers", "depth", 1, String),
    made("Width of hidden layers", "width", 1, String),
    made("Initial size of the first layer", "first", 0.05, (value) => fixed(value, 2)),
    made("… of the other layers", "rest", 0.05, (value) => fixed(value, 2)),
    made("Momentum β", "beta", 0.05, (value) => fixed(value, 2)),
  ];
  const { min, max } = BOUNDS.seed;
  const fields = new NumberFields({ seed: { label: "Seed", min, max, step: 1 } }, (_, seed) => change({ seed }));
  const size = element("span", { class: "note" });
  const root = element(
    "div",
    {},
    element("div", { class: "control" }, data.root, kind.root, ...fields.roots, size, fields.complaint),
    ...sliders.map((each) => each.root),
  );
  const show = (values) => {
    data.input.value = values.data;
    kind.input.value = values.tanh;
    for (const each of sliders) each.show(values);
    fields.set({ seed: values.seed });
  };
  return { root, fields, size, show };
}

function sorted(parameters) {
  return Object.entries(parameters).sort();
}

for (const root of document.querySelectorAll('[data-explorer="train"]')) {
  mount(root, publishedArrays(root));
}
