import { button, icon, make } from "../common.js";

/**
 * @typedef {{ search: string, state: string | null, format: string | null, source_id: string | null, sort: string }} Query
 * @typedef {{ id: string, name: string }} Source
 */

const TYPING_MS = 300;
const STATES = {
  "": "Any status",
  queued: "In the queue",
  running: "Being made",
  succeeded: "Done",
  failed: "Failed",
  dead: "Failed by the server",
  cancelled: "Cancelled",
};
const SORTS = { newest: "Newest first", oldest: "Oldest first", largest: "Largest first", longest: "Longest first" };

// The search box, the filters and the order. `/` moves the focus to the search box.
export class Toolbar {
  /**
   * @param {(query: Query) => void} ask  called with what the user chose
   * @param {Record<string, string>} formats  their names
   */
  constructor(ask, formats) {
    this.ask = ask;
    this.timer = 0;
    this.search = make("input", { type: "search", class: "gifapp-toolbar__search", "aria-label": "Search your GIFs", placeholder: "Search", maxlength: 200, "aria-keyshortcuts": "/" });
    this.sort = makeSelect("Order", SORTS);
    this.state = makeSelect("Status", STATES);
    this.format = makeSelect("Format", { "": "Any format", ...formats });
    this.source = makeSelect("Video", { "": "All videos" });
    this.filters = make("div", { class: "gifapp-toolbar__filters", role: "group", "aria-label": "Filters" }, this.state, this.format, this.source);
    this.filters.hidden = true;
    this.toggle = button("Filters", "quiet", () => this.toggleFilters(), "filter");
    const box = make("div", { class: "gifapp-toolbar__box" }, icon("search"), this.search, make("kbd", { class: "gifapp-toolbar__key", "aria-hidden": "true", text: "/" }));
    const row = make("div", { class: "gifapp-toolbar__row" }, box, this.toggle, this.sort);
    this.node = make("div", { class: "gifapp-toolbar", role: "search", "aria-label": "Your GIFs" }, row, this.filters);
    this.search.addEventListener("input", () => this.askSoon());
    for (const select of this.selects) select.addEventListener("change", () => this.askNow());
    this.node.addEventListener("keydown", (event) => event.stopPropagation());
    this.toggle.setAttribute("aria-expanded", "false");
  }

  get selects() {
    return [this.sort, this.state, this.format, this.source];
  }

  /** @returns {Query} */
  get query() {
    const [state, format, source] = [this.state, this.format, this.source].map((select) => select.value || null);
    return { search: this.search.value.trim(), state, format, source_id: source, sort: this.sort.value };
  }

  get isFiltered() {
    const { search, state, format, source_id: source } = this.query;
    return Boolean(search || state || format || source);
  }

  /** @param {Source[]} sources */
  showSources(sources) {
    const chosen = this.source.value;
    const options = [{ id: "", name: "All videos" }, ...sources].map(({ id, name }) => make("option", { value: id, text: name }));
    this.source.replaceChildren(...options);
    this.source.value = chosen;
    if (this.source.value === chosen) return;
    this.source.value = ""; // the chosen video was deleted
    this.askNow();
  }

  toggleFilters() {
    this.filters.hidden = !this.filters.hidden;
    this.toggle.setAttribute("aria-expanded", String(!this.filters.hidden));
  }

  askSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.askNow(), TYPING_MS);
  }

  askNow() {
    clearTimeout(this.timer);
    const count = [this.state, this.format, this.source].filter((select) => select.value).length;
    const words = this.toggle.querySelector("span");
    if (words) words.textContent = count ? `Filters (${count})` : "Filters";
    this.ask(this.query);
  }

  clear() {
    this.search.value = "";
    for (const select of [this.state, this.format, this.source]) select.value = "";
    this.askNow();
    this.search.focus();
  }

  /** @param {KeyboardEvent} event  of the page */
  takeShortcut(event) {
    const isTyping = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable], dialog");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping || this.node.hidden) return;
    event.preventDefault();
    this.search.focus();
    this.search.select();
  }
}

/**
 * @param {string} label
 * @param {Record<string, string>} choices  words by value
 */
function makeSelect(label, choices) {
  const options = Object.entries(choices).map(([value, text]) => make("option", { value, text }));
  return make("select", { class: "gifapp-toolbar__select", "aria-label": label }, ...options);
}
