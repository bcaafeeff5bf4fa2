import { button, make } from "../common.js";

const MOST = 200;

// The cards that are selected, and the bar with what can be done with them.
export class Selection {
  /** @param {import("./gallery.js").Gallery} gallery */
  constructor(gallery) {
    this.gallery = gallery;
    /** @type {Set<string>} */
    this.ids = new Set();
    this.last = ""; // where a range begins
    this.isOn = false;
    this.toggle = button("Select", "quiet", () => this.switch(!this.isOn), "select");
    this.toggle.setAttribute("aria-pressed", "false");
    this.words = make("span", { class: "gifapp-selection__words", role: "status" });
    this.zip = button("Download zip", "quiet", () => this.act("download"), "download");
    this.cancel = button("Cancel jobs", "quiet", () => this.act("cancel"), "cancel");
    const remove = button("Delete", "danger", () => this.act("delete"), "delete");
    const all = button("Select all shown", "text", () => this.selectAll());
    const clear = button("Clear selection", "icon", () => this.switch(false), "cancel");
    this.node = make("div", { class: "gifapp-selection", role: "toolbar", "aria-label": "Selected GIFs" }, this.words, all, this.zip, this.cancel, remove, clear);
    this.node.hidden = true;
  }

  /** @param {boolean} isOn */
  switch(isOn) {
    this.isOn = isOn;
    if (!isOn) this.ids.clear();
    if (!isOn && this.node.contains(document.activeElement)) this.toggle.focus();
    this.show();
  }

  /**
   * @param {string} id
   * @param {boolean} isSelected
   * @param {boolean} isRange  whether all cards from the one before are meant
   */
  set(id, isSelected, isRange) {
    const order = [...this.gallery.order];
    const [from, to] = [order.indexOf(isRange && this.ids.size ? this.last : id), order.indexOf(id)].sort((a, b) => a - b);
    for (const each of order.slice(Math.max(0, from), to + 1)) this.put(each, isSelected);
    this.last = id;
    this.isOn = true;
    this.show();
  }

  /**
   * @param {string} id
   * @param {boolean} isSelected
   */
  put(id, isSelected) {
    if (!isSelected) this.ids.delete(id);
    else if (this.ids.size < MOST) this.ids.add(id);
  }

  selectAll() {
    for (const id of this.gallery.order) this.put(id, true);
    this.show();
  }

  /** @param {string} id  of a card that is gone */
  forget(id) {
    if (this.ids.delete(id)) this.show();
  }

  show() {
    const cards = [...this.gallery.cards.values()];
    const selected = cards.filter(({ card }) => this.ids.has(card.id));
    for (const { card, check } of cards) check.checked = this.ids.has(card.id);
    this.gallery.list.classList.toggle("gifapp-gallery__cards--selecting", this.isOn);
    this.toggle.setAttribute("aria-pressed", String(this.isOn));
    this.node.hidden = !this.isOn;
    this.zip.disabled = !selected.some(({ card }) => card.gif);
    this.cancel.hidden = !selected.some(({ card }) => card.actions.includes("cancel"));
    const count = this.ids.size === MOST ? `${MOST} selected, the most at once` : `${this.ids.size} selected`;
    this.words.textContent = this.ids.size ? count : "Select GIFs";
  }

  /** @param {"download" | "cancel" | "delete"} action */
  act(action) {
    if (!this.ids.size) return;
    this.gallery.model.send({ type: "batch", action, ids: [...this.ids] });
    if (action !== "download") this.switch(false);
  }
}
