import { make } from "../common.js";
import { LookFilter } from "./look_filter.js";
import { swapsSides, transformOf } from "./turning.js";

/**
 * @typedef {import("./turning.js").Turn & { look: import("./look_filter.js").Look & { fade_in_s: number, fade_out_s: number },
 *   gif_scale: number, background: string | null, step_s: number }} Shape
 *   `gif_scale`: pixels of the GIF in one of the source; `step_s`: how long its frames last, 0 if they differ
 */

/**
 * The light of a fade.
 * @param {number} passed  seconds
 * @param {number} whole
 */
const share = (passed, whole) => (whole ? Math.min(1, Math.max(0, passed) / whole) : 1);

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
    this.node.style.background = shape.background ?? "";
    this.show();
  }

  /**
   * Shows the fades as they are at a time of the GIF, on its frames.
   * @param {number | null} at  null: outside the GIF
   * @param {number} length  of the GIF, in seconds
   */
  fade(at, length) {
    if (!this.shape?.look) return;
    const { step_s: step, look } = this.shape;
    const { fade_in_s: fadeIn, fade_out_s: fadeOut } = { ...look, ...this.slid };
    if (at === null || !(fadeIn || fadeOut)) return void (this.node.style.filter = "");
    const begin = step ? step * Math.floor(at / step + 1e-6) : at;
    const light = share(begin, fadeIn) * share(length - begin - step, fadeOut);
    this.node.style.filter = light < 1 ? `brightness(${light.toFixed(4)})` : "";
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
