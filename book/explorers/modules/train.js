// The explorer that trains networks on real data, in a worker.

import { EXAMPLES } from "./maths/training_examples.js";
import { BOUNDS } from "./maths/training_file.js";
import { pythonLines } from "./maths/training_python.js";
import { NAMES, criticalOf, dataSets } from "./maths/training_data.js";
import { readSchedule, scheduleText } from "./maths/schedule.js";
import { offsetsOf } from "./maths/network.js";
import { edgeOf, isNonlinear, widthsOf } from "./maths/training.js";
import { NumberFields, button, buttonGroup, choice, legend, slider } from "./parts/controls.js";
import { element, goLive, say } from "./parts/dom.js";
import { copyText } from "./parts/export.js";
import { fixed, significant } from "./parts/format.js";
import { publishedArrays } from "./parts/npz.js";
import { reducedMotion } from "./parts/player.js";
import { State } from "./parts/state.js";
import { Trainer } from "./parts/trainer.js";
import { COLOURS, TrainingCurves } from "./parts/training_curves.js";
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
  const words = element("p", { class: "outcome", role: "status", "aria-live": "polite" });
  const key = legend();
  const curves = new TrainingCurves({ beside: [element("div", { class: "beside" }, key.root, words)] });
  const readout = element("p", { class: "readout" }, "loading the data …");
  const python = element("pre", { class: "python", tabindex: 0, "aria-label": "The same run in Python" });
  let frame = null;
  let lastEta = FIRST.eta;
  let begun = { parameters: "", schedule: "" }; // what the trainer was given

  const trainer = new Trainer(show, (isPlaying) => {
    toggle.textContent = isPlaying ? "Pause" : "Run";
    words.classList.toggle("is-stale", isPlaying); // it is about where the run was
    if (!isPlaying && frame) rest();
  });
  const state = new State(FIELDS, draw, () => frame && record());
  const parametersOf = ({ eta, until, data, ...others }) => ({ data: NAMES[data], ...others });
  const parameters = () => parametersOf(state.values);
  const data = () => sets[parameters().data];
  const anew = (changes, plan = `0:${lastEta}`, until = 0) => {
    trainer.drop();
    begun = { parameters: "", schedule: "" };
    state.set({ ...changes, eta: plan, until });
  };
  const open = ({ parameters: { data: name, ...others }, schedule, step }) => {
    fields.restore();
    anew({ data: NAMES.indexOf(name), ...others }, scheduleText(schedule), step);
  };

  const toggle = button("Run", () => {
    if (trainer.isPlaying) trainer.pause();
    else if (frame) play();
  });
  const play = () => trainer.play(state.values.until > frame.step ? state.values.until : Infinity);
  const eta = slider({ label: "Step size η", ...ETA, isMarked: true, onInput: (value) => sets && trainer.setEta((lastEta = value)) });
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
      playOnce = !reducedMotion();
    }),
  );
  const replay = button(
    "Replay",
    () => {
      anew({}, scheduleText(frame.schedule), frame.step);
      playOnce = true;
    },
    { title: "The same run again, with all changes of η", disabled: true },
  );
  let playOnce = false; // the run plays as soon as it is there

  const kept = new KeptRuns({
    current: () => {
      if (!frame) return null;
      const { schedule, step, records } = frame;
      return { parameters: parameters(), schedule, step, records };
    },
    open,
    changed: () => frame && drawCurves(),
  });
  const set = settings(anew);
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
    eta.mark([critical ? stretch * critical.value : NaN, now.beta ? "(1 + β)η_C" : "η_C"]);
    const dimension = offsetsOf(widthsOf(now, inputs, outputs)).at(-1);
    set.size.textContent = `${inputs} inputs, ${outputs === 1 ? "1 output" : `${outputs} outputs`}, ${dimension} weights`;
    for (const [i, each] of EXAMPLES.entries()) {
      const isChosen = JSON.stringify(sorted(each.parameters)) === JSON.stringify(sorted(now));
      examples[i].setAttribute("aria-pressed", String(isChosen && schedule === `0:${each.eta}`));
    }
  }

  function show(found) {
    frame = found;
    lastEta = trainer.wanted?.eta ?? frame.eta; // the reader may have moved it meanwhile
    eta.set(lastEta, fixed(lastEta, 3));
    const sharpness = frame.diverged ? "diverged" : significant(frame.sharpness);
    readout.textContent = `step ${frame.step} · loss ${significant(frame.loss, 4)} · sharpness ${sharpness}`;
    replay.disabled = frame.schedule.length === 1;
    drawCurves();
    if (!trainer.isPlaying) rest();
    else if (asPython.open) record();
    if (playOnce) {
      playOnce = false;
      play();
    }
  }

  function drawCurves() {
    const now = parameters();
    const critical = criticalOf(data(), now);
    key.set(
      ["orbit", "this run"],
      ["edge", edgeName(now.beta)],
      ...(critical ? [["floor", "2/η_C: no minimizer is flatter"]] : []),
      ...(isNonlinear(now) ? [] : [["minimizers", "singular values of W⋆"]]),
      ...kept.runs.map((run, i) => [`kept kept-${i % COLOURS}`, run.name]),
    );
    const least = (each) => (isNonlinear(each) ? 0 : sets[each.data].least);
    curves.draw(
      {
        records: frame.records,
        least: least(now),
        edge: edgeOf(frame.eta, now.beta),
        edgeName: edgeName(now.beta),
        floor: critical && 2 / critical.value,
        targets: isNonlinear(now) ? null : data().singular,
      },
      kept.runs.map((run) => ({ records: run.records, least: least(run.parameters) })),
    );
  }

  /** Have the address and the lines of Python say where the run is. */
  function record() {
    begun.schedule = scheduleText(frame.schedule);
    const until = frame.step || state.values.until;
    const { eta: known, until: planned } = state.values;
    if (known !== begun.schedule || planned !== until) state.set({ eta: begun.schedule, until });
    python.textContent = pythonLines(parameters(), frame.schedule, frame.step, data());
  }

  /** What is said only when nothing moves. */
  function rest() {
    const now = parameters();
    record();
    const end = frame.step === trainer.until ? "The run that is repeated ends here; Run goes on. " : "";
    say(words, end + inWords(now, frame, data(), criticalOf(data(), now)));
  }

  const copied = element("span", { class: "note", role: "status" });
  const copy = button("Copy", () => copyText(python.textContent, copied, { instead: "select the lines instead" }));
  const asPython = element(
    "details",
    { ontoggle: () => frame && record() },
    element("summary", {}, "As Python"),
    python,
    copy,
    copied,
  );
  setSpeed(0);
  draw(state.values);
  const stage = element(
    "div",
    { class: "stage" },
    buttonGroup("Examples", ...examples),
    eta.root,
    element(
      "div",
      { class: "buttons" },
      toggle,
      button("Start again", () => anew({})),
      replay,
      button(`${JUMP} steps at once`, () => {
        if (!sets) return;
        readout.textContent = `computing ${JUMP} steps …`;
        trainer.jump(JUMP);
      }),
    ),
    readout,
    curves.root,
    speed.root,
    element("details", { open: true }, element("summary", {}, "Data and network"), set.root),
  );
  goLive(root, "train", stage, kept.root, state.sharing, asPython);
  loading.then(
    (arrays) => {
      sets = dataSets(arrays);
      draw(state.values);
    },
    (error) => {
      readout.textContent = "no data";
      words.textContent = `The data cannot be loaded: ${error.message}.`;
    },
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
  const decimals = (value) => fixed(value, 2);
  const ofHidden = [
    made("Width of hidden layers", "width", 1, String),
    made("Initial size of the other layers", "rest", 0.05, decimals),
  ];
  const [width, rest] = ofHidden;
  const sliders = [
    made("Layers", "depth", 1, String),
    width,
    made("Initial size of the first layer", "first", 0.05, decimals),
    rest,
    made("Momentum β", "beta", 0.05, decimals),
  ];
  const { min, max } = BOUNDS.seed;
  const fields = new NumberFields({ seed: { label: "Seed", min, max, step: 1 } }, (_, seed) => change({ seed }));
  const size = element("span", { class: "note" });
  const root = element(
    "div",
    {},
    element("p", { class: "note" }, "Changes here start a new run."),
    element("div", { class: "control" }, data.root, kind.root, ...fields.roots, size, fields.complaint),
    ...sliders.map((each) => each.root),
  );
  const show = (values) => {
    data.input.value = values.data;
    kind.input.value = values.tanh;
    for (const each of sliders) each.show(values);
    for (const { input } of [kind, ...ofHidden]) input.disabled = values.depth === 1;
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
