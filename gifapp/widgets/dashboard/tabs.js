import { button, make } from "../common.js";
import { heed } from "../moments.js";

/** @typedef {import("../moments.js").Moments["tab"]["name"]} Tab */

// The tab bar of a narrow page. A wide page shows both parts, and no bar.
class Tabs {
  /** @param {HTMLElement} el */
  constructor(el) {
    this.el = el;
    this.badge = make("span", { class: "gifapp-tabs__badge", "aria-hidden": "true" });
    this.make = button("Make", "text", () => this.show("make"), "plus");
    this.gifs = button("GIFs", "text", () => this.show("gifs"), "grid");
    this.gifs.append(this.badge);
    /** @type {Record<Tab, HTMLButtonElement>} */
    this.buttons = { make: this.make, gifs: this.gifs };
    /** @type {Record<Tab, number>} where each part was scrolled to */
    this.places = { make: 0, gifs: 0 };
    this.running = 0;
    this.ended = 0; // since the GIFs were last shown
    /** @type {Tab} */
    this.tab = "make";
    el.classList.add("gifapp-tabs");
    el.append(make("nav", { class: "gifapp-tabs__bar", "aria-label": "Parts of the dashboard" }, this.make, this.gifs));
    this.mark();
    this.count(0);
  }

  /** @param {Tab} tab */
  show(tab) {
    if (tab === this.tab) return;
    this.places[this.tab] = scrollY;
    this.tab = tab;
    this.ended = 0;
    this.mark();
    this.count(this.running);
    if (this.make.offsetHeight) scrollTo(0, this.places[tab]);
  }

  mark() {
    const dashboard = /** @type {HTMLElement | null} */ (this.el.closest(".gifapp-dashboard"));
    if (dashboard) dashboard.dataset.tab = this.tab;
    for (const [name, node] of Object.entries(this.buttons)) {
      if (name === this.tab) node.setAttribute("aria-current", "page");
      else node.removeAttribute("aria-current");
    }
  }

  /** @param {number} running  of GIFs in progress */
  count(running) {
    if (this.tab === "make") this.ended += Math.max(0, this.running - running);
    this.running = running;
    this.badge.hidden = !(running || this.ended);
    this.badge.textContent = String(running || this.ended);
    const state = running ? `, ${running} in progress` : this.ended ? `, ${this.ended} new` : "";
    this.gifs.setAttribute("aria-label", `GIFs${state}`);
  }
}

/** @param {import("../common.js").Props<{}>} props */
function render({ el }) {
  const tabs = new Tabs(el);
  requestAnimationFrame(() => tabs.mark()); // once it is in the page
  const deafen = [heed("tab", ({ name }) => tabs.show(name)), heed("progress", ({ count }) => tabs.count(count))];
  return () => deafen.forEach((stop) => stop());
}

export default { render };
