import { postRecipe, retryAfterMs } from "../recipe_request.js";

/** @typedef {{ delays_cs: number[], columns: number, tile_width_px: number, tile_height_px: number, jpeg: string }} Strip */
// the service sends `jpeg` in base64; here it is the picture's address

const PAUSE_MS = 250; // changes often come in twos and threes
const RETRY_MS = 2000;
const MAX_HEIGHT_PX = 84;
const MAX_KEPT = 5; // so that an undo shows its frames at once

// Reads the pictures of all frames from the service, again after each change of the recipe.
export class FrameReader {
  /**
   * @param {() => void} onRead
   * @param {(words: string) => void} say
   */
  constructor(onRead, say) {
    this.onRead = onRead;
    this.say = say;
    /** @type {Strip | null} */
    this.strip = null;
    /** @type {Map<string, Strip>} by what was asked for; the last used is last */
    this.kept = new Map();
    this.wanted = "";
    this.request = new AbortController();
    this.timer = 0;
  }

  /**
   * @param {string} address
   * @param {string} recipe  JSON
   */
  read(address, recipe) {
    const path = new URL(address).pathname; // signatures change by themselves
    if (this.wanted === path + recipe) return;
    this.wanted = path + recipe;
    const strip = this.kept.get(this.wanted);
    this.wait(PAUSE_MS, address, recipe);
    if (!strip) return;
    clearTimeout(this.timer);
    this.show(strip);
  }

  /**
   * @param {number} ms
   * @param {string} address
   * @param {string} recipe
   */
  wait(ms, address, recipe) {
    this.request.abort();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(address, recipe), ms);
  }

  /**
   * @param {string} address
   * @param {string} recipe
   */
  async fetch(address, recipe) {
    this.request = new AbortController();
    const { signal } = this.request;
    this.say("Reading the frames…");
    try {
      const response = await postRecipe(address, recipe, signal);
      const retryMs = retryAfterMs(response);
      if (retryMs !== null) return this.wait(retryMs, address, recipe);
      const answer = await response.json();
      signal.throwIfAborted();
      if (response.ok) this.take(answer);
      else this.fail(answer.detail ?? "The frames can't be read.");
    } catch {
      if (signal.aborted) return;
      this.say("The frames can't be read: the server can't be reached.");
      this.wait(RETRY_MS, address, recipe);
    }
  }

  /** @param {Strip} strip */
  take(strip) {
    const bytes = Uint8Array.from(atob(strip.jpeg), (letter) => letter.charCodeAt(0));
    this.show({ ...strip, jpeg: URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) });
  }

  /** @param {Strip} strip  whose picture has an address */
  show(strip) {
    this.kept.delete(this.wanted);
    this.kept.set(this.wanted, strip);
    for (const [wanted, old] of [...this.kept].slice(0, -MAX_KEPT)) {
      URL.revokeObjectURL(old.jpeg);
      this.kept.delete(wanted);
    }
    this.strip = strip;
    this.onRead();
  }

  /** @param {string} words */
  fail(words) {
    this.strip = null;
    this.onRead();
    this.say(words);
  }

  /**
   * The style of an element that shows a frame.
   * @param {number} number
   */
  pictureOf(number) {
    if (!this.strip) return {};
    const { columns, delays_cs, jpeg, tile_width_px, tile_height_px } = this.strip;
    const rows = Math.ceil(delays_cs.length / columns);
    const [row, column] = [Math.floor(number / columns), number % columns];
    const ratio = tile_width_px / tile_height_px;
    return {
      aspectRatio: String(ratio),
      width: `min(100%, ${MAX_HEIGHT_PX * ratio}px)`,
      backgroundImage: `url("${jpeg}")`,
      backgroundSize: `${100 * columns}% ${100 * rows}%`,
      backgroundPosition: `${(100 * column) / Math.max(1, columns - 1)}% ${(100 * row) / Math.max(1, rows - 1)}%`,
    };
  }

  close() {
    this.request.abort();
    clearTimeout(this.timer);
    for (const strip of this.kept.values()) URL.revokeObjectURL(strip.jpeg);
  }
}
