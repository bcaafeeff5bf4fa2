import { addressOf, button, make } from "../common.js";
import { Divider } from "../stage/divider.js";
import { makePicture } from "./viewer.js";
import { postRecipe, retryAfterMs } from "../recipe_request.js";

/**
 * @typedef {{ page_url: string, recipe: string | null, is_previewing: boolean }} Traits
 * @typedef {{ id: string, preview_url: string | null }} Previewed
 */

/** @type {Record<string, string>} */
const FORMATS = { "image/webp": "WebP", "image/avif": "AVIF", "image/apng": "APNG", "video/mp4": "MP4", "video/webm": "WebM" };
const PAUSE_MS = 250; // changes often come in twos and threes
const RETRY_MS = 2000;

// A short loop on the stage, made with the recipe by the real encoder, and again after each change. A divider leaves the
// original in sight on its left.
export class Preview {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {(range: [number, number] | null) => void} onLoop  called with the source's times once a loop begins, and
   *   with null once none is shown
   * @param {() => number | null} timeShown  the source's time on the stage, if it plays
   */
  constructor(model, onLoop, timeShown) {
    this.timeShown = timeShown;
    this.model = model;
    this.onLoop = onLoop;
    /** @type {Previewed | undefined} */
    this.source = undefined;
    /** @type {number | null} the source's time; null: the middle of the first range */
    this.at = null;
    this.request = new AbortController();
    this.timer = 0;
    this.toggle = button("Preview", "quiet", () => this.switch(), "play");
    this.toggle.classList.add("gifapp-preview__toggle");
    this.status = make("p", { class: "gifapp-preview__status", role: "status" });
    this.ground = make("div", { class: "gifapp-preview__ground" });
    this.node = make("div", { class: "gifapp-preview", hidden: true });
    this.divider = new Divider(this.node);
    this.node.append(this.ground, this.divider.before, this.divider.after, this.divider.node, this.status);
    this.show();
  }

  get isOn() {
    return this.model.get("is_previewing");
  }

  switch() {
    if (!this.isOn) this.at = this.timeShown() ?? this.at;
    this.model.set("is_previewing", !this.isOn);
    this.model.save_changes();
    this.show();
  }

  /**
   * Shows another source.
   * @param {Previewed} source
   */
  begin(source) {
    this.source = source;
    this.at = null;
    this.forget();
    this.toggle.hidden = !source.preview_url;
  }

  /**
   * Shows what is around another time of the source.
   * @param {number} at  seconds
   */
  look(at) {
    this.at = at;
    this.show();
  }

  // after the recipe, or something else, has changed
  show() {
    this.toggle.setAttribute("aria-pressed", String(this.isOn));
    clearTimeout(this.timer);
    this.request.abort();
    if (!this.isOn) this.forget();
    else if (this.source?.preview_url && this.model.get("recipe")) this.timer = setTimeout(() => this.make(), PAUSE_MS);
  }

  forget() {
    this.replace();
    this.node.hidden = true;
  }

  async make() {
    this.request = new AbortController();
    this.node.hidden = false;
    this.node.classList.add("gifapp-preview--busy");
    this.say("Making a preview…");
    try {
      await this.receive(await this.send(this.request.signal), this.request.signal);
    } catch (error) {
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.fail("No preview: the server can't be reached.");
      this.timer = setTimeout(() => this.make(), RETRY_MS);
    }
  }

  /** @param {AbortSignal} signal */
  send(signal) {
    const address = addressOf(this.source?.preview_url ?? "", this.model.get("page_url"));
    return postRecipe(address, this.model.get("recipe") ?? "{}", signal, { at_s: this.at });
  }

  /**
   * @param {Response} response
   * @param {AbortSignal} signal
   */
  async receive(response, signal) {
    const retryMs = retryAfterMs(response);
    if (retryMs !== null) this.timer = setTimeout(() => this.make(), retryMs);
    else if (!response.ok) this.fail(`No preview: ${await detailOf(response)}`);
    else {
      const file = await response.blob();
      signal.throwIfAborted();
      this.replace(file, rangeOf(response));
      this.say("The preview is ready.", false);
    }
  }

  /** @param {string} words */
  fail(words) {
    this.replace();
    this.say(words);
  }

  /**
   * @param {string} words
   * @param {boolean} [isShown]  otherwise for screen readers only
   */
  say(words, isShown = true) {
    this.status.classList.toggle("gifapp-unseen", !isShown);
    this.status.textContent = words;
  }

  /**
   * @param {Blob} [file]
   * @param {[number, number] | null} [range]  of the source, in seconds
   */
  replace(file, range = null) {
    for (const old of this.ground.querySelectorAll("img, video")) URL.revokeObjectURL(/** @type {HTMLImageElement} */ (old).src);
    this.node.classList.remove("gifapp-preview--busy");
    this.node.classList.toggle("gifapp-preview--empty", !file);
    if (!file) {
      this.ground.replaceChildren();
      return this.onLoop(null);
    }
    this.divider.name(FORMATS[file.type] ?? "GIF");
    const media = makePicture(file.type.startsWith("video/") ? "video" : "img");
    media.className = "gifapp-preview__picture";
    if (media instanceof HTMLImageElement) media.alt = "A short loop of the GIF, as it will look";
    const begun = media instanceof HTMLImageElement ? "load" : "loadeddata";
    media.addEventListener(begun, () => media.isConnected && this.onLoop(range), { once: true });
    media.src = URL.createObjectURL(file);
    this.ground.replaceChildren(media);
  }
}

/** @param {Response} response */
function rangeOf(response) {
  const [start, end] = (response.headers.get("Preview-Range") ?? "").split("-").map(Number);
  return end > start ? /** @type {[number, number]} */ ([start, end]) : null;
}

/** @param {Response} response  with problem details (RFC 9457) */
async function detailOf(response) {
  const problem = await response.json().catch(() => ({}));
  return problem.detail ?? "the server failed.";
}
