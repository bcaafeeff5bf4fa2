import { button, make } from "../common.js";
import { drawn, moved, resized, rounded, shaped, SIDES, wholeOf } from "./crop_box.js";
import { swapsSides, turned, turnedBack } from "./turning.js";

/**
 * @typedef {{ x_px: number, y_px: number, width_px: number, height_px: number }} Crop  in the source's pixels
 * @typedef {import("./crop_box.js").Box} Box
 * @typedef {import("./crop_box.js").Side} Side
 * @typedef {import("./crop_box.js").Spot} Spot
 * @typedef {import("./turning.js").Turn} Turn
 */

const LEAP_PX = 10;
/** @type {Record<Side, string>} */
const NAMES = { nw: "top left", n: "top", ne: "top right", e: "right", se: "bottom right", s: "bottom", sw: "bottom left", w: "left" };
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const RATIOS = { Free: "0", "Original": "original", "1:1": "1", "16:9": String(16 / 9), "4:3": String(4 / 3), "9:16": String(9 / 16), "3:4": String(3 / 4) };

// The crop on the stage: what is cut off is dark, and while the tool is on, the rest is moved and resized.
export class Cropper {
  /**
   * @param {HTMLElement} frame  which is pressed
   * @param {HTMLElement} view  of the whole picture, in the frame
   * @param {(crop: Crop | null) => void} onCrop  called with each new crop; null: the whole picture
   */
  constructor(frame, view, onCrop) {
    this.frame = frame;
    this.onCrop = onCrop;
    this.isOn = false;
    this.size = { width_px: 1, height_px: 1 };
    /** @type {Turn} */
    this.turn = { rotate: 0, flip: "none" };
    this.ratio = 0;
    /** @type {Box} */
    this.box = { left: 0, top: 0, right: 1, bottom: 1 };
    /** @type {string[]} what the kernel has not confirmed yet, as JSON; its confirmations come late and in order */
    this.sent = [];
    this.node = make("div", { class: "gifapp-crop", hidden: true, role: "group", "aria-label": "Crop; arrow keys move it, Shift moves it by 10 px" });
    this.handles = SIDES.map((side) => this.makeHandle(side));
    this.node.append(...this.handles);
    this.facts = make("span", { class: "gifapp-crop__facts", role: "status" });
    this.shape = make("select", { class: "gifapp-crop__shape", "aria-label": "Shape of the crop" }, ...Object.entries(RATIOS).map(([text, value]) => make("option", { text, value })));
    this.shape.addEventListener("change", () => this.lock());
    this.clear = button("Clear crop", "quiet", () => this.reset());
    this.done = button("Done", "quiet", () => this.onDone());
    this.tools = make("div", { class: "gifapp-crop__tools", role: "group", "aria-label": "Crop" }, this.shape, this.facts, this.clear, this.done);
    this.onDone = () => {};
    this.onBox = () => {}; // called whenever the rectangle has changed
    view.append(this.node);
    this.listen();
  }

  /** @param {Side} side */
  makeHandle(side) {
    const node = make("button", { type: "button", class: `gifapp-crop__handle gifapp-crop__handle--${side}`, "aria-label": `Resize at the ${NAMES[side]}` });
    node.addEventListener("pointerdown", (event) => this.drag(event, node, ({ x, y }) => resized(this.box, side, { x, y }, this.bounds, this.ratio)));
    node.addEventListener("keydown", (event) => this.press(event, ([across, down]) => this.stepped(side, across, down)));
    return node;
  }

  get bounds() {
    const { width_px: width, height_px: height } = this.size;
    return swapsSides(this.turn) ? { width: height, height: width } : { width, height };
  }

  /**
   * @param {Side} side
   * @param {number} across
   * @param {number} down
   */
  stepped(side, across, down) {
    const at = { x: side.includes("w") ? this.box.left : this.box.right, y: side.includes("n") ? this.box.top : this.box.bottom };
    return resized(this.box, side, { x: at.x + across, y: at.y + down }, this.bounds, this.ratio);
  }

  listen() {
    this.node.addEventListener("pointerdown", (event) => {
      if (!this.isCropped) return; // there is nowhere to move it to: another one is drawn
      const [box, from] = [this.box, this.spotOf(event)];
      this.drag(event, this.node, ({ x, y }) => moved(box, x - from.x, y - from.y, this.bounds));
    });
    this.node.addEventListener("keydown", (event) => this.press(event, ([across, down]) => moved(this.box, across, down, this.bounds)));
    this.frame.addEventListener("pointerdown", (event) => {
      if (!this.isOn) return;
      const from = this.spotOf(event);
      this.drag(event, this.node, (to) => drawn(from, to, this.bounds, this.ratio));
    });
    for (const node of [this.node, this.tools]) node.addEventListener("keydown", (event) => event.key === "Escape" && this.isOn && this.onDone());
  }

