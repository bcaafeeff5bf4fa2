import { button, icon, make, progressBar, wantsLessMotion } from "../common.js";
import { tell } from "../moments.js";
import { EditableName, stemOf } from "./name.js";
import { makePicture } from "./viewer.js";

/**
 * @typedef {"cancel" | "retry" | "share" | "reuse" | "smaller" | "delete"} Action
 * @typedef {{ url: string, still_url: string | null, frames_url: string | null, file_name: string, format: string, is_video: boolean, facts: string[], notes: string, width_px: number, height_px: number }} Gif
 * @typedef {"queued" | "running" | "succeeded" | "failed" | "cancelled" | "dead"} State
 * @typedef {{ id: string, rank: number, state: State, name: string, poster_url: string | null, status: string,
 *   run_at: string | null, fraction: number | null, gif: Gif | null, kept: string, finished_at: string | null, actions: (Action | "download")[] }} CardData
 */

const WORDS = {
  cancel: "Cancel",
  retry: "Try again",
  share: "Share",
  reuse: "Edit a copy",
  smaller: "Make it smaller",
  delete: "Delete",
};
const POINTED_MS = 4_000;

// One card. Its nodes are created once and updated in place, so that focus and a playing GIF survive patches.
export class Card {
  /**
   * @param {CardData} card
   * @param {import("./gallery.js").Gallery} gallery
   */
  constructor(card, gallery) {
    this.gallery = gallery;
    this.card = card;
    /** @type {HTMLImageElement | HTMLVideoElement} */
    this.picture = makePicture("img");
    /** @type {HTMLAnchorElement | null} */
    this.link = null;
    this.isPlaying = false;
    this.isInView = false;
    this.isPinned = false; // played by its button
    this.isHeld = false; // paused by its button
    this.isPointedAt = false;
    this.full = make("button", { type: "button", class: "gifapp-card__full", on: { click: () => this.showFull() } });
    this.play = button("Play", "icon", () => this.togglePlaying(), "play");
    this.play.classList.add("gifapp-card__play");
    this.check = make("input", { type: "checkbox", class: "gifapp-card__check", "aria-label": `Select ${card.name}` });
    this.check.addEventListener("click", (event) => this.gallery.selection.set(this.card.id, this.check.checked, event.shiftKey));
    this.name = new EditableName(make("h3", { class: "gifapp-card__name", dir: "auto" }), "Rename", (name) => this.rename(name), stemOf);
    this.status = make("p", { class: "gifapp-card__status" });
    this.notes = make("p", { class: "gifapp-card__notes" });
    this.time = make("time", { class: "gifapp-card__time" });
    this.kept = make("p", { class: "gifapp-card__kept" });
    this.bar = progressBar(`Conversion of ${card.name}`);
    this.actions = make("div", { class: "gifapp-card__actions" });
    const frame = make("div", { class: "gifapp-card__frame" }, this.picture, this.full, make("label", { class: "gifapp-card__choice" }, this.check), this.play, this.bar.node);
    this.node = make("article", { class: "gifapp-card", tabindex: -1 }, frame, make("div", { class: "gifapp-card__body" }, this.name.node, this.status, this.time, this.notes, this.kept), this.actions);
    frame.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.updatePlaying({ isPointedAt: true }));
    frame.addEventListener("pointerleave", () => this.updatePlaying({ isPointedAt: false }));
    this.full.addEventListener("focus", () => this.full.matches(":focus-visible") && this.updatePlaying({ isPointedAt: true }));
    this.full.addEventListener("blur", () => this.updatePlaying({ isPointedAt: false }));
    this.node.addEventListener("keydown", (event) => event.key === "F2" && this.name.begin());
    this.showActions();
    this.show(card);
  }

  /** @param {CardData} card */
  show(card) {
    const before = this.card;
    this.card = card;
    this.node.dataset.state = card.state;
    this.node.setAttribute("aria-label", `${card.name}: ${statusOf(card)}`);
    this.name.show(card.name);
    this.check.setAttribute("aria-label", `Select ${card.name}`);
    this.showStatus();
    this.showPicture();
    this.bar.node.hidden = card.fraction == null;
    this.bar.show(card.fraction ?? 0);
    if (before.actions.join() !== card.actions.join()) this.showActions();
    else this.linkDownload();
    this.setBusy(false);
  }

  showStatus() {
    const facts = this.card.gif?.facts;
    if (!facts) setText(this.status, statusOf(this.card));
    else this.status.replaceChildren(...facts.map((text) => make("span", { text })));
    setText(this.notes, this.card.gif?.notes ?? "");
    this.notes.hidden = !this.notes.textContent;
    const { finished_at: finishedAt } = this.card;
    this.time.hidden = !finishedAt;
    this.time.dateTime = finishedAt ?? "";
    setText(this.time, finishedAt ? dayOf(finishedAt) : "");
    setText(this.kept, this.card.kept);
    this.kept.hidden = !this.card.kept;
  }

  // A card shows a still, and its GIF only while that is played: a page of GIFs may weigh a hundred megabytes.
  showPicture() {
    const { gif, poster_url: poster, name } = this.card;
    const isPlaying = this.shouldPlay;
    this.isPlaying = isPlaying;
    const path = gif && isPlaying ? gif.url : (gif?.still_url ?? poster);
    this.play.hidden = !gif;
    setPlaying(this.play, isPlaying, name);
    this.full.hidden = !gif;
    this.full.setAttribute("aria-label", `Show the ${gif?.format} of ${name} at full size`);
    this.useTag(gif?.is_video && isPlaying ? "video" : "img");
    this.picture.hidden = !path;
    this.picture.style.maxWidth = gif ? `min(100%, ${gif.width_px}px)` : "";
    const label = gif ? `The ${gif.format} of ${name}` : "";
    this.picture.setAttribute(this.picture.localName === "img" ? "alt" : "aria-label", label);
    if (!path) return;
    const address = this.gallery.addressOf(path);
    // do not reload an image only because its signature was renewed
    if (this.picture.src.split("?")[0] !== address.split("?")[0]) this.picture.src = address;
  }

  get shouldPlay() {
    if (!this.card.gif || !this.isInView || this.isHeld) return false;
    return this.isPinned || this.gallery.isPlayingAll || (this.isPointedAt && !wantsLessMotion());
  }

  /** @param {Partial<Pick<Card, "isInView" | "isHeld" | "isPinned" | "isPointedAt">>} change */
  updatePlaying(change) {
    Object.assign(this, change);
    if (this.shouldPlay !== this.isPlaying) this.showPicture();
  }

  togglePlaying() {
    const isPlaying = this.shouldPlay;
    this.updatePlaying({ isPinned: !isPlaying, isHeld: isPlaying });
  }

  /** @param {"img" | "video"} tag */
  useTag(tag) {
    if (this.picture.localName === tag) return;
    const picture = makePicture(tag);
    this.picture.replaceWith(picture);
    this.picture = picture;
  }

  showFull() {
    const { name, gif } = this.card;
    if (!gif) return;
    const address = this.gallery.addressOf(gif.url);
    this.gallery.viewer.open({ name, facts: gif.facts, address, download: downloadOf(address), frames: gif.frames_url && this.gallery.addressOf(gif.frames_url), isVideo: gif.is_video, rename: (name) => this.rename(name) });
  }

  showActions() {
    const hadFocus = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(...this.card.actions.map((action, number) => this.makeAction(action, number === 0)));
    this.linkDownload();
    if (hadFocus) focusOn(this.actions.firstElementChild);
  }

  /**
   * @param {Action | "download"} action
   * @param {boolean} isFirst
   */
  makeAction(action, isFirst) {
    if (action === "download") {
      this.link = make("a", { class: "gifapp-button gifapp-button--quiet", download: true }, icon("download"), make("span", { text: "Download" }));
      return this.link;
    }
    return button(WORDS[action], isFirst ? "quiet" : "icon", () => this.press(action), action);
  }

  /** @param {Action} action */
  press(action) {
    if (action === "reuse" || action === "smaller") tell(this.node, "tab", { name: "make" });
    if (action === "share") this.gallery.sharer.open(this.card);
    else this.ask(action);
  }

  linkDownload() {
    if (!this.card.gif || !this.link) return;
    this.link.href = downloadOf(this.gallery.addressOf(this.card.gif.url));
  }

  /** @param {string} name */
  rename(name) {
    this.gallery.model.send({ type: "rename", id: this.card.id, name });
  }

  /** @param {Action} action */
  ask(action) {
    this.setBusy(true);
    this.gallery.ask(action, this.card.id);
  }

  settle() {
    this.name.show(this.card.name); // a refused name
    this.setBusy(false);
  }

  /** @param {boolean} isBusy */
  setBusy(isBusy) {
    // disabling a button moves the focus to the page
    if (isBusy && this.actions.contains(document.activeElement)) this.node.focus();
    this.node.setAttribute("aria-busy", String(isBusy));
    for (const node of this.actions.querySelectorAll("button")) node.disabled = isBusy;
  }

  reveal() {
    this.node.scrollIntoView({ block: "nearest", behavior: wantsLessMotion() ? "auto" : "smooth" });
  }

  pointAt() {
    this.node.focus({ preventScroll: true });
    this.reveal();
    this.node.classList.add("gifapp-card--pointed");
    setTimeout(() => this.node.classList.remove("gifapp-card--pointed"), POINTED_MS);
  }
}

// The kernel does not know the page's time zone, so the page formats the time of a scheduled job.
/** @param {CardData} card */
function statusOf({ status, run_at: runAt }) {
  if (!runAt) return status;
  const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return status.replace("{when}", `on ${format.format(new Date(runAt))}`);
}

/**
 * @param {HTMLButtonElement} play
 * @param {boolean} isPlaying
 * @param {string} name
 */
function setPlaying(play, isPlaying, name) {
  const words = `${isPlaying ? "Pause" : "Play"} ${name}`;
  if (play.getAttribute("aria-label") === words) return;
  play.setAttribute("aria-label", words);
  play.title = isPlaying ? "Pause" : "Play";
  play.replaceChildren(icon(isPlaying ? "pause" : "play"));
}

/** @param {string} time */
function dayOf(time) {
  const date = new Date(time);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year, hour: "2-digit", minute: "2-digit" }).format(date);
}

/** @param {string} address */
function downloadOf(address) {
  const download = new URL(address);
  download.searchParams.set("download", "1");
  return download.href;
}

/** @param {Element | null} node */
export function focusOn(node) {
  if (node instanceof HTMLElement) node.focus();
}

/**
 * @param {HTMLElement} node
 * @param {string} text
 */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
