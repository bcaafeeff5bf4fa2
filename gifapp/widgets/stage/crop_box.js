// The rectangle of a crop, in whole pixels of the picture as it is shown. Pure.

/**
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Box  in pixels
 * @typedef {{ width: number, height: number }} Bounds  of the picture
 * @typedef {"n" | "ne" | "e" | "se" | "s" | "sw" | "w" | "nw"} Side
 * @typedef {{ x: number, y: number }} Spot  in pixels
 */

/** @type {Side[]} */
export const SIDES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const SMALLEST_PX = 8;

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high));

/** @param {Bounds} bounds */
const leastOf = ({ width, height }) => Math.min(SMALLEST_PX, width, height);

/** @param {Box} box */
export const rounded = ({ left, top, right, bottom }) => ({ left: Math.round(left), top: Math.round(top), right: Math.round(right), bottom: Math.round(bottom) });

/** @param {Bounds} bounds */
export const wholeOf = ({ width, height }) => ({ left: 0, top: 0, right: width, bottom: height });

/**
 * @param {Box} box
 * @param {number} across
 * @param {number} down
 * @param {Bounds} bounds
 * @returns {Box}
 */
export function moved({ left, top, right, bottom }, across, down, bounds) {
  const x = clamp(left + across, 0, bounds.width - (right - left));
  const y = clamp(top + down, 0, bounds.height - (bottom - top));
  return { left: x, top: y, right: x + right - left, bottom: y + bottom - top };
}

/**
 * The box with a side or a corner at a spot; with a ratio, the opposite one stays, or the middle of it.
 * @param {Box} box
 * @param {Side} side
 * @param {Spot} to
 * @param {Bounds} bounds
 * @param {number} ratio  of width to height; 0: free
 * @returns {Box}
 */
export function resized(box, side, to, bounds, ratio) {
  const least = leastOf(bounds);
  const free = { ...box };
  if (side.includes("w")) free.left = clamp(to.x, 0, box.right - least);
  if (side.includes("e")) free.right = clamp(to.x, box.left + least, bounds.width);
  if (side.includes("n")) free.top = clamp(to.y, 0, box.bottom - least);
  if (side.includes("s")) free.bottom = clamp(to.y, box.top + least, bounds.height);
  return ratio ? locked(box, free, side, bounds, ratio) : free;
}

/**
 * @param {Box} box  before
 * @param {Box} free  after, without the ratio
 * @param {Side} side
 * @param {Bounds} bounds
 * @param {number} ratio
 * @returns {Box}
 */
function locked(box, free, side, bounds, ratio) {
  const across = anchored(box.left, box.right, side.includes("w"), side.includes("e"), bounds.width);
  const down = anchored(box.top, box.bottom, side.includes("n"), side.includes("s"), bounds.height);
  const wanted = { width: free.right - free.left, height: (free.bottom - free.top) * ratio };
  const isCorner = side.length === 2;
  const wish = isCorner ? Math.max(wanted.width, wanted.height) : side === "e" || side === "w" ? wanted.width : wanted.height;
  const width = Math.min(wish, across.most, down.most * ratio);
  const [left, top] = [across.anchor - across.share * width, down.anchor - (down.share * width) / ratio];
  return { left, top, right: left + width, bottom: top + width / ratio };
}

/**
 * What stays in one direction: its place, the share of the length before it, and the longest length.
 * @param {number} low
 * @param {number} high
 * @param {boolean} movesLow
 * @param {boolean} movesHigh
 * @param {number} bound
 */
function anchored(low, high, movesLow, movesHigh, bound) {
  if (movesLow) return { anchor: high, share: 1, most: high };
  if (movesHigh) return { anchor: low, share: 0, most: bound - low };
  const middle = (low + high) / 2;
  return { anchor: middle, share: 0.5, most: 2 * Math.min(middle, bound - middle) };
}

/**
 * The largest box of a ratio that is centred where this one is, as far as the picture allows.
 * @param {Box} box
 * @param {number} ratio
 * @param {Bounds} bounds
 * @returns {Box}
 */
export function shaped(box, ratio, bounds) {
  const width = Math.min(bounds.width, bounds.height * ratio);
  const [x, y] = [(box.left + box.right - width) / 2, (box.top + box.bottom - width / ratio) / 2];
  return moved({ left: 0, top: 0, right: width, bottom: width / ratio }, x, y, bounds);
}

/**
 * The box between two spots.
 * @param {Spot} from
 * @param {Spot} to
 * @param {Bounds} bounds
 * @param {number} ratio
 * @returns {Box | null} null: it is too small to be meant
 */
export function drawn(from, to, bounds, ratio) {
  const [x, y] = [clamp(from.x, 0, bounds.width), clamp(from.y, 0, bounds.height)];
  const side = /** @type {Side} */ (`${to.y < y ? "n" : "s"}${to.x < x ? "w" : "e"}`);
  const end = { x: clamp(to.x, 0, bounds.width), y: clamp(to.y, 0, bounds.height) };
  if (Math.min(Math.abs(end.x - x), Math.abs(end.y - y)) < leastOf(bounds)) return null;
  return resized({ left: x, top: y, right: x, bottom: y }, side, end, bounds, ratio);
}
