import { actOnKey, addressOf, button, make, throttled } from "../common.js";
import { heed, tell } from "../moments.js";
import { Filmstrip } from "./filmstrip.js";
import { LEAP_S, Range, roundToCentiseconds, say, MIN_RANGE_S } from "./range.js";

/**
 * @typedef {import("./range.js").Times} Times
 * @typedef {{ page_url: string, source_id: string, filmstrip_url: string | null, tiles: number, frame_s: number,
 *   duration_s: number, value: Times[], max_ranges: number, problem: string }} Traits
 */

const SAVE_EVERY_MS = 150;
const NEW_SHARE = 0.2;
const MAX_ZOOM = 64;
const SHADE = "color-mix(in srgb, var(--jp-layout-color1) 68%, transparent)";

// The timeline: pictures of the whole video, the ranges on it, and the time that the stage shows.
export class Ranges {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.el = el;
    this.at = 0;
    this.active = 0; // the number of the range that keys change
    this.zoom = 1;
    this.strip = new Filmstrip();
    this.shade = make("div", { class: "gifapp-timeline__shade" });
    this.playhead = make("span", { class: "gifapp-timeline__playhead", role: "slider", tabindex: 0 });
    this.track = make("div", { class: "gifapp-timeline__track" }, this.strip.node, this.shade, this.playhead);
    this.lane = make("div", { class: "gifapp-timeline__lane" }, this.track);
    this.view = make("div", { class: "gifapp-timeline__view" }, this.lane);
    this.list = make("div", { class: "gifapp-ranges__list" });
    this.problem = make("p", { class: "gifapp-form__problem", role: "alert" });
    this.addition = button("Add another range", "text", () => this.add(), "plus");
    this.splitting = button("Split", "text", () => this.split(), "split");
    this.splitting.title = "Split the range at the playhead (S)";
    this.wider = button("Zoom in", "icon", () => this.zoomTo(this.zoom * 2), "zoomIn");
    this.narrower = button("Zoom out", "icon", () => this.zoomTo(this.zoom / 2), "zoomOut");
    const tools = make("div", { class: "gifapp-timeline__tools" }, this.addition, this.splitting, this.narrower, this.wider);
    el.classList.add("gifapp-ranges");
    el.append(this.view, this.list, this.problem, tools);
    /** @type {Range[]} */
    this.rows = [];
    this.save = throttled(SAVE_EVERY_MS, () => {
      model.set("value", this.ranges);
      model.save_changes();
    });
    this.ranges = model.get("value");
    this.listen();
    this.show();
    this.showPlayhead();
  }

  get duration() {
    return this.model.get("duration_s");
  }

  get frameLength() {
    return this.model.get("frame_s");
  }

  listen() {
    this.track.addEventListener("pointerdown", (event) => this.follow(event, this.playhead, (at) => this.seek(Math.min(Math.max(0, at), this.lastFrame))));
    this.playhead.addEventListener("keydown", (event) => this.pressPlayhead(event));
    this.view.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      this.zoomTo(event.deltaY < 0 ? this.zoom * 2 : this.zoom / 2);
    }, { passive: false });
  }

  get lastFrame() {
    return Math.max(0, this.duration - this.frameLength);
  }

  take() {
    this.ranges = this.model.get("value");
    this.show();
  }

  // another source, or another address of its pictures
  begin() {
    this.at = 0;
    this.active = 0;
    this.zoomTo(1);
    this.show();
    this.showPlayhead();
  }

  show() {
    while (this.rows.length > this.ranges.length) this.drop();
    while (this.rows.length < this.ranges.length) this.append();
    this.active = Math.min(this.active, this.ranges.length - 1);
    this.rows.forEach((row, number) => row.show(this.ranges[number], this.ranges.length, number === this.active));
    this.addition.hidden = this.ranges.length >= this.model.get("max_ranges");
    this.shade.style.background = shadeOutside(this.ranges, this.duration);
    const address = this.model.get("filmstrip_url");
    this.strip.show(address && addressOf(address, this.model.get("page_url")), this.model.get("tiles"));
  }

  append() {
    const row = new Range(this, this.rows.length);
    this.rows.push(row);
    this.track.insertBefore(row.block, this.playhead);
    this.list.append(row.row);
  }

  drop() {
    const row = this.rows.pop();
    row?.block.remove();
    row?.row.remove();
  }

  showProblem() {
    this.problem.textContent = this.model.get("problem");
  }

  /** @param {number} number */
  activate(number) {
    if (number === this.active) return;
    this.active = number;
    this.show();
  }

  /** @param {Times[]} ranges */
  put(ranges) {
    this.ranges = ranges;
    this.show();
    this.save();
    tell(this.el, "ranges", { source: this.model.get("source_id"), ranges });
  }

  /**
   * @param {number} number
   * @param {Times} times
   */
  change(number, times) {
    this.put(this.ranges.with(number, times));
  }

  // the part after the last range, or a part from the beginning if nothing follows
  add() {
    const [, last] = this.ranges[this.ranges.length - 1];
    const start = last < this.duration - MIN_RANGE_S ? last : 0;
    const end = Math.min(this.duration, start + Math.max(MIN_RANGE_S, this.duration * NEW_SHARE));
    /** @type {Times} */
    const added = [roundToCentiseconds(start), roundToCentiseconds(end)];
    this.put([...this.ranges, added]);
    this.rows[this.rows.length - 1].edges[0].handle.focus();
  }

  /** @param {number} number */
  remove(number) {
    this.put(this.ranges.filter((_, other) => other !== number));
    this.rows[Math.min(number, this.rows.length - 1)].edges[0].handle.focus();
  }

  // two ranges out of the one at the playhead
  split() {
    const at = roundToCentiseconds(this.at);
    /** @param {Times} times */
    const isWithin = ([start, end]) => at - start >= MIN_RANGE_S && end - at >= MIN_RANGE_S;
    const number = isWithin(this.ranges[this.active]) ? this.active : this.ranges.findIndex(isWithin);
    if (number < 0 || this.ranges.length >= this.model.get("max_ranges")) return;
    const [start, end] = this.ranges[number];
    this.put(this.ranges.toSpliced(number, 1, [start, at], [at, end]));
  }

  // the start or the end of the active range to the playhead; beyond its other end, the range keeps its length
  /** @param {0 | 1} index */
  mark(index) {
    const [start, end] = this.ranges[this.active];
    const at = roundToCentiseconds(index ? Math.min(this.duration, this.at + this.frameLength) : this.at);
    const length = end - start;
    /** @type {Times} */
    const times = index ? [at - start < MIN_RANGE_S ? Math.max(0, at - length) : start, at] : [at, end - at < MIN_RANGE_S ? Math.min(this.duration, at + length) : end];
    if (times[1] - times[0] >= MIN_RANGE_S) this.change(this.active, /** @type {Times} */ (times.map(roundToCentiseconds)));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    actOnKey(event, (key, target) => (this.isIn(target) ? this.actionOf(key, target) : undefined));
  }

  /**
   * @param {string} key
   * @param {Element} target
   */
  actionOf(key, target) {
    const isOnRange = this.ranges.length > 1 && Boolean(target.closest(".gifapp-range__block"));
    if (isOnRange && (key === "Delete" || key === "Backspace")) return () => this.remove(this.active);
    /** @type {Record<string, () => void>} */
    const actions = { i: () => this.mark(0), o: () => this.mark(1), s: () => this.split() };
    return actions[key.toLowerCase()];
  }

  // on the timeline, or on the stage above it
  /** @param {Element} target */
  isIn(target) {
    if (!this.duration || target.matches("input, textarea, select")) return false;
    const stage = this.el.closest(".gifapp-editor")?.querySelector(".gifapp-stage__ground");
    return this.el.contains(target) || Boolean(stage?.contains(target));
  }

  /** @param {KeyboardEvent} event */
  pressPlayhead(event) {
    const step = event.shiftKey ? LEAP_S : this.frameLength;
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -LEAP_S, PageUp: LEAP_S, Home: -Infinity, End: Infinity };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    this.seek(Math.min(Math.max(0, this.at + moves[event.key]), this.lastFrame));
  }

  /** @param {{ source: string, at: number }} moment */
  moveOn({ source, at }) {
    if (source !== this.model.get("source_id")) return;
    this.at = at;
    this.showPlayhead();
  }

  showPlayhead() {
    this.playhead.style.left = `${100 * Math.min(1, this.at / this.duration)}%`;
    say(this.playhead, "Playhead", roundToCentiseconds(this.at), this.duration, `${roundToCentiseconds(this.at)} s`);
  }

  /** @param {number} at */
  seek(at) {
    const source = this.model.get("source_id");
    this.moveOn({ source, at });
    tell(this.el, "seek", { source, at });
  }

  /**
   * Calls `move` with the pointer's time until it is lifted.
   * @param {PointerEvent} event
   * @param {HTMLElement} node  which has the focus meanwhile
   * @param {(at: number) => void} move
   */
  follow(event, node, move) {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    node.focus({ preventScroll: true });
    this.track.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} moved */
    const track = (moved) => move(this.timeOf(moved));
    track(event);
    this.track.addEventListener("pointermove", track);
    this.track.addEventListener("lostpointercapture", () => this.track.removeEventListener("pointermove", track), { once: true });
  }

  /** @param {PointerEvent} event */
  timeOf(event) {
    const box = this.track.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * this.duration;
  }

  // around the playhead
  /** @param {number} zoom */
  zoomTo(zoom) {
    this.zoom = Math.min(MAX_ZOOM, Math.max(1, zoom));
    this.lane.style.width = `${100 * this.zoom}%`;
    const middle = (this.at / (this.duration || 1)) * this.lane.scrollWidth;
    this.view.scrollLeft = middle - this.view.clientWidth / 2;
    this.narrower.disabled = this.zoom === 1;
    this.wider.disabled = this.zoom === MAX_ZOOM;
  }

  close() {
    this.strip.close();
  }
}

