// Numbers as text: few digits, a true minus sign, powers of ten where needed.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `value` to `digits` significant digits. */
export function significant(value, digits = 3) {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "not a number";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return scientific(value, digits);
  return signed(String(Number(value.toPrecision(digits))));
}

/** `value` to `digits` significant digits, rounded down for `side` −1 and up for 1: a bound stays one. */
export function bound(value, digits, side) {
  const nearest = Number(value.toPrecision(digits));
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(value))) - digits + 1);
  return significant(side * (nearest - value) < 0 ? nearest + side * unit : nearest, digits);
}

/** `value` with `digits` decimals. */
export function fixed(value, digits) {
  return signed(value.toFixed(digits));
}

/** So many of a noun: 1 run, 2 runs. */
export function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** The power of ten 10^exponent. */
export function powerOfTen(exponent) {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
}

function scientific(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
  return `${signed(mantissa)} · ${powerOfTen(Number(exponent))}`;
}

function signed(text) {
  return text.replace("-", "−");
}
