import { button, frameAddress, liveImage, make, throttled, timeIn } from "../common.js";
import { tell } from "../moments.js";

/**
 * @typedef {[number, number]} Times  start and end, in seconds
 * @typedef {{ page_url: string, source_id: string, frame_url: string | null, frame_s: number, duration_s: number,
 *   value: Times[], max_ranges: number, problem: string }} Traits
 * @typedef {ReturnType<Range["makeEdge"]>} Edge
 */

const SAVE_EVERY_MS = 150;
const STEP_S = 0.1;
const LEAP_S = 1;
const MIN_RANGE_S = 0.02;
const NEW_SHARE = 0.2;

/** @param {number} value */
const seconds = (value) => `${Number(value.toFixed(2))} s`;
/** @param {number} value */
const roundToCentiseconds = (value) => Math.round(value * 100) / 100;

// One range: a track with two handles, two fields and two frames.
class Range {
  /**
   * @param {Ranges} owner
   * @param {number} number
   */
  constructor(owner, number) {
    this.owner = owner;
    this.number = number;
    /** @type {[Edge, Edge]} */
    this.edges = [this.makeEdge("start", 0), this.makeEdge("end", 1)];
    /** @type {Times} */
    this.times = [0, 0];
    this.chosen = make("span", { class: "gifapp-range__chosen" });
    this.track = make("div", { class: "gifapp-range__track" }, this.chosen, ...this.edges.map((edge) => edge.handle));
    this.track.addEventListener("pointerdown", (event) => this.grab(event));
    this.length = make("span", { class: "gifapp-range__length" });
    this.removal = button("Remove this range", "icon", () => owner.remove(this.number), "cancel");
    const [start, end] = this.edges;
    const middle = make("div", { class: "gifapp-range__middle" }, this.length, this.removal);
    this.node = make("div", { class: "gifapp-range", role: "group" }, start.picture, this.track, end.picture, start.label, middle, end.label);
  }

  /**
   * @param {"start" | "end"} name
   * @param {number} index
   */
  makeEdge(name, index) {
    const words = name === "start" ? "Start (s)" : "End (s)";
    const picture = make("img", { class: "gifapp-range__picture", alt: "", draggable: "false" });
    const handle = make("span", { class: "gifapp-range__handle", role: "slider", tabindex: 0 });
    const field = make("input", { type: "text", inputmode: "decimal", autocomplete: "off" });
    const label = make("label", { class: "gifapp-range__field" }, make("span", { text: words }), field);
    handle.addEventListener("keydown", (event) => this.press(event, index));
    field.addEventListener("keydown", (event) => {
      if (!["ArrowUp", "ArrowDown", "Enter"].includes(event.key)) return;
      this.type(index);
      this.press(event, index);
    });
    const edge = { name, picture, handle, field, label, live: liveImage(picture), isTyped: false };
    // "change" would not fire after 2 was stepped to 2.1 and typed back to 2
    field.addEventListener("input", () => (edge.isTyped = true));
    field.addEventListener("blur", () => this.type(index));
    return edge;
  }

  /**
   * @param {Times} times
   * @param {number} count
   */
  show(times, count) {
    this.times = times;
    const { duration } = this.owner;
    const which = count > 1 ? `range ${this.number + 1}` : "the range";
    this.node.setAttribute("aria-label", count > 1 ? `Range ${this.number + 1} of ${count}` : "Part of the video");
    this.removal.hidden = count < 2;
    this.edges.forEach((edge, index) => this.showEdge(edge, times[index], `${edge.name} of ${which}`));
    const [left, right] = times.map((time) => Math.min(1, time / duration));
    Object.assign(this.chosen.style, { left: `${100 * left}%`, right: `${100 - 100 * right}%` });
    this.length.textContent = times[1] > times[0] ? seconds(times[1] - times[0]) : "";
  }

  /**
   * @param {Edge} edge
   * @param {number} time
   * @param {string} name
   */
  showEdge(edge, time, name) {
    const { duration } = this.owner;
    edge.handle.style.left = `${100 * Math.min(1, time / duration)}%`;
    const facts = { "aria-label": name[0].toUpperCase() + name.slice(1), "aria-valuemin": 0, "aria-valuemax": duration, "aria-valuenow": time, "aria-valuetext": seconds(time) };
    for (const [key, value] of Object.entries(facts)) edge.handle.setAttribute(key, String(value));
    const showsSameTime = document.activeElement === edge.field && timeIn(edge.field.value) === time;
    if (!edge.isTyped && !showsSameTime) edge.field.value = String(roundToCentiseconds(time));
    const address = this.owner.frameAt(this.pictureTime(edge.name, time));
    edge.picture.hidden = !address;
    if (address) edge.live(address);
  }

