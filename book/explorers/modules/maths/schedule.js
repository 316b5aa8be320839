// The step sizes of a run: a list of [step, η], with η in use from this step to the next one listed.
// As text "0:0.2,137:0.4", in links.

const LARGEST_ETA = 10;
const LONGEST = 8000; // characters of a text that are read
const FORM = /^\d+:\d+(\.\d+)?(e-\d+)?(,\d+:\d+(\.\d+)?(e-\d+)?)*$/;

/** Whether it begins at step 0, goes on to later steps, and has usable step sizes only. */
export function isSchedule(schedule) {
  return (
    Array.isArray(schedule) &&
    schedule.length > 0 &&
    schedule.every(
      ([step, eta] = [], i) =>
        Number.isSafeInteger(step) &&
        (i === 0 ? step === 0 : step > schedule[i - 1][0]) &&
        eta > 0 &&
        eta <= LARGEST_ETA,
    )
  );
}

export function scheduleText(schedule) {
  return schedule.map(([step, eta]) => `${step}:${eta}`).join(",");
}

/** What a text says; null if it is no schedule. */
export function readSchedule(text) {
  if (text.length > LONGEST || !FORM.test(text)) return null;
  const schedule = text.split(",").map((change) => change.split(":").map(Number));
  return isSchedule(schedule) ? schedule : null;
}

/** Pairs [η, number of steps] up to step `last`. */
export function phases(schedule, last) {
  return schedule
    .map(([from, eta], i) => [eta, Math.min(schedule[i + 1]?.[0] ?? last, last) - from])
    .filter(([, steps]) => steps > 0);
}
