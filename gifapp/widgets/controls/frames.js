import { addressOf, make, numberIn } from "../common.js";
import { allFrames, delayed, duplicated, isUnchanged, MAX_DELAY_CS, moved, movedTo, reversed, thinned, without } from "./frame_edits.js";
import { FrameDrag } from "./frame_drag.js";
import { FrameReader } from "./frame_reader.js";
import { FrameTools } from "./frame_tools.js";

/**
 * @typedef {import("./frame_edits.js").Edit} Edit
 * @typedef {import("./frame_edits.js").Change} Change
 * @typedef {{ page_url: string, strip_url: string | null, is_open: boolean, recipe: string | null, value: Edit[],
 *   max_frames: number }} Traits
 */

let strips = 0; // on the page
const HINT = "Arrow keys move, Shift extends, Space toggles, Delete removes, Ctrl-D duplicates, Alt with arrow keys reorders.";

class Frames {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    /** @type {Edit[]} */
    this.frames = [];
    /** @type {Set<number>} */
    this.selected = new Set();
    this.active = 0; // the place that keys move from
    this.anchor = 0; // where a range of selected places begins
    this.isTouched = false;
    this.reader = new FrameReader(() => this.takeStrip(), (words) => this.say(words));
    this.changes = make("span", { class: "gifapp-form__changes" });
    const title = make("span", { class: "gifapp-form__title", text: "Frames" });
    this.head = make("button", { type: "button", class: "gifapp-form__head", on: { click: () => this.turn() } }, title, this.changes);
    this.status = make("p", { class: "gifapp-frames__status", role: "status" });
    this.id = `gifapp-frames-${++strips}`;
    this.tools = this.makeTools();
    const keys = make("p", { class: "gifapp-unseen", id: `${this.id}-keys`, text: HINT });
    this.list = make("div", { class: "gifapp-frames__list", role: "listbox", tabindex: 0, "aria-label": "Frames", "aria-multiselectable": "true", "aria-describedby": keys.id });
    this.drag = new FrameDrag(this.list, (to) => this.change(movedTo(this.frames, this.selected, to)));
    this.body = make("div", { class: "gifapp-frames__body" }, this.tools.node, this.status, keys, this.list);
    el.classList.add("gifapp-frames");
    el.append(this.head, this.body);
    this.listen();
    this.show();
  }

  makeTools() {
    return new FrameTools({
      remove: () => this.remove(),
      duplicate: () => this.duplicate(),
      move: (by) => this.change(moved(this.frames, this.selected, by)),
      reverse: () => this.change(reversed(this.frames, this.selected)),
      delay: (text) => this.setDelay(text),
      thin: (nth, isKept) => this.thin(numberIn(nth), isKept),
      reset: () => this.change([allFrames(this.count), new Set()]),
    });
  }

  get strip() {
    return this.reader.strip;
  }

  get count() {
    return this.strip?.delays_cs.length ?? 0;
  }

  /** @param {Edit} frame */
  delayOf(frame) {
    return frame.delay_cs ?? this.strip?.delays_cs[frame.number] ?? 0;
  }

  turn() {
    this.model.set("is_open", !this.model.get("is_open"));
    this.model.save_changes();
    this.show();
  }

  show() {
    const isOpen = this.model.get("is_open");
    this.head.setAttribute("aria-expanded", String(isOpen));
    this.body.hidden = !isOpen;
    const listed = this.model.get("value").length;
    this.changes.textContent = listed ? `Edited: ${listed} frame${listed === 1 ? "" : "s"}` : "";
  }

  read() {
    const [url, recipe] = [this.model.get("strip_url"), this.model.get("recipe")];
    if (url && recipe) this.reader.read(addressOf(url, this.model.get("page_url")), recipe);
  }

  takeStrip() {
    this.frames = [];
    this.list.replaceChildren();
    this.take();
  }

  // the list as the kernel has it, for instance after an undo
  take() {
    this.show();
    if (!this.strip) return;
    const value = this.model.get("value");
    const frames = value.length ? value : allFrames(this.count);
    if (JSON.stringify(frames) === JSON.stringify(this.frames)) return;
    this.frames = frames;
    this.selected = new Set([...this.selected].filter((place) => place < frames.length));
    this.active = Math.min(this.active, frames.length - 1);
    this.draw();
    this.say(this.facts);
  }

  /** @param {Change} change */
  change([frames, selected]) {
    if (!frames.length) return this.say("A GIF needs at least one frame.");
    const most = this.model.get("max_frames");
    if (frames.length > most) return this.say(`A GIF can have up to ${most.toLocaleString("en")} frames.`);
    this.frames = frames;
    this.selected = selected;
    this.active = this.anchor = [...selected].at(-1) ?? Math.min(this.active, frames.length - 1);
    this.model.set("value", isUnchanged(frames, this.count) ? [] : frames);
    this.model.save_changes();
    this.show();
    this.draw();
    this.say(this.facts);
  }

  get facts() {
    const total = this.frames.reduce((sum, frame) => sum + this.delayOf(frame), 0);
    const facts = `${this.frames.length} of ${this.count} frames, ${(total / 100).toFixed(2)} s.`;
    return `${facts} ${isUnchanged(this.frames, this.count) ? "Select some to change them." : "Preview shows the changes."}`;
  }

  remove() {
    if (this.selected.size) this.change(without(this.frames, this.selected));
  }

  duplicate() {
    if (this.selected.size) this.change(duplicated(this.frames, this.selected));
  }

  /** @param {string} text  empty: their own delays */
  setDelay(text) {
    const delay = Math.round(numberIn(text) / 10);
    if (text && !(delay >= 2 && delay <= MAX_DELAY_CS)) return this.say(`A delay is 20 to ${(MAX_DELAY_CS * 10).toLocaleString("en")} ms, in steps of 10.`);
    this.change(delayed(this.frames, this.selected, text ? delay : null));
  }

  /**
   * @param {number} nth
   * @param {boolean} isKept
   */
  thin(nth, isKept) {
    if (!(Number.isInteger(nth) && nth > 1)) return this.say("Enter a whole number from 2, such as 3 for every third frame.");
    const places = this.selected.size > 1 ? this.selected : new Set(this.frames.keys());
    this.change(thinned(this.frames, places, { nth, isKept }, (frame) => this.delayOf(frame)));
  }

  draw() {
    this.list.replaceChildren(...this.frames.map((frame, place) => this.makeFrame(frame, place)));
    this.mark();
  }

  /**
   * @param {Edit} frame
   * @param {number} place
   */
  makeFrame(frame, place) {
    const picture = make("span", { class: "gifapp-frames__picture" });
    Object.assign(picture.style, this.reader.pictureOf(frame.number));
    const ms = this.delayOf(frame) * 10;
    const delay = make("span", { class: "gifapp-frames__delay", text: `${ms} ms`, "aria-hidden": "true" });
    delay.classList.toggle("gifapp-frames__delay--set", frame.delay_cs !== null);
    const position = make("span", { text: String(place + 1), "aria-hidden": "true" });
    const label = `Frame ${place + 1} of ${this.frames.length}, ${ms} ms`;
    return make("div", { class: "gifapp-frames__frame", role: "option", id: `${this.id}-${place}`, "aria-label": label }, picture, make("span", { class: "gifapp-frames__words" }, position, delay));
  }

  // shows what is selected, and what can be done with it
  mark() {
    [...this.list.children].forEach((node, place) => {
      node.setAttribute("aria-selected", String(this.selected.has(place)));
      node.classList.toggle("gifapp-frames__frame--active", place === this.active);
    });
    const active = this.list.children[this.active];
    if (active) this.list.setAttribute("aria-activedescendant", active.id);
    active?.scrollIntoView({ block: "nearest", inline: "nearest" });
    const delays_ms = [...this.selected].map((place) => this.delayOf(this.frames[place]) * 10);
    this.tools.show(delays_ms, isUnchanged(this.frames, this.count));
  }

  /**
   * Selects a place as a click or an arrow key does.
   * @param {number} place
   * @param {{ shiftKey?: boolean, isToggling?: boolean }} how
   */
  select(place, { shiftKey = false, isToggling = false } = {}) {
    this.active = place;
    if (shiftKey) {
      const [first, last] = [Math.min(this.anchor, place), Math.max(this.anchor, place)];
      this.selected = new Set(Array.from({ length: last - first + 1 }, (_, step) => first + step));
    } else {
      this.anchor = place;
      if (!isToggling) this.selected = new Set([place]);
      else if (!this.selected.delete(place)) this.selected.add(place);
    }
    this.mark();
  }

  listen() {
    this.list.addEventListener("keydown", (event) => this.press(event));
    this.list.addEventListener("pointerdown", (event) => this.grab(event));
    this.list.addEventListener("click", (event) => this.tap(event));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const act = this.actionOf(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {(() => void) | undefined}
   */
  actionOf(event) {
    const { key, altKey } = event;
    const isCommand = event.ctrlKey || event.metaKey;
    if (isCommand && key === "d") return () => this.duplicate();
    if (isCommand && key === "a") return () => this.selectAll();
    if (isCommand) return undefined;
    if (altKey && (key === "ArrowLeft" || key === "ArrowRight")) return () => this.selected.size && this.change(moved(this.frames, this.selected, key === "ArrowLeft" ? -1 : 1));
    if (altKey) return undefined;
    if (key === "Delete" || key === "Backspace") return () => this.remove();
    if (key === " ") return () => this.select(this.active, { isToggling: true });
    const place = this.placeAfter(key);
    return place === undefined ? undefined : () => this.select(Math.min(Math.max(0, place), this.frames.length - 1), event);
  }

  selectAll() {
    this.selected = new Set(this.frames.keys());
    this.mark();
  }

  /** @param {string} key */
  placeAfter(key) {
    const tops = [...this.list.children].map((node) => /** @type {HTMLElement} */ (node).offsetTop);
    const columns = tops.filter((top) => top === tops[0]).length;
    /** @type {Record<string, number>} */
    const places = { ArrowLeft: this.active - 1, ArrowRight: this.active + 1, ArrowUp: this.active - columns, ArrowDown: this.active + columns, Home: 0, End: this.frames.length - 1 };
    return places[key];
  }

  /** @param {PointerEvent} event */
  grab(event) {
    const place = this.drag.placeAt(event);
    if (place === undefined || event.button) return;
    this.list.focus({ preventScroll: true });
    this.isTouched = event.pointerType === "touch";
    if (this.isTouched) return; // a finger that moves scrolls the list; a tap is a click
    const isToggling = event.ctrlKey || event.metaKey;
    const wasSelected = this.selected.has(place) && !isToggling && !event.shiftKey;
    if (!wasSelected) this.select(place, { shiftKey: event.shiftKey, isToggling });
    this.drag.begin(event, () => wasSelected && this.select(place));
  }

  /** @param {MouseEvent} event */
  tap(event) {
    const place = this.drag.placeAt(event);
    if (this.isTouched && place !== undefined) this.select(place, { isToggling: true });
  }

  /** @param {string} words */
  say(words) {
    this.status.textContent = words;
  }

  close() {
    this.reader.close();
  }
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const frames = new Frames(model, el);
  const show = () => frames.show();
  const take = () => frames.take();
  const read = () => frames.read();
  read();
  model.on("change:is_open", show);
  model.on("change:value", take);
  model.on("change:recipe change:strip_url", read);
  return () => {
    model.off("change:is_open", show);
    model.off("change:value", take);
    model.off("change:recipe change:strip_url", read);
    frames.close();
  };
}

export default { render };
