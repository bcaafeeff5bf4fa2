import { actOnKey, addressOf, button, liveImage, make, wantsLessMotion } from "../common.js";
import { heed, tell } from "../moments.js";
import { Cropper } from "../stage/cropper.js";
import { Layers } from "../stage/layers.js";
import { LiveLook } from "../stage/live_look.js";
import { Player } from "../stage/player.js";
import { Transport } from "../stage/transport.js";
import { swapsSides } from "../stage/turning.js";
import { EditableName } from "./name.js";
import { Preview } from "./preview.js";

/**
 * @typedef {import("../stage/player.js").Film & { name: string, facts: string[], notes: string[],
 *   poster_url: string | null, preview_url: string | null, layers_url: string | null }} Source
 * @typedef {import("../stage/live_look.js").Shape & import("../stage/play_order.js").Order & import("../stage/layers.js").Texts} Shown
 * @typedef {import("../stage/cropper.js").Crop} Crop
 * @typedef {{ page_url: string, sources: Source[], selected: string | null, gifs: Record<string, number>, crop: Crop,
 *   shown: Shown, can_undo: boolean, can_redo: boolean,
 *   recipe: string | null, layers_recipe: string | null, is_previewing: boolean }} Traits
 */

class Stage {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.picture = make("img", { class: "gifapp-stage__picture", decoding: "async", draggable: "false" });
    this.live = liveImage(this.picture);
    this.shown = ""; // the source's id
    this.ratio = 1; // of the picture's width to its height
    this.player = new Player(() => model.get("page_url"), (at) => this.showTime(at), () => this.showPlaying(), (address) => this.live(address));
    this.transport = new Transport(this.player, () => this.toggle());
    this.preview = new Preview(model, (range) => this.loop(range), () => (this.player.canPlay ? this.player.at : null));
    this.look = new LiveLook(this.picture, this.player.node);
    this.layers = new Layers(() => model.get("page_url"), (id, position) => model.send({ type: "place", id, position }), () => this.showNotes());
    this.view = make("div", { class: "gifapp-stage__view" }, this.look.node, this.layers.node);
    this.frame = make("div", { class: "gifapp-stage__frame", tabindex: 0, role: "group" }, this.view);
    this.cropper = new Cropper(this.frame, this.view, (crop) => this.model.send({ type: "crop", crop }));
    this.cropper.onDone = () => this.setCropping(false);
    this.cropper.onBox = () => this.showPart();
    this.frame.append(this.preview.node, this.layers.status);
    const heading = make("h2", { class: "gifapp-stage__name", dir: "auto" });
    this.name = new EditableName(heading, "Rename this video", (name) => model.send({ type: "rename", id: this.shown, name }));
    this.facts = make("p", { class: "gifapp-facts" });
    this.notes = make("ul", { class: "gifapp-stage__notes" });
    this.tools = make("div", { class: "gifapp-stage__tools" });
    this.strip = make("div", { class: "gifapp-stage__strip", role: "group", "aria-label": "Your videos" });
    /** @type {HTMLButtonElement[]} */
    this.thumbs = [];
    el.classList.add("gifapp-stage");
    const words = make("div", { class: "gifapp-stage__words" }, this.name.node, this.facts);
    this.header = make("div", { class: "gifapp-stage__header" }, words, this.tools);
    const controls = make("div", { class: "gifapp-stage__controls" }, this.transport.node, this.cropper.tools, this.preview.toggle);
    this.ground = make("div", { class: "gifapp-stage__ground" }, this.frame, controls);
    el.append(this.strip, this.header, this.notes, this.ground);
    this.cropping = button("Crop", "icon", () => this.setCropping(!this.cropper.isOn), "crop");
    this.undo = button("Undo", "icon", () => this.model.send({ type: "undo" }), "undo");
    this.redo = button("Redo", "icon", () => this.model.send({ type: "redo" }), "redo");
    this.removal = button("Remove this video", "icon", () => this.confirmRemoval(), "delete");
    this.showTools();
    this.frame.addEventListener("pointerdown", () => this.frame.focus({ preventScroll: true }));
    this.show();
  }

  get source() {
    return this.model.get("sources").find((source) => source.id === this.model.get("selected"));
  }

  showTools() {
    this.tools.replaceChildren(this.undo, this.redo, this.cropping, this.removal);
  }

  showSteps() {
    this.undo.disabled = !this.model.get("can_undo");
    this.redo.disabled = !this.model.get("can_redo");
  }

  // Keys without a modifier act only where the focus is on the stage or the timeline, not while someone reads the page.
  /** @param {KeyboardEvent} event */
  pressPlain(event) {
    actOnKey(event, (key, target) => (this.isOnStage(target) ? this.actionOf(key, target) : undefined));
  }

  /**
   * @param {string} key
   * @param {Element} target
   */
  actionOf(key, target) {
    if (key === " " && !target.closest("button")) return () => this.toggle();
    if (key === ",") return () => this.player.step(-1);
    return key === "." ? () => this.player.step(1) : undefined;
  }

  /** @param {Element} target */
  isOnStage(target) {
    if (target.matches("input, textarea, select")) return false;
    return this.ground.contains(target) || Boolean(target.closest(".gifapp-ranges") && this.isIn(target));
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    const target = /** @type {Element} */ (event.target);
    // a text field has an undo of its own, other pages of JupyterLab theirs
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    if (target.matches("input[type=text], input[type=number], textarea") || !this.isIn(target)) return;
    event.preventDefault();
    event.stopPropagation();
    (event.shiftKey ? this.redo : this.undo).click();
  }

  /** @param {Element} target */
  isIn(target) {
    const editor = this.frame.closest(".gifapp-editor");
    return target === document.body || Boolean(editor?.contains(target));
  }

  show() {
    this.showSteps();
    this.showStrip();
    const source = this.source;
    if (!source) return;
    if (this.shown !== source.id) this.begin(source);
    this.name.show(source.name);
    this.facts.replaceChildren(...source.facts.map((text) => make("span", { text })));
    this.showNotes();
    this.picture.alt = `A picture of ${source.name}`;
    this.frame.setAttribute("aria-label", `The stage, showing ${source.name}`);
    this.showCrop();
  }

  showNotes() {
    const notes = [...(this.source?.notes ?? []), ...this.layers.notes];
    this.notes.replaceChildren(...notes.map((text) => make("li", { text })));
  }

  /** @param {Source} source */
  begin(source) {
    this.shown = source.id;
    this.setCropping(false);
    this.showTools();
    this.preview.begin(source);
    this.player.begin(source);
    this.showRecipe();
    this.showLayers();
    this.picture.removeAttribute("src"); // of another video
    this.picture.hidden = !source.poster_url;
    if (source.poster_url) this.live(this.addressOf(source.poster_url));
  }

  get turn() {
    const { rotate = 0, flip = "none" } = this.model.get("shown");
    return { rotate, flip };
  }

  showRecipe() {
    const { speed = 1, direction = "forward", crossfade_s = 0, ranges, captions = [], overlay = null } = this.model.get("shown");
    if (ranges) this.player.setOrder({ speed, direction, crossfade_s, ranges });
    this.transport.show();
    if (this.source) this.showShape(this.source);
    this.layers.update({ captions, overlay });
    this.showTime(this.player.at);
  }

  showLayers() {
    this.layers.draw(this.source?.layers_url, this.model.get("layers_recipe"));
  }

  /** @param {Source} source */
  showShape(source) {
    const [width, height] = swapsSides(this.turn) ? [source.height_px, source.width_px] : [source.width_px, source.height_px];
    this.ratio = width / height;
    this.look.set({ ...this.model.get("shown"), ...this.turn }, source);
    this.showCrop();
  }

  // the layers lie on the part that the GIF shows, and the preview shows nothing else
  showPart() {
    const { part } = this.cropper;
    for (const [side, share] of Object.entries(part)) this.layers.node.style.setProperty(side, `${100 * share}%`);
    const isClose = this.preview.isOn && !this.cropper.isOn;
    this.frame.classList.toggle("gifapp-stage__frame--close", isClose);
    const { left, top, width, height } = isClose ? part : { left: 0, top: 0, width: 1, height: 1 };
    const view = { left: -left / width, top: -top / height, width: 1 / width, height: 1 / height };
    for (const [side, share] of Object.entries(view)) this.view.style.setProperty(side, `${100 * share}%`);
    const ratio = (this.ratio * width) / height;
    this.frame.style.aspectRatio = String(ratio);
    this.frame.style.setProperty("--ratio", String(ratio));
  }

  showPlaying() {
    this.transport.show();
    this.look.node.classList.toggle("gifapp-stage__turned--playing", this.player.canPlay === true);
  }

  toggle() {
    if (!this.preview.isOn) return this.player.toggle();
    const isLooping = this.player.isPlaying;
    this.preview.switch();
    if (isLooping) this.player.pause();
    else this.player.play();
  }

  // the original plays what the preview shows
  /** @param {[number, number] | null} range */
  loop(range) {
    if (!range) this.player.unloop();
    else if (!wantsLessMotion() && this.player.canPlay) this.player.loop(range);
  }

  showPreview() {
    if (this.preview.isOn) this.player.pause();
    this.preview.show();
    this.showPart();
  }

  /** @param {number} at */
  showTime(at) {
    this.transport.showTime(at);
    const time = this.player.gifTime;
    this.layers.showAt(time);
    this.look.fade(time, this.player.gifLength);
    tell(this.frame, "playhead", { source: this.shown, at });
  }

  /** @param {{ source: string, at: number }} moment */
  seek({ source, at }) {
    if (source !== this.shown) return;
    this.player.look(at);
    this.preview.look(at);
  }

  /**
   * @param {string} path
   * @param {number} value
   */
  slide(path, value) {
    this.look.slide(path, value);
    this.layers.slide(path, value);
  }

  /** @param {{ source: string, ranges: [number, number][] }} cuts */
  cutTo({ source, ranges }) {
    if (source === this.shown) this.player.setOrder({ ranges });
  }

  showStrip() {
    const sources = this.model.get("sources");
    const focused = this.thumbs.find((thumb) => thumb === document.activeElement)?.dataset.id;
    this.strip.hidden = sources.length < 2;
    this.thumbs = sources.map((source) => this.makeThumb(source));
    this.strip.replaceChildren(...this.thumbs);
    if (focused) this.thumbs.find((thumb) => thumb.dataset.id === focused)?.focus();
  }

  /** @param {Source} source */
  makeThumb(source) {
    const isChosen = source.id === this.model.get("selected");
    const choose = () => this.model.send({ type: "choose", id: source.id });
    const picture = source.poster_url ? [make("img", { src: this.addressOf(source.poster_url), alt: "", loading: "lazy" })] : [];
    const labels = { "aria-label": source.name, title: source.name, "aria-pressed": String(isChosen) };
    return make("button", { type: "button", class: "gifapp-stage__thumb", ...labels, data: { id: source.id }, on: { click: choose } }, ...picture);
  }

  confirmRemoval() {
    const keep = () => {
      this.showTools();
      this.removal.focus();
    };
    const yes = button("Remove", "danger", () => {
      this.model.send({ type: "remove", id: this.shown });
      this.showTools();
    });
    const question = make("p", { class: "gifapp-stage__question", text: `Remove this video? ${this.consequence}` });
    const answers = make("div", { class: "gifapp-stage__answers", role: "group", "aria-label": "Remove this video?" }, question, yes, button("Cancel", "quiet", keep));
    answers.addEventListener("keydown", (event) => event.key === "Escape" && keep());
    this.tools.replaceChildren(answers);
    yes.focus();
  }

  get consequence() {
    const count = this.model.get("gifs")[this.shown] ?? 0;
    if (!count) return "No GIFs were made from it.";
    return count === 1 ? "Its GIF is kept, but can't be remade." : `Its ${count} GIFs are kept, but can't be remade.`;
  }

  /** @param {boolean} isOn */
  setCropping(isOn) {
    if (this.cropper.isOn && !isOn) this.cropping.focus();
    this.cropper.toggle(isOn);
    this.cropping.setAttribute("aria-pressed", String(isOn));
    this.showPart();
  }

  showCrop() {
    const crop = this.model.get("crop");
    if (this.source) this.cropper.show(crop.width_px ? crop : null, this.source, this.turn);
  }

  /** @param {string} path */
  addressOf(path) {
    return addressOf(path, this.model.get("page_url"));
  }
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const stage = new Stage(model, el);
  const show = () => stage.show();
  const showCrop = () => stage.showCrop();
  const showRecipe = () => stage.showRecipe();
  const deafen = [
    heed("seek", (moment) => stage.seek(moment)),
    heed("ranges", (cuts) => stage.cutTo(cuts)),
    heed("slide", ({ path, value }, from) => stage.isIn(/** @type {Element} */ (from)) && stage.slide(path, value)),
  ];
  model.on("change:sources change:selected", show);
  const showSteps = () => stage.showSteps();
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    stage.press(event);
    stage.pressPlain(event);
  };
  document.addEventListener("keydown", press, true);
  model.on("change:can_undo change:can_redo", showSteps);
  const showPreview = () => stage.showPreview();
  const showLayers = () => stage.showLayers();
  model.on("change:crop", showCrop);
  model.on("change:shown", showRecipe);
  model.on("change:recipe change:is_previewing", showPreview);
  model.on("change:layers_recipe", showLayers);
  /** @param {{ type: string }} message */
  const answer = ({ type }) => type === "settle" && model.send({ type: "settled" });
  model.on("msg:custom", answer);
  return () => {
    model.off("msg:custom", answer);
    for (const stop of deafen) stop();
    stage.player.close();
    stage.look.close();
    stage.layers.close();
    model.off("change:shown", showRecipe);
    model.off("change:layers_recipe", showLayers);
    model.off("change:sources change:selected", show);
    model.off("change:crop", showCrop);
    model.off("change:recipe change:is_previewing", showPreview);
    stage.preview.forget();
    document.removeEventListener("keydown", press, true);
    model.off("change:can_undo change:can_redo", showSteps);
  };
}

export default { render };
