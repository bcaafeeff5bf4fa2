import { addressOf, button, icon, make } from "../common.js";
import { tell } from "../moments.js";
import { Card, focusOn } from "./card.js";
import { Selection } from "./selection.js";
import { Sharer } from "./sharer.js";
import { Toolbar } from "./toolbar.js";
import { Viewer } from "./viewer.js";

/**
 * @typedef {import("./card.js").CardData} CardData
 * @typedef {{ page_url: string, has_more: boolean, total: number, formats: Record<string, string>, sources: import("./toolbar.js").Source[] }} Traits
 * @typedef {{ type: "all" | "more" | "patch", cards: CardData[] } | { type: "remove" | "point" | "settled", id: string } | { type: "download", url: string } |
 *   { type: "shares", id: string, shares: import("./sharer.js").Share[], made: string | null }} GalleryMessage
 */

const SPOKEN = {
  queued: "is in the queue",
  running: "is being converted",
  succeeded: "is done",
  failed: "failed",
  cancelled: "was cancelled",
  dead: "failed",
};

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
    this.more = button("Show more GIFs", "quiet", () => this.askMore());
    this.more.classList.add("gifapp-gallery__more");
    this.title = make("h2", { class: "gifapp-gallery__title", text: "Your GIFs", tabindex: -1 });
    this.selection = new Selection(this);
    this.isPlayingAll = false;
    this.playAll = button("Play all", "quiet", () => this.togglePlaying(), "play");
    this.sight = new IntersectionObserver((entries) => this.see(entries));
    this.toolbar = new Toolbar((query) => this.select(query), model.get("formats"));
    this.empty = makeEmpty();
    this.nothing = makeNothingFound(() => this.toolbar.clear());
    el.classList.add("gifapp-gallery");
    const actions = make("div", { class: "gifapp-gallery__actions" }, this.playAll, this.selection.toggle);
    el.append(make("div", { class: "gifapp-gallery__header" }, this.title, this.count, actions), this.toolbar.node, this.selection.node);
    el.append(this.empty, this.nothing, this.list, this.more, this.viewer.node, this.sharer.node, this.spoken);
    // until the kernel has answered
    this.isSelecting = false;
    for (const node of [this.toolbar.node, this.empty, this.nothing]) node.hidden = true;
    this.showSources();
  }

  /** @param {GalleryMessage} message */
  receive(message) {
    if (message.type === "all") this.showAll(message.cards);
    else if (message.type === "more") this.showMore(message.cards);
    else if (message.type === "patch") message.cards.forEach((card) => this.patch(card));
    else if (message.type === "remove") this.remove(message.id);
    else if (message.type === "point") this.pointAt(message.id);
    else if (message.type === "download") download(this.addressOf(message.url));
    else if (message.type === "shares") this.sharer.show(message);
    else if (message.type === "settled") this.settle(message.id);
    this.showEmpty();
    this.showCount();
  }

  /** @param {string} id */
  pointAt(id) {
    tell(this.list, "tab", { name: "gifs" });
    this.cards.get(id)?.pointAt();
  }

  showEmpty() {
    const isEmpty = !this.cards.size;
    const { isFiltered } = this.toolbar;
    this.empty.hidden = !isEmpty || isFiltered;
    this.nothing.hidden = !isEmpty || !isFiltered;
    this.toolbar.node.hidden = isEmpty && !isFiltered;
    this.selection.toggle.hidden = isEmpty;
    this.playAll.hidden = ![...this.cards.values()].some(({ card }) => card.gif);
  }

  showCount() {
    this.more.hidden = !this.model.get("has_more");
    this.count.textContent = this.cards.size ? this.countInWords() : "";
    const count = [...this.cards.values()].filter(({ card }) => card.state === "queued" || card.state === "running").length;
    tell(this.list, "progress", { count });
  }

  countInWords() {
    const total = Math.max(this.model.get("total"), this.cards.size);
    const [shown, all] = [this.cards.size, total].map((count) => count.toLocaleString("en-GB"));
    const words = total === 1 ? "1 GIF" : `${all} GIFs`;
    return this.cards.size < total ? `${shown} of ${words}` : words;
  }

  togglePlaying() {
    this.isPlayingAll = !this.isPlayingAll;
    this.playAll.replaceChildren(icon(this.isPlayingAll ? "pause" : "play"), make("span", { text: this.isPlayingAll ? "Pause all" : "Play all" }));
    for (const card of this.cards.values()) card.updatePlaying({ isHeld: false, isPinned: false });
  }

  /** @param {IntersectionObserverEntry[]} entries */
  see(entries) {
    for (const { target, isIntersecting } of entries) this.cards.get(/** @type {HTMLElement} */ (target).dataset.id ?? "")?.updatePlaying({ isInView: isIntersecting });
  }

  showSources() {
    this.toolbar.showSources(this.model.get("sources") ?? []);
  }

  /** @param {import("./toolbar.js").Query} query */
  select(query) {
    this.isSelecting = true;
    this.list.setAttribute("aria-busy", "true");
    this.model.send({ type: "query", query });
  }

  askMore() {
    this.more.disabled = true;
    this.model.send({ type: "more" });
  }

  /** @param {CardData[]} cards */
  showAll(cards) {
    const known = new Set(cards.map((card) => card.id));
    for (const id of [...this.cards.keys()]) if (!known.has(id)) this.remove(id);
    for (const card of cards) this.put(card);
    this.list.removeAttribute("aria-busy");
    if (this.isSelecting) this.spoken.textContent = this.cards.size ? this.countInWords() : "No GIFs found";
    this.isSelecting = false;
  }

  /** @param {CardData[]} cards */
  showMore(cards) {
    for (const card of cards) this.put(card);
    this.spoken.textContent = this.countInWords();
    const [first] = cards;
    if (first) this.cards.get(first.id)?.node.focus({ preventScroll: true }); // the button may be gone
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
    const isInPlace = known?.card.rank === card.rank;
    const shown = known ?? new Card(card, this);
    if (known) known.show(card);
    if (!isInPlace) this.place(shown);
  }

  /**
   * Insert the card by its rank, or move it if that has changed; most come last.
   * @param {Card} card
   */
  place(card) {
    const { id, rank } = card.card;
    const hadFocus = card.node.contains(document.activeElement) ? document.activeElement : null;
    let next = null;
    for (const node of [...this.list.children].reverse()) {
      if (node !== card.node && this.rankOf(node) <= rank) break;
      if (node !== card.node) next = node;
    }
    this.list.insertBefore(card.node, next);
    card.node.dataset.id = id;
    this.cards.set(id, card);
    this.sight.observe(card.node);
    focusOn(hadFocus);
  }

  /** The ids of the cards in the order in which they are shown. */
  get order() {
    return [...this.list.children].map((node) => /** @type {HTMLElement} */ (node).dataset.id ?? "");
  }

  /** @param {Element} node  of a card */
  rankOf(node) {
    return this.cards.get(/** @type {HTMLElement} */ (node).dataset.id ?? "")?.card.rank ?? 0;
  }

  /** @param {string} id */
  settle(id) {
    this.more.disabled = false;
    this.cards.get(id)?.settle();
    this.sharer.settle(id);
  }

  /** @param {string} id */
  remove(id) {
    const card = this.cards.get(id);
    if (!card) return;
    const near = card.node.nextElementSibling ?? card.node.previousElementSibling ?? this.title;
    if (card.node.contains(document.activeElement)) focusOn(near);
    this.sight.unobserve(card.node);
    card.node.remove();
    this.cards.delete(id);
    this.selection.forget(id);
  }

  /**
   * @param {import("./card.js").Action} action
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

/** @param {string} address */
function download(address) {
  make("a", { href: address, download: true }).click();
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

/** @param {() => void} clear */
function makeNothingFound(clear) {
  const words = make("p", { text: "No GIFs match your search and filters." });
  return make("div", { class: "gifapp-gallery__nothing" }, words, button("Show all", "quiet", clear));
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const gallery = new Gallery(model, el);
  /** @type {[string, (message: any) => void][]} */
  const listeners = [
    ["msg:custom", (message) => gallery.receive(message)],
    ["change:has_more change:total", () => gallery.showCount()],
    ["change:sources", () => gallery.showSources()],
  ];
  /** @param {KeyboardEvent} event */
  const takeShortcut = (event) => gallery.toolbar.takeShortcut(event);
  for (const [event, listener] of listeners) model.on(event, listener);
  document.addEventListener("keydown", takeShortcut);
  model.send({ type: "ready" });
  return () => {
    gallery.sight.disconnect();
    for (const [event, listener] of listeners) model.off(event, listener);
    document.removeEventListener("keydown", takeShortcut);
  };
}

export default { render };
