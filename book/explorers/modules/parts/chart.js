// A chart as SVG: axes with ticks and grid, and paths through points given in data coordinates.
// Colours come from the style sheet, so a chart follows the page's theme and can be printed.

import { say, setAttributes, svgElement } from "./dom.js";
import { powerOfTen, significant } from "./format.js";

const MARGIN = { left: 66, right: 18, top: 10, bottom: 40 };

/** Beyond this many pixels a point is not drawn: renderers lose precision there. */
const FARTHEST = 1e6;

let charts = 0;

export class Chart {
  /**
   * An axis is {min, max, ticks, label, log}; `ticks` is a list of numbers, or of pairs
   * [number, text].
   */
  constructor({ title, width, height, x, y }) {
    charts += 1;
    const clip = `explorer-clip-${charts}`;
    const { left, right, top, bottom } = MARGIN;
    this.box = { left, right: width - right, top, bottom: height - bottom };
    this.clip = `url(#${clip})`;
    this.scaffold = { x: svgElement("g"), y: svgElement("g") };
    this.drawn = {}; // descriptions of the axes
    this.svg = svgElement(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": title, class: "chart" },
      svgElement("defs", {}, svgElement("clipPath", { id: clip }, this.#frame())),
      this.scaffold.x,
      this.scaffold.y,
    );
    this.setAxis("x", x);
    this.setAxis("y", y);
  }

  #frame() {
    const { left, right, top, bottom } = this.box;
    return svgElement("rect", { x: left, y: top, width: right - left, height: bottom - top });
  }

  /** Set an axis and draw its ticks, unless it is as it was: laying out text is slow. */
  setAxis(name, axis) {
    const description = JSON.stringify(axis);
    if (description === this.drawn[name]) return;
    this.drawn[name] = description;
    this[name] = axis;
    const marks = axis.ticks.flatMap((tick) => this.#tick(name, ...[tick].flat()));
    this.scaffold[name].replaceChildren(...marks, this.#label(name, axis.label));
  }

  #tick(name, value, text) {
    const { left, right, top, bottom } = this.box;
    const words =
      text ?? (this[name].log ? powerOfTen(Math.round(Math.log10(value))) : significant(value));
    if (name === "x") {
      const at = this.px(value);
      return [
        svgElement("line", { class: "grid", x1: at, x2: at, y1: top, y2: bottom }),
        svgElement("text", { x: at, y: bottom + 16, "text-anchor": "middle" }, words),
      ];
    }
    const at = this.py(value);
    return [
      svgElement("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
      svgElement("text", { x: left - 5, y: at + 4, "text-anchor": "end" }, words),
    ];
  }

  #label(name, text) {
    const { left, right, top, bottom } = this.box;
    if (name === "x") {
      const place = { x: (left + right) / 2, y: bottom + 34, "text-anchor": "middle" };
      return svgElement("text", place, text);
    }
    const middle = (top + bottom) / 2;
    const turn = `translate(12 ${middle}) rotate(-90)`;
    return svgElement("text", { transform: turn, "text-anchor": "middle" }, text);
  }

  /** Pixel of a data coordinate. */
  px(value) {
    const { left, right } = this.box;
    return left + share(this.x, value) * (right - left);
  }

  py(value) {
    const { top, bottom } = this.box;
    return bottom - share(this.y, value) * (bottom - top);
  }

  /** Data coordinates of a pointer event. */
  at(event) {
    const { left, right, top, bottom } = this.box;
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(
      this.svg.getScreenCTM().inverse(),
    );
    return [
      valueAt(this.x, (place.x - left) / (right - left)),
      valueAt(this.y, (bottom - place.y) / (bottom - top)),
    ];
  }

  /** Add an empty path, clipped to the frame. */
  addPath(className) {
    const path = svgElement("path", { class: className, "clip-path": this.clip });
    this.svg.append(path);
    return path;
  }

  /** Add a group for marks that may stand over the frame. */
  addGroup(attributes, ...children) {
    const group = svgElement("g", attributes, ...children);
    this.svg.append(group);
    return group;
  }

  /** Add a ring that `place` moves. */
  addRing(radius, className = "here") {
    return this.addGroup({ class: className }, svgElement("circle", { r: radius }));
  }

  /** Add a name for a line; `nameLine` writes it. */
  addName() {
    return this.addGroup({}, svgElement("text"));
  }

  /** Write a name at the right end of the horizontal line at a height, above or below it. */
  nameLine(name, text, height, { isBelow = false, atLeft = false } = {}) {
    say(name.firstChild, text);
    const side = atLeft ? { "text-anchor": "start", x: 4 } : { "text-anchor": "end", x: -4 };
    setAttributes(name.firstChild, { ...side, y: isBelow ? 15 : -5 });
    this.place(name, atLeft ? this.x.min : this.x.max, height);
  }

  /** Draw a line through (xs[i], ys[i]); it breaks where a point cannot be drawn. */
  line(path, xs, ys, count = xs.length) {
    let d = "";
    let pen = "M";
    for (let i = 0; i < count; i += 1) {
      const [x, y] = [this.px(xs[i]), this.py(ys[i])];
      if (Math.abs(x) < FARTHEST && Math.abs(y) < FARTHEST) {
        d += `${pen}${x.toFixed(2)} ${y.toFixed(2)}`;
        pen = "L";
      } else {
        pen = "M";
      }
    }
    path.setAttribute("d", d);
  }

  /** Draw a dot at each (xs[i], ys[i]): a line of length zero with round ends. */
  dots(path, xs, ys, count = xs.length) {
    let d = "";
    for (let i = 0; i < count; i += 1) {
      const [x, y] = [this.px(xs[i]), this.py(ys[i])];
      if (Math.abs(x) < FARTHEST && Math.abs(y) < FARTHEST) {
        d += `M${x.toFixed(2)} ${y.toFixed(2)}h0`;
      }
    }
    path.setAttribute("d", d);
  }

  /** Move a group to a point; hide it if the point is not in the frame. */
  place(group, x, y) {
    const [px, py] = [this.px(x), this.py(y)];
    const { left, right, top, bottom } = this.box;
    const seen = px >= left && px <= right && py >= top && py <= bottom;
    setAttributes(group, {
      transform: seen ? `translate(${px.toFixed(2)} ${py.toFixed(2)})` : null,
      visibility: seen ? null : "hidden",
    });
  }
}

/** A few round numbers between 0 and `max`. */
export function niceTicks(max) {
  const power = 10 ** Math.floor(Math.log10(max / 3));
  const by = [1, 2, 5, 10].map((factor) => factor * power).find((step) => max / step <= 5);
  return Array.from({ length: Math.floor(max / by) + 1 }, (_, i) => i * by);
}

/** Powers of ten from 10^least to 10^most. */
export function logTicks(least, most, by = Math.max(1, Math.ceil((most - least) / 5))) {
  return Array.from({ length: Math.floor((most - least) / by) + 1 }, (_, i) => 10 ** (least + i * by));
}

function share({ min, max, log }, value) {
  if (log) return Math.log(value / min) / Math.log(max / min);
  return (value - min) / (max - min);
}

function valueAt({ min, max, log }, part) {
  return log ? min * (max / min) ** part : min + part * (max - min);
}