/**
 * @param {Times[]} ranges
 * @param {number} duration
 */
function shadeOutside(ranges, duration) {
  let end = 0;
  const stops = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > end) stops.push(`${SHADE} ${(100 * end) / duration}% ${(100 * from) / duration}%`);
    stops.push(`transparent ${(100 * Math.max(end, from)) / duration}% ${(100 * to) / duration}%`);
    end = Math.max(end, to);
  }
  return `linear-gradient(to right, ${[...stops, `${SHADE} ${(100 * end) / duration}% 100%`].join(", ")})`;
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const ranges = new Ranges(model, el);
  const take = () => ranges.take();
  const show = () => ranges.show();
  const begin = () => ranges.begin();
  const showProblem = () => ranges.showProblem();
  /** @param {KeyboardEvent} event */
  const press = (event) => ranges.press(event);
  const deafen = heed("playhead", (moment) => ranges.moveOn(moment));
  showProblem();
  ranges.zoomTo(1);
  document.addEventListener("keydown", press, true);
  model.on("change:value", take);
  model.on("change:source_id", begin);
  model.on("change:duration_s change:filmstrip_url", show);
  model.on("change:problem", showProblem);
  return () => {
    deafen();
    ranges.close();
    document.removeEventListener("keydown", press, true);
    model.off("change:value", take);
    model.off("change:source_id", begin);
    model.off("change:duration_s change:filmstrip_url", show);
    model.off("change:problem", showProblem);
  };
}

export default { render };
