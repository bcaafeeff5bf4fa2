import { make } from "../common.js";

const STEP = 5; // percent
const LEAP = 25;

// The line between the original, on the left, and the GIF: moved by drag and by keys.
export class Divider {
  /** @param {HTMLElement} ground  gets its position as `--share` */
  constructor(ground) {
    this.ground = ground;
    this.share = 50;
    const labels = { "aria-label": "Divider: original on the left, GIF on the right", "aria-valuemin": 0, "aria-valuemax": 100 };
    this.node = make("div", { class: "gifapp-divider", role: "slider", tabindex: 0, "aria-orientation": "horizontal", ...labels });
    this.before = make("span", { class: "gifapp-divider__label gifapp-divider__label--before", "aria-hidden": "true", text: "Original" });
    this.after = make("span", { class: "gifapp-divider__label gifapp-divider__label--after", "aria-hidden": "true" });
    this.node.addEventListener("keydown", (event) => this.press(event));
    this.node.addEventListener("pointerdown", (event) => this.drag(event));
    this.name("GIF");
    this.put(this.share);
  }

  /** @param {string} format  of the right side */
  name(format) {
    this.after.textContent = format;
  }

  /** @param {number} share  percent of the width that shows the original */
  put(share) {
    this.share = Math.min(100, Math.max(0, share));
    this.ground.style.setProperty("--share", `${this.share}%`);
    const rounded = Math.round(this.share);
    this.node.setAttribute("aria-valuenow", String(rounded));
    this.node.setAttribute("aria-valuetext", `${rounded} % original, ${100 - rounded} % GIF`);
    this.before.hidden = this.share < 12;
    this.after.hidden = this.share > 88;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    /** @type {Record<string, number>} */
    const places = { Home: 0, End: 100, ArrowLeft: this.share - STEP, ArrowRight: this.share + STEP, PageDown: this.share - LEAP, PageUp: this.share + LEAP };
    const place = places[event.key];
    if (place === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.put(place);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (event.button) return;
    event.preventDefault();
    event.stopPropagation();
    this.node.focus({ preventScroll: true });
    this.node.setPointerCapture(event.pointerId);
    const ending = new AbortController();
    /** @param {PointerEvent} moved */
    const follow = (moved) => {
      const { left, width } = this.ground.getBoundingClientRect();
      this.put((100 * (moved.clientX - left)) / width);
    };
    this.node.addEventListener("pointermove", follow, ending);
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) this.node.addEventListener(end, () => ending.abort(), ending);
  }
}
