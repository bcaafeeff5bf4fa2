// Helpers shared by the widgets. Users' texts are set as text, never as HTML.

const ICONS = {
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 16v2a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-2",
  plus: "M12 5v14M5 12h14",
  download: "M12 4v12m0 0 5-5m-5 5-5-5M4 20h16",
  reuse: "M4 7h10m4 0h2M4 17h2m4 0h10M16 4v6M8 14v6",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "M15 14l5-5-5-5m5 5H10a6 6 0 0 0 0 12h3",
  delete: "M4 7h16M9 7V4h6v3m-9 0 1 13h10l1-13",
  share: "M9.500 14.500l5-5M11 7l2-2a4.200 4.200 0 0 1 6 6l-2 2M13 17l-2 2a4.200 4.200 0 0 1-6-6l2-2",
  retry: "M20 12a8 8 0 1 1-2.3-5.7L20 8.500M20 4v4.500h-4.500",
  cancel: "M6 6l12 12M18 6 6 18",
  crop: "M6 2v16h16M2 6h16v16",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  back: "M17 6l-8 6 8 6zM6 6v12",
  forward: "M7 6l8 6-8 6zM18 6v12",
  rename: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  split: "M12 3v18M4 8v8h4M20 8v8h-4",
  zoomIn: "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16 16l4.500 4.500M8 11h6M11 8v6",
  zoomOut: "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14M16 16l4.500 4.500M8 11h6",
  smaller: "M20 4l-6 6m0-5v5h5M4 20l6-6m0 5v-5H5",
  select: "M4 4h16v16H4zM8 12l3 3 5-6",
  search: "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14m5 12 5 5",
  filter: "M4 6h16M7 12h10m-7 6h4",
  bookmark: "M6 4h12v16l-6-5-6 5z",
  people: "M9 4.500a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7M2.500 20c0-4 3-6 6.500-6s6.500 2 6.500 6M16 5a3 3 0 0 1 0 6M18 14.500c2 .8 3.500 2.600 3.500 5.500",
  screen: "M3 4h18v12H3zM8 20h8M12 16v4",
  camera: "M3 7h11v10H3zM14 10.500l7-3.500v10l-7-3.500",
  grid: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  info: "M12 11v6m0-9.500v.1M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18",
  warning: "M12 8v5m0 3.500v.1M12 3 2 20h20z",
};

/**
 * The widget's model in the kernel, as its script sees it.
 * @template {Record<string, any>} Traits
 * @typedef {import("@anywidget/types").AnyModel<Traits>} Model
 */

/**
 * @template {Record<string, any>} Traits
 * @typedef {{ model: Model<Traits>, el: HTMLElement }} Props
 */

/**
 * @typedef {{ [name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[name]) => void }} Listeners
 */

/**
 * All keys except `on`, `data` and `text` are attributes: true sets an empty one, false and null set none.
 * @typedef {{ on?: Listeners, data?: Record<string, string | undefined>, text?: string | null, [attribute: string]: unknown }} Looks
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Looks} [looks]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, { on = {}, data = {}, text, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, String(value));
  }
  Object.assign(node.dataset, data);
  if (text != null) node.textContent = text;
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, /** @type {EventListener} */ (listener));
  node.append(...children);
  return node;
}

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "gifapp-icon", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * @param {string} words
 * @param {"main" | "quiet" | "text" | "danger" | "icon"} look  an "icon" button shows no text; `words` is its label
 * @param {() => void} press
 * @param {keyof typeof ICONS} [iconName]
 */
export function button(words, look, press, iconName) {
  /** @type {Element[]} */
  const children = iconName ? [icon(iconName)] : [];
  if (look !== "icon") children.push(make("span", { text: words }));
  const labels = look === "icon" ? { "aria-label": words, title: words } : {};
  const node = make("button", { type: "button", class: `gifapp-button gifapp-button--${look}`, ...labels }, ...children);
  node.addEventListener("click", press);
  return node;
}

/** @param {string} label */
export function progressBar(label) {
  const filled = make("div", { class: "gifapp-bar__filled" });
  const bar = make("div", { class: "gifapp-bar", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100 }, filled);
  return {
    node: bar,
    /** @param {number | null} fraction  null: unknown */
    show(fraction) {
      bar.classList.toggle("gifapp-bar--unknown", fraction == null);
      filled.style.width = fraction == null ? "" : `${100 * fraction}%`;
      if (fraction == null) bar.removeAttribute("aria-valuenow");
      else bar.setAttribute("aria-valuenow", String(Math.round(100 * fraction)));
    },
  };
}

/**
 * @param {string} path
 * @param {string} pageUrl  empty if the service itself serves the page
 */
export const addressOf = (path, pageUrl) => new URL(path, pageUrl || document.baseURI).href;

export const wantsLessMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** @param {number} bytes */
export function sizeInWords(bytes) {
  if (bytes < 999_500) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  const [amount, unit] = bytes < 999.5e6 ? [bytes / 1e6, "MB"] : [bytes / 1e9, "GB"];
  return `${amount.toFixed(amount < 100 ? 1 : 0)} ${unit}`;
}

/**
 * Parses a typed number with a decimal comma or point; NaN if it is not a number.
 * @param {string} text
 */
export const numberIn = (text) => (text.trim() ? Number(text.trim().replace(",", ".")) : NaN);

/**
 * Parses a typed time, such as 90.5, 90,5 or 1:30.5, in seconds; NaN if it is not a time.
 * @param {string} text
 */
export function timeIn(text) {
  const parts = text.trim().split(":");
  const seconds = numberIn(parts.pop() ?? "");
  const whole = parts.map((part) => (/^[0-9]+$/.test(part) ? Number(part) : NaN));
  return parts.length > 2 ? NaN : whole.reduce((total, part) => 60 * (total + part), 0) + seconds;
}

/**
 * Throttles: calls `act` at most every `ms`, and always once after the last call.
 * @param {number} ms
 * @param {() => void} act
 */
export function throttled(ms, act) {
  let timer = 0;
  let isDue = false;
  const run = () => {
    timer = isDue ? setTimeout(run, ms) : 0;
    if (isDue) act();
    isDue = false;
  };
  return () => {
    isDue = true;
    if (!timer) run();
  };
}

/**
 * The URL of a video's frame at a time, or null if the service provides none.
 * @param {string | null | undefined} frameUrl
 * @param {number} at  seconds
 * @param {string} pageUrl
 */
export function frameAddress(frameUrl, at, pageUrl) {
  if (!frameUrl) return null;
  const address = new URL(addressOf(frameUrl, pageUrl));
  address.searchParams.set("at_s", at.toFixed(2));
  return address.href;
}

/**
 * Shows the newest requested image, loading only one at a time, since a drag requests dozens.
 * @param {HTMLImageElement} image
 */
export function liveImage(image) {
  let wanted = "";
  let isLoading = false;
  const next = () => {
    const address = wanted;
    const loader = new Image();
    isLoading = true;
    /** @param {boolean} isThere */
    const loaded = (isThere) => {
      isLoading = false;
      if (isThere) image.src = address;
      if (wanted !== address) next();
    };
    loader.onload = () => loaded(true);
    loader.onerror = () => loaded(false);
    loader.src = address;
  };
  return /** @param {string} address */ (address) => {
    if (address === wanted) return;
    wanted = address;
    if (!isLoading) next();
  };
}

/**
 * Does what a key without a modifier stands for, if anything.
 * @param {KeyboardEvent} event
 * @param {(key: string, target: Element) => (() => void) | undefined} actionOf
 */
export function actOnKey(event, actionOf) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = actionOf(event.key, /** @type {Element} */ (event.target));
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}
