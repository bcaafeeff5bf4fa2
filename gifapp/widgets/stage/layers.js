import { addressOf, make } from "../common.js";
import { columnRow, cornerAt, nearestPosition, positionAt } from "./layer_places.js";
import { postRecipe, retryAfterMs } from "../recipe_request.js";

/**
 * @typedef {import("./layer_places.js").Size} Size
 * @typedef {{ part: string, start_s: number, end_s: number | null, x_px: number, y_px: number, width_px: number,
 *   height_px: number, png: string }} Picture  see `LayerView` of the API
 * @typedef {{ width_px: number, height_px: number, layers: Picture[], notes: string[] }} Drawn
 * @typedef {{ text: string, start_s: number, end_s: number | null, position: string }} Caption
 * @typedef {{ position: string, scale: number, opacity: number }} Overlay
 * @typedef {{ captions: Caption[], overlay: Overlay | null }} Texts
 */

const DRAW_AFTER_MS = 60; // keys come in twos and threes
const DRAW_AGAIN_MS = 2000;
const REMEMBERED = 12; // drawings
/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// One picture on the stage. It is moved and timed at once, and drawn again when the server has it.
class Layer {
  /**
   * @param {Picture} picture
   * @param {Texts} texts  that it was drawn for
   * @param {Size} gif
   */
  constructor(picture, texts, gif) {
    this.picture = picture;
    this.gif = gif;
    this.drawn = detailsOf(picture.part, texts);
    this.now = this.drawn;
    this.image = make("img", { src: `data:image/png;base64,${picture.png}`, alt: "", draggable: "false" });
    this.node = make("div", { class: "gifapp-layer", hidden: true, data: { part: picture.part } }, this.image);
    if (!this.drawn) return;
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "group");
  }

  /** @param {Texts} texts */
  update(texts) {
    this.now = detailsOf(this.picture.part, texts);
    this.place();
  }

  place() {
    const { drawn, now, picture } = this;
    const scale = drawn && now?.scale && drawn.scale ? now.scale / drawn.scale : 1;
    const size = { width_px: picture.width_px * scale, height_px: picture.height_px * scale };
    const isMoved = drawn && now && (drawn.position !== now.position || scale !== 1);
    this.put(isMoved ? cornerAt(now.position, size, this.gif) : picture, size);
    this.node.style.opacity = drawn && now?.opacity != null && drawn.opacity ? String(now.opacity / drawn.opacity) : "";
    if (now) this.node.setAttribute("aria-label", `${now.name}, ${wordsOf(now.position)}; arrow keys move it`);
  }

  /**
   * @param {{ x_px: number, y_px: number }} corner
   * @param {Size} size
   */
  put({ x_px, y_px }, { width_px, height_px }) {
    const { width_px: width, height_px: height } = this.gif;
    const share = { left: x_px / width, top: y_px / height, width: width_px / width, height: height_px / height };
    for (const [name, value] of Object.entries(share)) this.node.style.setProperty(name, `${100 * value}%`);
  }

  /**
   * Shows it if it is visible at a time of the GIF.
   * @param {number | null} at  null: outside the GIF
   */
  showAt(at) {
    const { drawn, now, picture } = this;
    if (drawn && !now) this.node.hidden = true; // it was removed
    else {
      const isRetimed = drawn && now && (drawn.start_s !== now.start_s || drawn.end_s !== now.end_s);
      const { start_s, end_s } = isRetimed ? now : picture;
      this.node.hidden = at === null || at < start_s - 0.005 || (end_s !== null && at >= end_s - 0.005);
    }
  }
}

/**
 * What moves and times a layer's picture; undefined: nothing does, or it was removed.
 * @param {string} part
 * @param {Texts} texts
 */
function detailsOf(part, { captions, overlay }) {
  const none = { start_s: 0, end_s: /** @type {number | null} */ (null), scale: 0, opacity: /** @type {number | null} */ (null) };
  if (part === "overlay") return overlay ? { ...none, ...overlay, name: "Overlay" } : undefined;
  const caption = part.startsWith("captions.") ? captions[Number(part.slice("captions.".length))] : undefined;
  return caption && { ...none, ...caption, name: `Caption “${caption.text}”` };
}

/** @param {string} position */
const wordsOf = (position) => position.replace("_", " ");

// The captions, subtitles and the overlay on the stage: drawn by the engine on the server, shown at their times, and
// moved by drag or by arrow keys to one of the nine positions.
export class Layers {
  /**
   * @param {() => string} pageUrl
   * @param {(part: string, position: string) => void} onPlace  called when somebody has moved one
   * @param {() => void} onNotes  called after `notes` have changed
   */
  constructor(pageUrl, onPlace, onNotes) {
    this.pageUrl = pageUrl;
    this.onPlace = onPlace;
    this.onNotes = onNotes;
    /** @type {Layer[]} */
    this.layers = [];
    /** @type {Texts} */
    this.texts = { captions: [], overlay: null };
    /** @type {Map<string, Drawn>} by address and recipe */
    this.drawings = new Map();
    /** @type {string[]} what is not shown */
    this.notes = [];
    this.wanted = "";
    /** @type {number | null} */
    this.at = 0;
    this.timer = 0;
    this.request = new AbortController();
    this.status = make("p", { class: "gifapp-unseen", "aria-live": "polite" });
    this.node = make("div", { class: "gifapp-layers" });
  }

