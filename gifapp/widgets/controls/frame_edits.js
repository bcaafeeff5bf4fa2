// Changes of a list of frames. Pure: each returns the new list, and which of its places are selected.

/**
 * @typedef {{ number: number, delay_cs: number | null }} Edit  without a delay, the frame keeps its own
 * @typedef {Set<number>} Places
 * @typedef {[Edit[], Places]} Change
 */

export const MAX_DELAY_CS = 65535;

/** @param {number} count */
export const allFrames = (count) => Array.from({ length: count }, (_, number) => ({ number, delay_cs: null }));

/**
 * Whether a list is that of all `count` frames, unchanged.
 * @param {Edit[]} frames
 * @param {number} count
 */
export const isUnchanged = (frames, count) => frames.length === count && frames.every((frame, place) => frame.number === place && frame.delay_cs === null);

/** @param {Places} selected */
const inOrder = (selected) => [...selected].sort((a, b) => a - b);

/**
 * @param {number} first
 * @param {number} count
 */
const run = (first, count) => new Set(Array.from({ length: count }, (_, place) => first + place));

/**
 * The frame after the deleted ones is selected, or else the last one.
 * @param {Edit[]} frames
 * @param {Places} selected
 * @returns {Change}
 */
export function without(frames, selected) {
  const left = frames.filter((_, place) => !selected.has(place));
  return [left, new Set([Math.min(inOrder(selected)[0] ?? 0, left.length - 1)])];
}

/**
 * The copies follow the last selected frame, and are selected.
 * @param {Edit[]} frames
 * @param {Places} selected
 * @returns {Change}
 */
export function duplicated(frames, selected) {
  const places = inOrder(selected);
  const after = (places.at(-1) ?? -1) + 1;
  const copies = places.map((place) => ({ ...frames[place] }));
  return [[...frames.slice(0, after), ...copies, ...frames.slice(after)], run(after, copies.length)];
}

/**
 * The selected frames, side by side, before the frame that is at `to` now.
 * @param {Edit[]} frames
 * @param {Places} selected
 * @param {number} to
 * @returns {Change}
 */
export function movedTo(frames, selected, to) {
  const moving = inOrder(selected);
  const before = frames.filter((_, place) => place < to && !selected.has(place));
  const after = frames.filter((_, place) => place >= to && !selected.has(place));
  return [[...before, ...moving.map((place) => frames[place]), ...after], run(before.length, moving.length)];
}

/**
 * One place to the left (-1) or to the right (1).
 * @param {Edit[]} frames
 * @param {Places} selected
 * @param {-1 | 1} by
 * @returns {Change}
 */
export function moved(frames, selected, by) {
  const places = inOrder(selected);
  const to = by < 0 ? Math.max(0, (places[0] ?? 0) - 1) : Math.min(frames.length, (places.at(-1) ?? 0) + 2);
  return movedTo(frames, selected, to);
}

/**
 * @param {Edit[]} frames
 * @param {Places} selected
 * @returns {Change}
 */
export function reversed(frames, selected) {
  const places = inOrder(selected);
  const turned = [...frames];
  places.forEach((place, turn) => (turned[place] = frames[places[places.length - 1 - turn]]));
  return [turned, selected];
}

/**
 * @param {Edit[]} frames
 * @param {Places} selected
 * @param {number | null} delay
 * @returns {Change}
 */
export const delayed = (frames, selected, delay) => [frames.map((frame, place) => (selected.has(place) ? { ...frame, delay_cs: delay } : frame)), selected];

/**
 * Keeps or drops every nth of the selected frames. The time of a dropped frame goes to the frame before it, or
 * else to the one after it, so that the clip plays as long as before.
 * @param {Edit[]} frames
 * @param {Places} selected
 * @param {{ nth: number, isKept: boolean }} choice
 * @param {(frame: Edit) => number} delayOf
 * @returns {Change}
 */
export function thinned(frames, selected, { nth, isKept }, delayOf) {
  const places = inOrder(selected);
  const dropped = new Set(places.filter((_, turn) => (isKept ? turn % nth !== 0 : turn % nth === nth - 1)));
  /** @type {Edit[]} */
  const left = [];
  let early = 0;
  frames.forEach((frame, place) => {
    const delay = delayOf(frame) + early;
    const last = left.at(-1);
    if (!dropped.has(place)) left.push(early ? { ...frame, delay_cs: limited(delay) } : frame);
    else if (last) left[left.length - 1] = { ...last, delay_cs: limited(delayOf(last) + delay) };
    early = dropped.has(place) && !last ? delay : 0;
  });
  return [left, new Set()];
}

/** @param {number} delay */
const limited = (delay) => Math.min(delay, MAX_DELAY_CS);
