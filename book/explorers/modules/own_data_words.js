// "Your own data" in words: the answer, what goes with it, and the command that proves it.

import { lossFactors } from "./maths/data_step.js";
import { counted, significant } from "./parts/format.js";

/** The losses, as the command names them, with how PyTorch calls them, if it has them. */
export const LOSSES = {
  mean_of_entries: { name: "mean over rows and targets", torch: "MSELoss()" },
  mean: { name: "mean over rows, sum over targets" },
  half_mean: { name: "½ mean over rows" },
  sum: { name: "sum over rows and targets, as in this book", torch: 'MSELoss(reduction="sum")' },
  half_sum: { name: "½ sum over rows" },
};

export const PREPARATIONS = {
  standardise: { name: "standardise", done: "standardised (minus the mean, divided by the standard deviation)" },
  centre: { name: "centre", done: "centred (minus the mean)" },
  raw: { name: "leave as it is", done: "as in the file" },
};

/** Names for the reader: of what may separate cells, and of encodings. */
export const SEPARATORS = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" };
export const ENCODINGS = { "utf-8": "UTF-8", "windows-1252": "Windows-1252", "utf-16le": "UTF-16" };

/** The controls for the options that refusals and warnings name. */
const CONTROLS = {
  "--leave-out": "“Columns and rows”",
  "--drop-missing": "“drop rows with a missing value”",
  "--intercept": "“Preparation”",
  "--biases": "“biases in every layer”",
  "--decimal-comma": "“decimal commas”",
  "--separator": "“Separator”",
  "--encoding": "“Encoding”",
};

const SAFE = /^[\w@%+=:,./-]+$/; // what a shell leaves alone
const CLOSE = 0.3; // a cosine worth naming

/** A sentence of the command for a reader of the page: it names the control instead of the option. */
export function forPage(sentence) {
  return sentence.replace(/\((--[a-z-]+)( [^()]*)?\)/g, (whole, option) =>
    option in CONTROLS ? `(${CONTROLS[option]})` : whole,
  );
}

/** How a table was read. */
export function asRead({ rowCount, names, separator, encoding, decimalComma }) {
  const how = [SEPARATORS[separator] ?? separator, ENCODINGS[encoding] ?? "UTF-16"];
  const size = `${counted(rowCount, "row")}, ${counted(names.length, "column")}`;
  return `${size}; ${how.join(", ")}, decimal ${decimalComma ? "comma" : "point"}`;
}

/** `value` for the sum of squared errors, for each loss, with momentum β. */
export function steps({ value, rowCount, targets }, momentum) {
  const factors = lossFactors(rowCount, targets.length);
  return Object.keys(LOSSES).map((loss) => [loss, value * factors[loss] * (1 + momentum)]);
}

/** A number that can be pasted into a program, to six digits. */
export function plain(value) {
  return String(Number(value.toPrecision(6)));
}

/** For which network, on what. */
export function setting({ depth, biases, preparation, targetPreparation, intercept }, rowCount) {
  const ofTargets = targetPreparation || preparation;
  const X = intercept ? "Features and an intercept" : "Features";
  const prepared =
    ofTargets === preparation && !intercept
      ? `Features and targets ${PREPARATIONS[preparation].done}`
      : `${X}: ${PREPARATIONS[preparation].done}; targets: ${PREPARATIONS[ofTargets].done}`;
  return `${counted(rowCount, "row")}. ${prepared}. ${counted(depth, "layer")}, ${biases ? "with" : "no"} biases.`;
}

/** What the number means, in the command's words. */
export function meaning({ depth, momentum }) {
  const sentences =
    depth === 1
      ? [
          "Below η_C, gradient descent on this linear regression converges from every starting point.",
          "Above η_C, it does so only from a null set of starting points.",
        ]
      : [
          "Do not train with a larger step size: above η_C, gradient descent on this deep linear network",
          "converges to a global minimizer only from a null set of starting points. Below η_C, it does so",
          "from a set of starting points with interior, which need not contain yours: try fractions of η_C.",
        ];
  if (momentum > 0) sentences.push("With momentum, a null set is one of pairs of a starting point and a velocity.");
  return sentences.join(" ");
}

/** That biases in every layer would lower η_C, to `most` or less. */
export function biasWarning(most, value) {
  const bound = most < value ? `at most ${plain(most)}` : "the command says by how much";
  return `With biases in every layer, the default of nn.Linear, η_C is lower: ${bound}.`;
}

/** Sentences about an answer: first what limits the step, last how exact the number is. */
export function facts({ limiting, rank, biasesLower, rounding, notes }, { depth, biases }) {
  const near = limiting.features.filter(({ cosine }) => Math.abs(cosine) > CLOSE);
  const names = near.map(({ name, cosine }) => `${name} (cosine ${significant(cosine, 2)})`).join(", ");
  const share = `A regression on it alone explains ${significant(100 * limiting.share, 2)} % of the squared targets.`;
  const found = notes.map((note) => `In the file: ${note}.`);
  if (!(biases && biasesLower)) {
    found.push(
      "What limits the step is one direction in the data, a mixture of the features. " +
        (names ? `Nearest to it: ${names}.` : "No single feature is near it.") +
        (depth > 1 ? ` ${share}` : ""),
    );
  }
  if (depth > 1) {
    found.push(`Hidden widths: η_C is the same for all widths of at least r⋆ = ${rank}, the rank of the regression matrix W⋆.`);
  }
  if (biasesLower === null) found.push("Biases in every layer: no answer unless the features are centred, without an intercept.");
  if (biasesLower === false) found.push("Biases in every layer do not change η_C here.");
  found.push(
    `Computed in double precision, not proved. Rounding of the data moves η_C by about ${significant(rounding, 1)} of it.`,
  );
  return found;
}

/** The command that gives the same number with its proven interval; `logistic` for that loss. */
export function command(settings, { logistic = false } = {}) {
  const { file, targets, leaveOut, depth, preparation, targetPreparation, momentum, reading } = settings;
  const option = (name, value) => (value.startsWith("-") ? quoted(`${name}=${value}`) : `${name} ${quoted(value)}`);
  const parts = [
    `critical-step ${quoted(file.startsWith("-") ? `./${file}` : file)}`,
    ...(targets.length ? targets : ["COLUMN"]).map((name) => option("--target", name)),
    ...leaveOut.map((name) => option("--leave-out", name)),
    `--depth ${depth}`,
  ];
  if (settings.dropMissing) parts.push("--drop-missing");
  if (preparation !== "standardise") parts.push(`--${preparation}`);
  if (targetPreparation && targetPreparation !== preparation) parts.push(`--target-preparation ${targetPreparation}`);
  if (settings.intercept || logistic) parts.push("--intercept");
  if (logistic) parts.push("--loss logistic");
  else if (settings.biases) parts.push("--biases");
  if (momentum > 0) parts.push(`--momentum ${momentum}`);
  if (reading.separator) parts.push(`--separator ${reading.separator === "\t" ? "tab" : quoted(reading.separator)}`);
  if (reading.decimalComma) parts.push("--decimal-comma");
  if (reading.encoding !== "utf-8") parts.push(`--encoding ${reading.encoding}`);
  return parts.join(" ");
}

function quoted(text) {
  return SAFE.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