  /**
   * Draws the layers of another recipe, or of another source.
   * @param {string | null | undefined} url
   * @param {string | null | undefined} recipe  as JSON; null: there are none
   */
  draw(url, recipe) {
    const wanted = url && recipe ? `${addressOf(url, this.pageUrl())} ${recipe}` : "";
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    clearTimeout(this.timer);
    this.request.abort();
    const drawing = this.drawings.get(wanted);
    if (!wanted || drawing) this.show(drawing ?? { width_px: 1, height_px: 1, layers: [], notes: [] });
    else this.timer = setTimeout(() => this.fetch(wanted), DRAW_AFTER_MS);
  }

  /** @param {string} wanted */
  async fetch(wanted) {
    this.request = new AbortController();
    const [address, recipe] = [wanted.slice(0, wanted.indexOf(" ")), wanted.slice(wanted.indexOf(" ") + 1)];
    try {
      const response = await postRecipe(address, recipe, this.request.signal);
      const retryMs = retryAfterMs(response);
      if (response.ok) this.keep(wanted, await response.json());
      else if (retryMs !== null) this.again(wanted, retryMs);
      else this.show({ width_px: 1, height_px: 1, layers: [], notes: [] }); // the form says what is wrong
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.again(wanted);
    }
  }

  /**
   * @param {string} wanted
   * @param {number} ms
   */
  again(wanted, ms = DRAW_AGAIN_MS) {
    if (wanted === this.wanted) this.timer = setTimeout(() => this.fetch(wanted), ms);
  }

  /**
   * @param {string} wanted
   * @param {Drawn} drawing
   */
  keep(wanted, drawing) {
    this.drawings.set(wanted, drawing);
    for (const oldest of [...this.drawings.keys()].slice(0, -REMEMBERED)) this.drawings.delete(oldest);
    if (wanted === this.wanted) this.show(drawing);
  }

  /** @param {Drawn} drawing */
  show(drawing) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest(".gifapp-layer"))?.dataset.part;
    const drawnFor = this.wanted ? JSON.parse(this.wanted.slice(this.wanted.indexOf(" "))) : this.texts;
    this.layers = drawing.layers.map((picture) => new Layer(picture, drawnFor, drawing));
    for (const layer of this.layers) if (layer.drawn) this.makeMovable(layer);
    this.node.replaceChildren(...this.layers.map((layer) => layer.node));
    this.update(this.texts);
    if (focused) this.layers.find((layer) => layer.picture.part === focused)?.node.focus({ preventScroll: true });
    this.notes = drawing.notes;
    this.onNotes();
  }

  /** @param {Texts} texts */
  update(texts) {
    this.texts = texts;
    for (const layer of this.layers) layer.update(texts);
    this.showAt(this.at);
  }

  /** @param {number | null} at  seconds of the GIF */
  showAt(at) {
    this.at = at;
    for (const layer of this.layers) layer.showAt(at);
  }

  /**
   * Shows a slider's position before the kernel knows it.
   * @param {string} path  of the recipe's field
   * @param {number} value
   */
  slide(path, value) {
    const { overlay } = this.texts;
    const [part, name] = path.split(".");
    if (part === "overlay" && overlay) this.update({ ...this.texts, overlay: { ...overlay, [name]: value } });
  }

  /** @param {Layer} layer */
  makeMovable(layer) {
    layer.node.addEventListener("pointerdown", (event) => this.drag(event, layer));
    layer.node.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (!step || !layer.now || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      const [column, row] = columnRow(layer.now.position);
      this.move(layer, positionAt(column + step[0], row + step[1]));
    });
  }

  /**
   * @param {Layer} layer
   * @param {string} position
   */
  move(layer, position) {
    if (!layer.now) return;
    layer.now = { ...layer.now, position };
    layer.place();
    this.status.textContent = `Moved to: ${wordsOf(position)}.`;
    this.onPlace(layer.picture.part, position);
  }

  /**
   * @param {PointerEvent} event
   * @param {Layer} layer
   */
  drag(event, layer) {
    if (event.button || !layer.now) return;
    event.preventDefault();
    event.stopPropagation();
    const { node } = layer;
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    const [ground, box] = [this.node.getBoundingClientRect(), node.getBoundingClientRect()];
    const scale = layer.gif.width_px / ground.width;
    const size = { width_px: box.width * scale, height_px: box.height * (layer.gif.height_px / ground.height) };
    const from = { x_px: (box.left - ground.left) * scale, y_px: (box.top - ground.top) * (layer.gif.height_px / ground.height) };
    let corner = from;
    const ending = new AbortController();
    /** @param {PointerEvent} moved */
    const follow = (moved) => {
      corner = { x_px: from.x_px + (moved.clientX - event.clientX) * scale, y_px: from.y_px + (moved.clientY - event.clientY) * scale };
      this.node.classList.add("gifapp-layers--moving");
      layer.put(corner, size);
    };
    /** @param {boolean} isDropped */
    const end = (isDropped) => {
      ending.abort();
      this.node.classList.remove("gifapp-layers--moving");
      if (isDropped && corner !== from) this.move(layer, nearestPosition(corner, size, layer.gif));
      else layer.place();
    };
    node.addEventListener("pointermove", follow, ending);
    node.addEventListener("pointerup", () => end(true), ending);
    node.addEventListener("pointercancel", () => end(false), ending);
    node.addEventListener("keydown", (key) => key.key === "Escape" && end(false), ending);
  }

  close() {
    clearTimeout(this.timer);
    this.request.abort();
  }
}