  // the last frame shown is the one before the end
  /**
   * @param {"start" | "end"} name
   * @param {number} time
   */
  pictureTime(name, time) {
    return name === "end" ? Math.max(0, time - this.owner.frameLength) : time;
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
   * @param {number} index
   * @param {number} time
   */
  set(index, time) {
    const times = /** @type {Times} */ (this.times.with(index, time));
    this.owner.change(this.number, times);
    this.owner.look(this.pictureTime(this.edges[index].name, time));
  }

  /** @param {number} index */
  type(index) {
    const edge = this.edges[index];
    if (!edge.isTyped) return;
    edge.isTyped = false;
    const time = timeIn(edge.field.value);
    if (Number.isFinite(time)) this.set(index, Math.max(0, time));
    else this.show(this.times, this.owner.ranges.length);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} index
   */
  press(event, index) {
    const step = event.shiftKey ? LEAP_S : STEP_S;
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -LEAP_S, PageUp: LEAP_S, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(index, this.times[index] + moves[event.key]);
  }

  // the nearer handle follows the pointer, from anywhere on the track
  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button) return;
    event.preventDefault();
    const at = this.timeOf(event);
    const [start, end] = this.times.map((time) => Math.abs(time - at));
    const index = start < end || (start === end && at < this.times[0]) ? 0 : 1;
    const { handle } = this.edges[index];
    handle.focus({ preventScroll: true });
    this.track.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} moved */
    const follow = (moved) => this.move(index, this.timeOf(moved));
    follow(event);
    this.track.addEventListener("pointermove", follow);
    const release = () => this.track.removeEventListener("pointermove", follow);
    this.track.addEventListener("lostpointercapture", release, { once: true });
  }

  /** @param {PointerEvent} event */
  timeOf(event) {
    const box = this.track.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * this.owner.duration;
  }
}

class Ranges {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.list = make("div", { class: "gifapp-ranges__list" });
    this.problem = make("p", { class: "gifapp-form__problem", role: "alert" });
    this.addition = button("Add another range", "text", () => this.add(), "plus");
    el.classList.add("gifapp-ranges");
    el.append(this.list, this.problem, this.addition);
    /** @type {Range[]} */
    this.rows = [];
    this.save = throttled(SAVE_EVERY_MS, () => {
      model.set("value", this.ranges);
      model.save_changes();
    });
    this.ranges = model.get("value");
    this.show();
  }

  get duration() {
    return this.model.get("duration_s");
  }

  get frameLength() {
    return this.model.get("frame_s");
  }

  take() {
    this.ranges = this.model.get("value");
    this.show();
  }

  show() {
    while (this.rows.length > this.ranges.length) this.rows.pop()?.node.remove();
    while (this.rows.length < this.ranges.length) {
      const row = new Range(this, this.rows.length);
      this.rows.push(row);
      this.list.append(row.node);
    }
    this.rows.forEach((row, number) => row.show(this.ranges[number], this.ranges.length));
    this.addition.hidden = this.ranges.length >= this.model.get("max_ranges");
  }

  showProblem() {
    this.problem.textContent = this.model.get("problem");
  }

  /**
   * @param {number} number
   * @param {Times} times
   */
  change(number, times) {
    this.ranges = this.ranges.with(number, times);
    this.show();
    this.save();
    tell(this.el, "ranges", { source: this.model.get("source_id"), ranges: this.ranges });
  }

  // the part after the last range, or a part from the beginning if nothing follows
  add() {
    const [, last] = this.ranges[this.ranges.length - 1];
    const start = last < this.duration - MIN_RANGE_S ? last : 0;
    const end = Math.min(this.duration, start + Math.max(MIN_RANGE_S, this.duration * NEW_SHARE));
    /** @type {Times} */
    const added = [roundToCentiseconds(start), roundToCentiseconds(end)];
    this.ranges = [...this.ranges, added];
    this.show();
    this.save();
    this.rows[this.rows.length - 1].edges[0].handle.focus();
  }

  /** @param {number} number */
  remove(number) {
    this.ranges = this.ranges.filter((_, other) => other !== number);
    this.show();
    this.save();
    this.rows[Math.min(number, this.rows.length - 1)].edges[0].handle.focus();
  }

  /** @param {number} at */
  frameAt(at) {
    return frameAddress(this.model.get("frame_url"), at, this.model.get("page_url"));
  }

  /** @param {number} at */
  look(at) {
    tell(this.el, "seek", { source: this.model.get("source_id"), at });
  }
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const ranges = new Ranges(model, el);
  const take = () => ranges.take();
  const show = () => ranges.show();
  const showProblem = () => ranges.showProblem();
  showProblem();
  model.on("change:value", take);
  model.on("change:duration_s change:frame_url", show);
  model.on("change:problem", showProblem);
  return () => {
    model.off("change:value", take);
    model.off("change:duration_s change:frame_url", show);
    model.off("change:problem", showProblem);
  };
}

export default { render };
