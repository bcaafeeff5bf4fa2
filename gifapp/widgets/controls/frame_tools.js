import { button, make } from "../common.js";

/**
 * @typedef {{ remove: () => void, duplicate: () => void, move: (by: -1 | 1) => void, reverse: () => void,
 *   delay: (text: string) => void, thin: (nth: string, isKept: boolean) => void, reset: () => void }} Actions
 */

// The buttons and fields that change the selected frames.
export class FrameTools {
  /** @param {Actions} actions */
  constructor(actions) {
    const removal = button("Delete", "quiet", actions.remove, "delete");
    const copying = button("Duplicate", "quiet", actions.duplicate, "plus");
    const earlier = button("Move left", "icon", () => actions.move(-1), "back");
    const later = button("Move right", "icon", () => actions.move(1), "forward");
    this.turning = button("Reverse selection", "quiet", actions.reverse);
    this.delay = numberField("", () => actions.delay(this.delay.value.trim()));
    const nth = numberField("2", () => {});
    const keeping = button("Keep", "quiet", () => actions.thin(nth.value, true));
    const dropping = button("Drop", "quiet", () => actions.thin(nth.value, false));
    keeping.title = "Keep every nth frame, and the duration";
    dropping.title = "Drop every nth frame, and keep the duration";
    const thinning = make("div", { class: "gifapp-frames__field", role: "group", "aria-label": "Every nth frame" }, labelled("Every nth frame, n =", nth), keeping, dropping);
    this.reset = button("Reset", "text", actions.reset, "undo");
    this.ofSelected = [removal, copying, earlier, later, this.delay];
    const delay = labelled("Delay (ms)", this.delay);
    const looks = { class: "gifapp-frames__tools", role: "group", "aria-label": "Change frames" };
    this.node = make("div", looks, removal, copying, earlier, later, this.turning, delay, thinning, this.reset);
  }

  /**
   * @param {number[]} delays_ms  of the selected frames
   * @param {boolean} isUnchanged  whether all frames are as they were
   */
  show(delays_ms, isUnchanged) {
    for (const tool of this.ofSelected) tool.disabled = !delays_ms.length;
    this.turning.disabled = delays_ms.length < 2;
    this.reset.disabled = isUnchanged;
    const isOne = new Set(delays_ms).size === 1;
    this.delay.value = isOne ? String(delays_ms[0]) : "";
    this.delay.placeholder = !isOne && delays_ms.length ? "several" : "";
  }
}

/**
 * @param {string} value
 * @param {() => void} onChange
 */
const numberField = (value, onChange) => make("input", { type: "text", inputmode: "numeric", class: "gifapp-frames__number", value, on: { change: onChange } });

/**
 * @param {string} words
 * @param {HTMLInputElement} field
 */
const labelled = (words, field) => make("label", { class: "gifapp-frames__field" }, words, field);
