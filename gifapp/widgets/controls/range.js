import { button, make, timeIn } from "../common.js";

/**
 * @typedef {import("./ranges.js").Ranges} Ranges
 * @typedef {[number, number]} Times  start and end, in seconds
 * @typedef {ReturnType<Range["makeEdge"]>} Edge
 */

const STEP_S = 0.1;
export const LEAP_S = 1;
export const MIN_RANGE_S = 0.02;

/** @param {number} value */
const seconds = (value) => `${Number(value.toFixed(2))} s`;
/** @param {number} value */
export const roundToCentiseconds = (value) => Math.round(value * 100) / 100;

// One range: a block on the track, with a handle at either end and a bar that moves it, and a row with its times.
export class Range {
  /**
   * @param {Ranges} owner
   * @param {number} number
   */
  constructor(owner, number) {
    this.owner = owner;
    this.number = number;
    /** @type {Times} */
    this.times = [0, 0];
    /** @type {[Edge, Edge]} */
    this.edges = [this.makeEdge("start", 0), this.makeEdge("end", 1)];
    this.bar = make("span", { class: "gifapp-range__bar", role: "slider", tabindex: 0 });
    this.bar.addEventListener("pointerdown", (event) => this.drag(event, this.bar, 0, (at) => this.moveTo(at)));
    this.bar.addEventListener("keydown", (event) => this.press(event, 0, (at) => this.moveTo(at)));
    const [start, end] = this.edges;
    this.block = make("div", { class: "gifapp-range__block" }, this.bar, start.handle, end.handle);
    this.block.addEventListener("focusin", () => owner.activate(this.number));
    this.length = make("span", { class: "gifapp-range__length" });
    this.removal = button("Remove this range", "icon", () => owner.remove(this.number), "cancel");
    this.row = make("div", { class: "gifapp-range", role: "group" }, start.label, end.label, this.length, this.removal);
    this.row.addEventListener("focusin", () => owner.activate(this.number));
  }

  /**
   * @param {"start" | "end"} name
   * @param {number} index
   */
  makeEdge(name, index) {
    const handle = make("span", { class: `gifapp-range__handle gifapp-range__handle--${name}`, role: "slider", tabindex: 0 });
    const field = make("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
    const label = make("label", { class: "gifapp-range__field" }, make("span", { text: name === "start" ? "Start (s)" : "End (s)" }), field);
    /** @param {number} at */
    const move = (at) => this.move(index, at);
    handle.addEventListener("pointerdown", (event) => this.drag(event, handle, index, move));
    handle.addEventListener("keydown", (event) => this.press(event, index, move));
    field.addEventListener("keydown", (event) => {
      if (!["ArrowUp", "ArrowDown", "Enter"].includes(event.key)) return;
      this.type(index);
      this.press(event, index, move);
    });
    const edge = { name, handle, field, label, isTyped: false };
    // "change" would not fire after 2 was stepped to 2.1 and typed back to 2
    field.addEventListener("input", () => (edge.isTyped = true));
    field.addEventListener("blur", () => this.type(index));
    return edge;
  }

  /**
   * @param {Times} times
   * @param {number} count
   * @param {boolean} isActive
   */
  show(times, count, isActive) {
    this.times = times;
    const { duration } = this.owner;
    const [start, end] = times;
    const which = count > 1 ? `range ${this.number + 1}` : "the range";
    this.row.setAttribute("aria-label", count > 1 ? `Range ${this.number + 1} of ${count}` : "Part of the video");
    this.removal.hidden = count < 2;
    this.edges.forEach((edge, index) => this.showEdge(edge, times[index], `${edge.name} of ${which}`));
    const [left, right] = times.map((time) => Math.min(1, time / duration));
    Object.assign(this.block.style, { left: `${100 * left}%`, width: `${100 * Math.max(0, right - left)}%` });
    for (const node of [this.block, this.row]) node.classList.toggle("gifapp-range--active", isActive && count > 1);
    const length = end > start ? seconds(end - start) : "";
    this.length.textContent = length;
    this.bar.textContent = count > 1 ? `${this.number + 1}` : "";
    say(this.bar, `Position of ${which}`, start, Math.max(start, duration - (end - start)), `${seconds(start)} to ${seconds(end)}`);
  }

  /**
   * @param {Edge} edge
   * @param {number} time
   * @param {string} name
   */
  showEdge(edge, time, name) {
    say(edge.handle, name[0].toUpperCase() + name.slice(1), time, this.owner.duration, seconds(time));
    const showsSameTime = document.activeElement === edge.field && timeIn(edge.field.value) === time;
    if (!edge.isTyped && !showsSameTime) edge.field.value = String(roundToCentiseconds(time));
  }

  /**
   * @param {number} index
   * @param {number} time
   */
  move(index, time) {
    const [low, high] = index ? [this.times[0] + MIN_RANGE_S, this.owner.duration] : [0, this.times[1] - MIN_RANGE_S];
    this.set(index, roundToCentiseconds(Math.min(Math.max(time, low), Math.max(low, high))));
  }

  /**
   * Moves the whole range.
   * @param {number} time  its start
   */
  moveTo(time) {
    const [start, end] = this.times;
    const from = roundToCentiseconds(Math.min(Math.max(time, 0), Math.max(0, this.owner.duration - (end - start))));
    this.owner.change(this.number, [from, roundToCentiseconds(from + end - start)]);
    this.owner.seek(from);
  }

  /**
   * @param {number} index
   * @param {number} time
   */
  set(index, time) {
    this.owner.change(this.number, /** @type {Times} */ (this.times.with(index, time)));
    // the last frame shown is the one before the end
    this.owner.seek(index ? Math.max(0, time - this.owner.frameLength) : time);
  }

  /** @param {number} index */
  type(index) {
    const edge = this.edges[index];
    if (!edge.isTyped) return;
    edge.isTyped = false;
    const time = timeIn(edge.field.value);
    if (Number.isFinite(time)) this.set(index, Math.min(Math.max(0, time), this.owner.duration));
    else this.owner.show();
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} index
   * @param {(at: number) => void} move
   */
  press(event, index, move) {
    const step = event.shiftKey ? LEAP_S : STEP_S;
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -LEAP_S, PageUp: LEAP_S, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    move(this.times[index] + moves[event.key]);
  }

  /**
   * @param {PointerEvent} event
   * @param {HTMLElement} node  which follows the pointer
   * @param {number} index  of its time
   * @param {(at: number) => void} move
   */
  drag(event, node, index, move) {
    const offset = this.owner.timeOf(event) - this.times[index];
    this.owner.follow(event, node, (at) => move(at - offset));
  }
}

/**
 * @param {HTMLElement} slider
 * @param {string} label
 * @param {number} now
 * @param {number} most
 * @param {string} text
 */
export function say(slider, label, now, most, text) {
  const facts = { "aria-label": label, "aria-valuemin": 0, "aria-valuemax": most, "aria-valuenow": now, "aria-valuetext": text };
  for (const [key, value] of Object.entries(facts)) slider.setAttribute(key, String(value));
}
