import { button, make } from "../common.js";

/**
 * @typedef {{ label: string, value: string, more: string, look: string }} Tile
 * @typedef {{ id: string, name: string, owner: string, why: string, died_at: string | null }} DeadJob
 * @typedef {{ id: string, what: string, whose: string, maker: string, until: string }} OpenLink
 * @typedef {{ hours?: number, is_paused?: boolean, queue?: Tile[], statistics?: Tile[], dead?: DeadJob[], links?: OpenLink[],
 *   workers?: string[][], slowest?: string[][], storage?: string }} Shown
 * @typedef {{ part: "head" | "tables", shown: Shown }} Traits
 * @typedef {import("../common.js").Model<Traits>} Model
 */

/** @type {[number, string][]} */
const RANGES = [[1, "Hour"], [24, "Day"], [168, "Week"], [720, "30 days"]];

/** @param {Tile} tile */
function tile({ label, value, more, look }) {
  /**
   * @param {string} part
   * @param {string} text
   */
  const line = (part, text) => make("span", { class: `gifapp-tile__${part}`, text });
  return make("li", { class: "gifapp-tile", data: { look } }, line("label", label), line("value", value), line("more", more));
}

/**
 * @param {string} label
 * @param {Tile[]} [items]
 */
function tiles(label, items) {
  return make("ul", { class: "gifapp-tiles", "aria-label": label }, ...(items ?? []).map(tile));
}

/**
 * @param {string} title
 * @param {string[]} heads
 * @param {(string | Node)[][] | undefined} rows
 * @param {string} none  the text shown if there are no rows
 */
function table(title, heads, rows, none) {
  const caption = make("h3", { class: "gifapp-operations__title", text: title });
  const named = { "aria-label": title };
  if (!rows?.length) return make("section", named, caption, make("p", { class: "gifapp-operations__none", text: none }));
  const head = make("tr", {}, ...heads.map((text) => make("th", { scope: "col", text })));
  const body = rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell))));
  return make("section", named, caption, make("div", { class: "gifapp-operations__scroll" }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body))));
}

// A button with a key, by which a redrawn panel restores the focus to it.
/**
 * @param {Model} model
 * @param {string} words
 * @param {"main" | "quiet" | "text"} look
 * @param {string} type
 * @param {string | number} [of]
 */
function act(model, words, look, type, of) {
  const node = button(words, look, () => {
    node.disabled = true;
    model.send({ type, of });
  });
  node.dataset.key = `${type} ${of ?? ""}`;
  return node;
}

/**
 * @param {Model} model
 * @param {Shown} content
 */
function drawHead(model, content) {
  const ranges = RANGES.map(([hours, words]) => {
    const node = act(model, words, "quiet", "hours", hours);
    node.setAttribute("aria-pressed", String(hours === content.hours));
    return node;
  });
  const title = make("h2", { class: "gifapp-gallery__title", text: "Operations" });
  const pause = content.is_paused ? act(model, "Resume the queue", "main", "resume") : act(model, "Pause the queue", "quiet", "pause");
  const paused = make("p", { class: "gifapp-operations__paused", role: "status", text: content.is_paused ? "The queue is paused. No new jobs start." : "" });
  return [
    make("div", { class: "gifapp-operations__head" }, title, pause),
    paused,
    tiles("Queue", content.queue),
    make("div", { class: "gifapp-operations__ranges", role: "group", "aria-label": "Period" }, ...ranges),
    tiles("This period", content.statistics),
  ];
}

/**
 * @param {Model} model
 * @param {Shown} content
 */
function drawTables(model, content) {
  const dead = (content.dead ?? []).map(({ id, name, owner, why, died_at: at }) => {
    const buttons = make("span", { class: "gifapp-operations__buttons" }, act(model, "Run again", "quiet", "requeue", id), act(model, "Discard", "text", "purge", id));
    return [name, owner, why, at ? new Date(at).toLocaleString() : "", buttons];
  });
  const letters = table("Failed for good", ["Video", "Owner", "Error", "Failed at", "Actions"], dead, "None.");
  if (dead.length > 1) letters.append(act(model, "Run all again", "quiet", "requeue_all"));
  const links = (content.links ?? []).map(({ id, what, whose, maker, until }) => {
    const revoke = act(model, "Revoke", "text", "revoke_link", id);
    revoke.setAttribute("aria-label", `Revoke the ${what.toLowerCase()} link for ${whose}, created by ${maker}`);
    return [what, whose, maker, new Date(until).toLocaleString(), revoke];
  });
  return [
    letters,
    table("Workers", ["Name", "Jobs done", "Memory", "Status"], content.workers, "No worker is running. Jobs wait until one starts."),
    table("Slowest jobs", ["Video", "Owner", "Duration"], content.slowest, "No jobs ended in this period."),
    table("Unused invitation and reset links", ["Type", "For", "Created by", "Expires", "Actions"], links, "No unused links."),
    make("p", { class: "gifapp-operations__none", text: content.storage }),
  ];
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const draw = { head: drawHead, tables: drawTables }[model.get("part")];
  el.classList.add("gifapp-operations__panel");
  let before = "";
  let isPressed = false; // a click on a button that is replaced meanwhile would be lost, so wait with redrawing
  const show = () => {
    const now = JSON.stringify(model.get("shown"));
    if (isPressed || now === before) return;
    before = now;
    const focused = document.activeElement;
    const key = focused instanceof HTMLElement && el.contains(focused) ? focused.dataset.key : null;
    el.replaceChildren(...draw(model, model.get("shown")));
    if (!key) return;
    const buttons = [...el.querySelectorAll("button")];
    (buttons.find((node) => node.dataset.key === key) ?? buttons[0])?.focus();
  };
  const settle = () => {
    before = "";
    show();
  };
  const release = () => {
    isPressed = false;
    setTimeout(show); // after the click
  };
  const gone = new AbortController();
  el.addEventListener("pointerdown", () => (isPressed = true), { signal: gone.signal });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, release, { signal: gone.signal });
  show();
  model.on("change:shown", show);
  model.on("msg:custom", settle);
  return () => {
    gone.abort();
    model.off("change:shown", show);
    model.off("msg:custom", settle);
  };
}

export default { render };