  /**
   * @param {Crop | null} crop
   * @param {{ width_px: number, height_px: number }} size  of the source
   * @param {Turn} turn
   */
  show(crop, size, turn) {
    const number = this.sent.indexOf(JSON.stringify(crop));
    this.sent = this.sent.slice(number + 1 || this.sent.length);
    if (this.sent.length) return; // a newer one is on its way
    [this.size, this.turn] = [size, turn];
    const { width_px: width, height_px: height } = size;
    const part = crop && { left: crop.x_px / width, top: crop.y_px / height, right: (crop.x_px + crop.width_px) / width, bottom: (crop.y_px + crop.height_px) / height };
    const shown = part ? turned(part, turn) : wholeOf({ width: 1, height: 1 });
    const { width: across, height: down } = this.bounds;
    this.box = rounded({ left: shown.left * across, top: shown.top * down, right: shown.right * across, bottom: shown.bottom * down });
    this.place();
  }

  /** What the GIF shows of the picture, in shares of it. */
  get part() {
    const { left, top, right, bottom } = this.box;
    const { width, height } = this.bounds;
    return { left: left / width, top: top / height, width: (right - left) / width, height: (bottom - top) / height };
  }

  get isCropped() {
    const { left, top, right, bottom } = this.box;
    return left > 0 || top > 0 || right < this.bounds.width || bottom < this.bounds.height;
  }

  place() {
    const { left, top, right, bottom } = this.box;
    for (const [side, share] of Object.entries(this.part)) this.node.style.setProperty(side, `${100 * share}%`);
    this.onBox();
    const { isCropped } = this;
    this.node.hidden = !this.isOn && !isCropped;
    this.clear.hidden = !isCropped;
    this.node.classList.toggle("gifapp-crop--on", this.isOn);
    this.tools.hidden = !this.isOn && !isCropped;
    for (const part of [this.shape, this.done, ...this.handles]) part.hidden = !this.isOn;
    if (this.isOn) this.node.tabIndex = 0;
    else this.node.removeAttribute("tabindex");
    this.facts.textContent = isCropped || this.isOn ? `${right - left} × ${bottom - top} px` : "";
  }

  /** @param {boolean} isOn */
  toggle(isOn) {
    if (isOn !== this.isOn) [this.ratio, this.shape.value] = [0, "0"];
    this.isOn = isOn;
    this.frame.classList.toggle("gifapp-stage__frame--cropping", isOn);
    this.place();
    if (isOn) this.node.focus({ preventScroll: true });
  }

  lock() {
    const { width, height } = this.bounds;
    this.ratio = this.shape.value === "original" ? width / height : Number(this.shape.value);
    if (this.ratio) this.put(shaped(this.box, this.ratio, this.bounds));
  }

  reset() {
    this.box = wholeOf(this.bounds);
    this.place();
    this.onCrop(null);
    this.onDone();
  }

  /** @param {Box} box */
  put(box) {
    this.box = rounded(box);
    this.place();
    this.send();
  }

  send() {
    const { width, height } = this.bounds;
    const { left, top, right, bottom } = turnedBack({ left: this.box.left / width, top: this.box.top / height, right: this.box.right / width, bottom: this.box.bottom / height }, this.turn);
    const [x, y] = [Math.round(left * this.size.width_px), Math.round(top * this.size.height_px)];
    const crop = { x_px: x, y_px: y, width_px: Math.round(right * this.size.width_px) - x, height_px: Math.round(bottom * this.size.height_px) - y };
    const isWhole = crop.width_px === this.size.width_px && crop.height_px === this.size.height_px;
    this.sent.push(JSON.stringify(isWhole ? null : crop));
    this.onCrop(isWhole ? null : crop);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(by: [number, number]) => Box} change
   */
  press(event, change) {
    const arrow = ARROWS[event.key];
    if (!arrow || !this.isOn) return;
    event.preventDefault();
    event.stopPropagation();
    const px = event.shiftKey ? LEAP_PX : 1;
    this.put(change([px * arrow[0], px * arrow[1]]));
  }

  /**
   * Shows what `change` makes of each place of the pointer, and sends the last.
   * @param {PointerEvent} event
   * @param {HTMLElement} node  which has the focus meanwhile
   * @param {(to: Spot) => Box | null} change
   */
  drag(event, node, change) {
    if (!this.isOn || event.button) return;
    event.preventDefault();
    event.stopPropagation();
    node.focus({ preventScroll: true });
    this.frame.setPointerCapture(event.pointerId);
    const before = this.box;
    /** @param {PointerEvent} moved */
    const follow = (moved) => {
      this.box = rounded(change(this.spotOf(moved)) ?? before);
      this.place();
    };
    const ending = new AbortController();
    /** @param {PointerEvent} released */
    const release = (released) => {
      ending.abort();
      if (released.type === "pointercancel") this.box = before;
      if (this.box === before) this.place();
      else this.send();
    };
    this.frame.addEventListener("pointermove", follow, ending);
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) this.frame.addEventListener(end, release, ending);
  }

  /** @param {PointerEvent} event */
  spotOf(event) {
    const frame = this.frame.getBoundingClientRect();
    const { width, height } = this.bounds;
    return { x: ((event.clientX - frame.left) / frame.width) * width, y: ((event.clientY - frame.top) / frame.height) * height };
  }
}
