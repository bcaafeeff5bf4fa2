import { make } from "../common.js";
import { LookFilter } from "./look_filter.js";
import { swapsSides, transformOf } from "./turning.js";

/**
 * @typedef {import("./turning.js").Turn & { look: import("./look_filter.js").Look, gif_scale: number }} Shape
 *   `gif_scale`: pixels of the GIF in one of the source
 */

const SETTLED_MS = 600; // by then the kernel has the last position of a slider

// The source's picture as the GIF will have it: filtered, rotated and flipped by the browser, at once.
export class LiveLook {
  /** @param {...HTMLElement} pictures */
  constructor(...pictures) {
    this.filter = new LookFilter();
    this.pictures = make("div", { class: "gifapp-stage__filtered" }, ...pictures);
    this.node = make("div", { class: "gifapp-stage__turned" }, this.pictures);
    this.node.append(this.filter.node);
    this.width_px = 1;
    /** @type {Shape | undefined} */
    this.shape = undefined;
    /** @type {Partial<import("./look_filter.js").Look>} what sliders show that the kernel may not know yet */
    this.slid = {};
    this.settling = 0;
    this.resizing = new ResizeObserver(() => this.show());
    this.resizing.observe(this.node);
  }

  /**
   * @param {Shape} shape
   * @param {{ width_px: number, height_px: number }} source
   */
  set(shape, { width_px, height_px }) {
    this.shape = shape;
    this.width_px = width_px;
    const [across, down] = swapsSides(shape) ? [width_px / height_px, height_px / width_px] : [1, 1];
    Object.assign(this.node.style, { width: `${100 * across}%`, height: `${100 * down}%`, transform: `translate(-50%, -50%) ${transformOf(shape)}` });
    this.show();
  }

  /**
   * Shows a slider's position before the kernel knows it.
   * @param {string} path  of the recipe's field
   * @param {number} value
   */
  slide(path, value) {
    const [part, name] = path.split(".");
    if (part !== "look") return;
    this.slid = { ...this.slid, [name]: value };
    this.show();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      this.slid = {};
      this.show();
    }, SETTLED_MS);
  }

  show() {
    if (!this.shape?.look) return;
    const scale = this.node.clientWidth / (this.width_px * this.shape.gif_scale);
    this.pictures.style.filter = this.filter.show({ ...this.shape.look, ...this.slid }, scale);
  }

  close() {
    clearTimeout(this.settling);
    this.resizing.disconnect();
  }
}
