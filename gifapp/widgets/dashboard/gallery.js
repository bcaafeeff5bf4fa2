import { addressOf, button, icon, make, progressBar, wantsLessMotion } from "../common.js";
import { Sharer } from "./sharer.js";
import { makePicture, Viewer } from "./viewer.js";

/**
 * @typedef {{ page_url: string, has_older: boolean }} Traits
 * @typedef {"cancel" | "retry" | "share" | "reuse" | "delete"} Action
 * @typedef {{ url: string, format: string, suffix: string, is_video: boolean, facts: string[], notes: string, width_px: number, height_px: number }} Gif
 * @typedef {{ id: string, created_at: string, state: keyof typeof SPOKEN, name: string, poster_url: string | null, status: string,
 *   run_at: string | null, fraction: number | null, gif: Gif | null, kept: string, actions: (Action | "download")[] }} CardData
 * @typedef {{ type: "all" | "patch", cards: CardData[] } | { type: "remove" | "point" | "settled", id: string } |
 *   { type: "shares", id: string, shares: import("./sharer.js").Share[], made: string | null }} GalleryMessage
 */

const WORDS = {
  cancel: "Cancel",
  retry: "Try again",
  share: "Share",
  reuse: "Edit a copy",
  delete: "Delete",
};
const SPOKEN = {
  queued: "is in the queue",
  running: "is being converted",
  succeeded: "is done",
  failed: "failed",
  cancelled: "was cancelled",
  dead: "failed",
};
const POINTED_MS = 4_000;

// One card. Its nodes are created once and updated in place, so that focus and a playing GIF survive patches.
class Card {
  /**
   * @param {CardData} card
   * @param {Gallery} gallery
   */
  constructor(card, gallery) {
    this.gallery = gallery;
    this.card = card;
    /** @type {HTMLImageElement | HTMLVideoElement} */
    this.picture = makePicture("img");
    /** @type {HTMLAnchorElement | null} */
    this.link = null;
    this.isPlaying = false;
    this.full = make("button", { type: "button", class: "gifapp-card__full", on: { click: () => this.showFull() } });
    this.play = button("Play", "play", () => this.startPlaying(), "play");
    this.name = make("h3", { class: "gifapp-card__name", dir: "auto" });
    this.status = make("p", { class: "gifapp-card__status" });
    this.notes = make("p", { class: "gifapp-card__notes" });
    this.kept = make("p", { class: "gifapp-card__kept" });
    this.bar = progressBar(`Conversion of ${card.name}`);
    this.actions = make("div", { class: "gifapp-card__actions" });
    const frame = make("div", { class: "gifapp-card__frame" }, this.picture, this.full, this.play, this.bar.node);
    this.node = make("article", { class: "gifapp-card", tabindex: -1 }, frame, make("div", { class: "gifapp-card__body" }, this.name, this.status, this.notes, this.kept), this.actions);
    this.showActions();
    this.show(card);
  }

  /** @param {CardData} card */
  show(card) {
    const before = this.card;
    this.card = card;
    this.node.dataset.state = card.state;
    this.node.setAttribute("aria-label", `${card.name}: ${statusOf(card)}`);
    setText(this.name, card.name);
    this.name.title = card.name;
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
    setText(this.kept, this.card.kept);
    this.kept.hidden = !this.card.kept;
  }

  showPicture() {
    const { gif, poster_url: poster, name } = this.card;
    const isStill = Boolean(gif) && wantsLessMotion() && !this.isPlaying;
    const path = gif && !isStill ? gif.url : poster;
    this.play.hidden = !isStill;
    this.full.hidden = !gif;
    this.full.setAttribute("aria-label", `Show the ${gif?.format} of ${name} at full size`);
    this.useTag(gif?.is_video && !isStill ? "video" : "img");
    this.picture.hidden = !path;
    const label = gif ? `The ${gif.format} of ${name}` : "";
    this.picture.setAttribute(this.picture.localName === "img" ? "alt" : "aria-label", label);
    if (!path) return;
    const address = this.gallery.addressOf(path);
    // do not reload an image only because its signature was renewed
    if (this.picture.src.split("?")[0] !== address.split("?")[0]) this.picture.src = address;
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
    this.gallery.viewer.open({ name, facts: gif.facts, address, download: downloadOf(address), isVideo: gif.is_video });
  }

  startPlaying() {
    this.isPlaying = true;
    this.showPicture();
    this.node.focus();
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
    if (action === "delete") this.confirm();
    else if (action === "share") this.gallery.sharer.open(this.card);
    else this.ask(action);
  }

  linkDownload() {
    if (!this.card.gif || !this.link) return;
    this.link.href = downloadOf(this.gallery.addressOf(this.card.gif.url));
  }

  confirm() {
    const keep = () => {
      this.showActions();
      focusOn(this.actions.lastElementChild);
    };
    const yes = button("Delete", "danger", () => this.ask("delete"));
    const question = make("span", { class: "gifapp-card__question", text: `Delete this ${this.card.gif?.format ?? "job"}?` });
    this.actions.replaceChildren(question, yes, button("Cancel", "quiet", keep));
    // a handler that returns false would block all other keys
    this.actions.onkeydown = (event) => void (event.key === "Escape" && keep());
    yes.focus();
  }

  /** @param {Action} action */
  ask(action) {
    this.setBusy(true);
    this.gallery.ask(action, this.card.id);
  }

