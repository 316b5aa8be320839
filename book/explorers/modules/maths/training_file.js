// Runs as a file: what was set, the schedule, and the curves that were recorded.

import { isSchedule } from "./schedule.js";
import { NAMES } from "./training_data.js";

const FORMAT = "runs of the edge-of-stability explorer";
const VERSION = 1;
const LONGEST_NAME = 60;
const MOST_RUNS = 100;
const MOST_RECORDS = 10_000;
const CURVES = ["steps", "losses", "sharpnesses", "edges"];

/** The bounds of the parameters that are numbers; `decimals` are those they are rounded to. */
export const BOUNDS = {
  tanh: { min: 0, max: 1, decimals: 0 },
  depth: { min: 1, max: 5, decimals: 0 },
  width: { min: 1, max: 10, decimals: 0 },
  first: { min: 0.05, max: 2, decimals: 2 },
  rest: { min: 0.05, max: 2, decimals: 2 },
  seed: { min: 1, max: 9999, decimals: 0 },
  beta: { min: 0, max: 0.95, decimals: 2 },
};

export function runsText(runs) {
  return `${JSON.stringify({ format: FORMAT, version: VERSION, runs })}\n`;
}

/** The runs of a file. An Error says in words what is wrong with it. */
export function readRuns(text) {
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Error("it is not JSON");
  }
  if (content?.format !== FORMAT) throw new Error("this page did not write it");
  if (content.version !== VERSION) throw new Error(`its version is not ${VERSION}`);
  const { runs } = content;
  if (!Array.isArray(runs) || runs.length > MOST_RUNS) {
    throw new Error(`it needs a list of at most ${MOST_RUNS} runs`);
  }
  return runs.map((run, i) => {
    const fault = faultOf(run ?? {});
    if (fault) throw new Error(`run ${i + 1}: ${fault}`);
    const { name, parameters, schedule, step, records } = run;
    return { name: name.slice(0, LONGEST_NAME), parameters, schedule, step, records };
  });
}

function faultOf({ name, parameters, schedule, step, records }) {
  if (typeof name !== "string") return "it has no name";
  if (!NAMES.includes(parameters?.data)) return "its data set is unknown";
  for (const [key, { min, max }] of Object.entries(BOUNDS)) {
    if (!(parameters[key] >= min && parameters[key] <= max)) return `${key} is out of range`;
  }
  if (!isSchedule(schedule)) return "its step sizes cannot be used";
  if (!Number.isSafeInteger(step) || step < 0) return "its number of steps cannot be used";
  const length = records?.steps?.length;
  if (!(length > 0 && length <= MOST_RECORDS)) return "its curves are missing";
  const isCurve = (list) => Array.isArray(list) && list.length === length;
  const isNumber = (value) => value === null || typeof value === "number"; // JSON has no NaN
  if (!CURVES.every((key) => isCurve(records[key]) && records[key].every(isNumber))) {
    return "its curves do not fit together";
  }
  if (!isCurve(records.singular) || !records.singular.every((row) => Array.isArray(row) && row.every(isNumber))) {
    return "its singular values cannot be used";
  }
  return null;
}
