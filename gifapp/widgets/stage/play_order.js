// The order in which the GIF plays the ranges of a source, and its time at each moment of them. Pure.

/**
 * @typedef {[number, number]} Times  start and end, in seconds of the source
 * @typedef {{ ranges: Times[], speed: number, direction: string, crossfade_s: number }} Order
 * @typedef {{ start: number, end: number, isBack: boolean, begin: number }} Leg  a range played in one direction: its
 *   times in the source, and when it begins in the GIF
 */

/**
 * @param {Order} order
 * @returns {Leg[]}
 */
export function legsOf({ ranges, speed, direction, crossfade_s }) {
  const forward = forwardLegs(ranges, speed, crossfade_s);
  const length = lengthOf(forward, speed);
  const back = forward.map((leg) => ({ ...leg, isBack: true, begin: length - leg.begin - (leg.end - leg.start) / speed })).reverse();
  if (direction === "reverse") return back;
  return direction === "boomerang" ? [...forward, ...back.map((leg) => ({ ...leg, begin: leg.begin + length }))] : forward;
}

/**
 * Ranges that crossfade into the next end where that begins.
 * @param {Times[]} ranges
 * @param {number} speed
 * @param {number} crossfade
 * @returns {Leg[]}
 */
function forwardLegs(ranges, speed, crossfade) {
  const lengths = ranges.map(([start, end]) => (end - start) / speed);
  const rooms = lengths.map((length, number) => (number && number < lengths.length - 1 ? length / 2 : length));
  let begin = 0;
  return ranges.map(([start, end], number) => {
    const overlap = number < ranges.length - 1 ? Math.min(crossfade, rooms[number], rooms[number + 1]) : 0;
    const leg = { start, end: end - overlap * speed, isBack: false, begin };
    begin += lengths[number] - overlap;
    return leg;
  });
}

/**
 * How long the GIF plays, in seconds.
 * @param {Leg[]} legs
 * @param {number} speed
 */
export const lengthOf = (legs, speed) => Math.max(...legs.map(({ begin, start, end }) => begin + (end - start) / speed));

/**
 * The time of the GIF at a time of the source; a source's frame lasts `frame` seconds.
 * @param {Leg} leg
 * @param {number} at
 * @param {number} speed
 * @param {number} frame
 */
export function gifTime({ start, end, isBack, begin }, at, speed, frame) {
  return begin + Math.max(0, isBack ? end - frame - at : at - start) / speed;
}

/**
 * The time of a leg's first frame.
 * @param {Leg} leg
 * @param {number} frame
 */
export const entryOf = ({ start, end, isBack }, frame) => (isBack ? Math.max(start, end - frame) : start);

/**
 * Whether a leg shows the frame at a time.
 * @param {Leg} leg
 * @param {number} at
 * @param {number} frame
 */
export const shows = ({ start, end }, at, frame) => at >= start - frame / 2 && at <= end - Math.min(frame, end - start) / 2;

/**
 * Whether a leg has more frames to show after the one at a time.
 * @param {Leg} leg
 * @param {number} at
 * @param {number} frame
 */
export const goesOn = (leg, at, frame) => shows(leg, at, frame) && (leg.isBack ? at > leg.start + frame / 2 : at < leg.end - frame);
