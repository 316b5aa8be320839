// A point that is dragged by mouse, pen or finger, or moved by the arrow keys.

import { setAttributes, svgElement } from "./dom.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/** Radius of the invisible disc that catches fingers, in the chart's pixels. */
const REACH = 24;

/**
 * Add a handle to a chart.
 *
 * `onMove([x, y])` gets data coordinates while it is dragged, `onKey([i, j], fine)` the direction
 * of an arrow key and whether Shift was held, `onHold(held)` begin and end of a drag.
 */
export function addHandle(chart, { label, onMove, onKey, onHold }) {
  const group = chart.addGroup(
    { class: "handle", role: "slider", tabindex: 0, "aria-label": label },
    svgElement("circle", { class: "handle-reach", r: REACH }),
    svgElement("circle", { class: "handle-focus", r: 14 }),
    svgElement("circle", { class: "handle-dot", r: 7 }),
  );
  const drag = (event) => {
    event.preventDefault();
    onMove(chart.at(event));
  };
  const release = () => {
    group.removeEventListener("pointermove", drag);
    onHold(false);
  };
  const hold = (event) => {
    if (event.button !== 0) return;
    group.focus({ preventScroll: true });
    group.setPointerCapture(event.pointerId);
    group.addEventListener("pointermove", drag);
    onHold(true);
    drag(event);
  };
  group.addEventListener("pointerdown", hold);
  // What touch-action: none says as well, but browsers do not heed that inside an SVG.
  group.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  group.addEventListener("lostpointercapture", release);
  group.addEventListener("keydown", (event) => {
    const direction = ARROWS[event.key];
    if (!direction) return;
    event.preventDefault();
    onKey(direction, event.shiftKey);
  });
  // Elsewhere on the chart a mouse begins a drag as well; a finger may want to scroll the page, so
  // it has to tap.
  chart.svg.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && !group.contains(event.target)) hold(event);
  });
  chart.svg.addEventListener("click", (event) => {
    if (event.pointerType !== "mouse" && !group.contains(event.target)) onMove(chart.at(event));
  });
  return group;
}

/** Say where a handle is, to those who do not see it. */
export function describeHandle(group, { now, min, max, text }) {
  setAttributes(group, {
    "aria-valuenow": now,
    "aria-valuemin": min,
    "aria-valuemax": max,
    "aria-valuetext": text,
  });
}