  settle() {
    this.setBusy(false);
    if (this.actions.querySelector(".gifapp-card__question")) this.showActions();
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

export class Gallery {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    /** @type {Map<string, Card>} by their jobs' ids */
    this.cards = new Map();
    this.list = make("div", { class: "gifapp-gallery__cards" });
    this.count = make("span", { class: "gifapp-gallery__count" });
    this.viewer = new Viewer();
    this.sharer = new Sharer(this);
    this.spoken = make("p", { class: "gifapp-unseen", role: "status", "aria-live": "polite" });
    this.older = button("Show older GIFs", "quiet", () => this.askOlder());
    this.older.classList.add("gifapp-gallery__older");
    this.title = make("h2", { class: "gifapp-gallery__title", text: "Your GIFs", tabindex: -1 });
    el.classList.add("gifapp-gallery");
    this.empty = makeEmpty();
    el.append(make("div", { class: "gifapp-gallery__header" }, this.title, this.count), this.empty, this.list, this.older, this.viewer.node, this.sharer.node, this.spoken);
    this.empty.hidden = true; // until the kernel has answered
  }

  /** @param {GalleryMessage} message */
  receive(message) {
    if (message.type === "all") this.showAll(message.cards);
    else if (message.type === "patch") message.cards.forEach((card) => this.patch(card));
    else if (message.type === "remove") this.remove(message.id);
    else if (message.type === "point") this.cards.get(message.id)?.pointAt();
    else if (message.type === "shares") this.sharer.show(message);
    else if (message.type === "settled") this.settle(message.id);
    this.empty.hidden = this.cards.size > 0;
    this.showCount();
  }

  showCount() {
    const hasOlder = this.model.get("has_older");
    this.older.hidden = !hasOlder;
    this.count.textContent = this.cards.size ? `${this.cards.size}${hasOlder ? "+" : ""}` : "";
  }

  askOlder() {
    this.older.disabled = true;
    this.model.send({ type: "older" });
  }

  /** @param {CardData[]} cards */
  showAll(cards) {
    const known = new Set(cards.map((card) => card.id));
    for (const id of [...this.cards.keys()]) if (!known.has(id)) this.remove(id);
    for (const card of cards) this.put(card);
  }

  /**
   * A patch of a running card contains only the fields that its progress changes.
   * @param {Partial<CardData> & { id: string }} changed
   */
  patch(changed) {
    const before = this.cards.get(changed.id)?.card;
    if (!before && !changed.state) return; // the page has just opened and has not received all cards yet
    const card = /** @type {CardData} */ ({ ...before, ...changed });
    this.put(card);
    if (before?.state !== card.state) this.spoken.textContent = `${card.name} ${SPOKEN[card.state]}.`;
    if (!before) this.cards.get(card.id)?.reveal();
  }

  /** @param {CardData} card */
  put(card) {
    const known = this.cards.get(card.id);
    if (known) known.show(card);
    else this.insert(card);
  }

  /** @param {CardData} card */
  insert(card) {
    const newCard = new Card(card, this);
    let next = null;
    for (const node of [...this.list.children].reverse()) {
      if (this.createdAt(node) >= card.created_at) break;
      next = node;
    }
    this.list.insertBefore(newCard.node, next);
    newCard.node.dataset.id = card.id;
    this.cards.set(card.id, newCard);
  }

  /** @param {Element} node  of a card */
  createdAt(node) {
    return this.cards.get(/** @type {HTMLElement} */ (node).dataset.id ?? "")?.card.created_at ?? "";
  }

  /** @param {string} id */
  settle(id) {
    this.older.disabled = false;
    this.cards.get(id)?.settle();
    this.sharer.settle(id);
  }

  /** @param {string} id */
  remove(id) {
    const card = this.cards.get(id);
    if (!card) return;
    const near = card.node.nextElementSibling ?? card.node.previousElementSibling ?? this.title;
    if (card.node.contains(document.activeElement)) focusOn(near);
    card.node.remove();
    this.cards.delete(id);
  }

  /**
   * @param {Action} action
   * @param {string} id
   */
  ask(action, id) {
    this.model.send({ type: action, id });
  }

  /** @param {string} path */
  addressOf(path) {
    return addressOf(path, this.model.get("page_url"));
  }
}

function makeEmpty() {
  const steps = [
    ["Add a video", "Drop it, paste it or choose a file. It goes straight to the server."],
    ["Pick the moment", "The defaults work well. Trim or resize if you like."],
    ["Make the GIF", "It appears here, ready to download."],
  ];
  const items = steps.map(([title, text]) => make("li", {}, make("strong", { text: title }), make("span", { text })));
  return make("ol", { class: "gifapp-gallery__empty" }, ...items);
}

// The kernel does not know the page's time zone, so the page formats the time of a scheduled job.
/** @param {CardData} card */
function statusOf({ status, run_at: runAt }) {
  if (!runAt) return status;
  const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return status.replace("{when}", `on ${format.format(new Date(runAt))}`);
}

/** @param {string} address */
function downloadOf(address) {
  const download = new URL(address);
  download.searchParams.set("download", "1");
  return download.href;
}

/** @param {Element | null} node */
function focusOn(node) {
  if (node instanceof HTMLElement) node.focus();
}

/**
 * @param {HTMLElement} node
 * @param {string} text
 */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const gallery = new Gallery(model, el);
  /** @param {GalleryMessage} message */
  const receive = (message) => gallery.receive(message);
  const showCount = () => gallery.showCount();
  model.on("msg:custom", receive);
  model.on("change:has_older", showCount);
  model.send({ type: "ready" });
  return () => {
    model.off("msg:custom", receive);
    model.off("change:has_older", showCount);
  };
}

export default { render };
