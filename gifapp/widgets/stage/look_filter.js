// The recipe's look as an SVG filter: the formulas and the order of the engine (conversion/decode/look.py).

/**
 * @typedef {{ brightness: number, contrast: number, gamma: number, saturation: number, grayscale: boolean,
 *   invert: boolean, blur_px: number, sharpen: number }} Look
 * @typedef {Record<string, string | number>} Attributes
 */

const SVG = "http://www.w3.org/2000/svg";
const LUMA = [54 / 255, 183 / 255, 18 / 255];
const MASK_PX = 1; // sigma of the unsharp mask
const LEVELS = 256;

let count = 0;

export class LookFilter {
  constructor() {
    this.id = `gifapp-look-${++count}-${Math.random().toString(36).slice(2)}`;
    const whole = { x: 0, y: 0, width: "100%", height: "100%" };
    this.filter = element("filter", { id: this.id, ...whole, "color-interpolation-filters": "sRGB" });
    this.node = element("svg", { class: "gifapp-stage__filters", width: 0, height: 0, "aria-hidden": "true" }, this.filter);
  }

  /**
   * @param {Look} look
   * @param {number} scale  pixels of the stage in one of the GIF's
   * @returns {string} the value of CSS's `filter`
   */
  show(look, scale) {
    const steps = [...blurred(look.blur_px * scale, "blurred"), ...sharpened(look.sharpen, MASK_PX * scale), ...saturated(look), ...toned(look)];
    this.filter.replaceChildren(...steps);
    return steps.length ? `url(#${this.id})` : "none";
  }
}

/**
 * @param {string} name
 * @param {Attributes} attributes
 * @param {...Element} children
 */
function element(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.append(...children);
  return node;
}

/**
 * A blur that ends at the picture's edges: what is transparent beyond them has no weight.
 * @param {number} sigma
 * @param {string} result  its name
 * @returns {Element[]}
 */
function blurred(sigma, result) {
  if (!sigma) return [];
  const opaque = element("feFuncA", { type: "linear", slope: 0, intercept: 1 });
  return [element("feGaussianBlur", { stdDeviation: sigma }), element("feComponentTransfer", { result }, opaque)];
}

/**
 * @param {number} amount
 * @param {number} sigma
 * @returns {Element[]}
 */
function sharpened(amount, sigma) {
  if (!amount) return [];
  const sharp = element("feOffset", { dx: 0, dy: 0, result: "sharp" });
  const mask = { operator: "arithmetic", k1: 0, k2: 1 + amount, k3: -amount, k4: 0 };
  return [sharp, ...blurred(sigma, "soft"), element("feComposite", { in: "sharp", in2: "soft", ...mask })];
}

/**
 * @param {Look} look
 * @returns {Element[]}
 */
function saturated({ saturation, grayscale }) {
  const amount = grayscale ? 0 : saturation;
  if (amount === 1) return [];
  const rows = [0, 1, 2].map((row) => [...LUMA.map((weight, column) => weight * (1 - amount) + (row === column ? amount : 0)), 0, 0]);
  return [element("feColorMatrix", { type: "matrix", values: [...rows, [0, 0, 0, 1, 0]].flat().join(" ") })];
}

/**
 * @param {Look} look
 * @returns {Element[]}
 */
function toned(look) {
  if (!look.brightness && look.contrast === 1 && look.gamma === 1 && !look.invert) return [];
  const tableValues = Array.from({ length: LEVELS }, (_, level) => tone(level / (LEVELS - 1), look).toFixed(5)).join(" ");
  const channels = ["feFuncR", "feFuncG", "feFuncB"].map((name) => element(name, { type: "table", tableValues }));
  return [element("feComponentTransfer", {}, ...channels)];
}

/**
 * @param {number} value  from 0 to 1
 * @param {Look} look
 */
function tone(value, { brightness, contrast, gamma, invert }) {
  const linear = Math.min(1, Math.max(0, 0.5 + (value - 0.5) * contrast + brightness));
  const bent = linear ** (1 / gamma);
  return invert ? 1 - bent : bent;
}
