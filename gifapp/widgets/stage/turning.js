// Where a point or a rectangle of the source is once the picture is rotated and flipped, and the way back. Pure.

/**
 * @typedef {{ rotate: number, flip: "none" | "horizontal" | "vertical" | "both" }} Turn  clockwise, then flipped
 * @typedef {{ x: number, y: number }} Point  as fractions of the picture
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Rectangle  likewise
 */

/** @type {Record<number, (point: Point) => Point>} */
const ROTATIONS = {
  0: (point) => point,
  90: ({ x, y }) => ({ x: 1 - y, y: x }),
  180: ({ x, y }) => ({ x: 1 - x, y: 1 - y }),
  270: ({ x, y }) => ({ x: y, y: 1 - x }),
};

/** @param {Turn} turn */
export const swapsSides = ({ rotate }) => rotate === 90 || rotate === 270;

/** @param {Turn} turn */
const flips = ({ flip }) => ({ across: flip === "horizontal" || flip === "both", down: flip === "vertical" || flip === "both" });

/** @param {Turn} turn */
export function transformOf(turn) {
  const { across, down } = flips(turn);
  return `scale(${across ? -1 : 1}, ${down ? -1 : 1}) rotate(${turn.rotate}deg)`;
}

/**
 * @param {Point} point
 * @param {Turn} turn
 */
function flipped({ x, y }, turn) {
  const { across, down } = flips(turn);
  return { x: across ? 1 - x : x, y: down ? 1 - y : y };
}

/**
 * @param {Rectangle} rectangle  of the source
 * @param {Turn} turn
 */
export const turned = (rectangle, turn) => mapped(rectangle, (point) => flipped(ROTATIONS[turn.rotate](point), turn));

/**
 * @param {Rectangle} rectangle  of what is shown
 * @param {Turn} turn
 */
export const turnedBack = (rectangle, turn) => mapped(rectangle, (point) => ROTATIONS[(360 - turn.rotate) % 360](flipped(point, turn)));

/**
 * @param {Rectangle} rectangle
 * @param {(point: Point) => Point} map
 * @returns {Rectangle}
 */
function mapped({ left, top, right, bottom }, map) {
  const [a, b] = [map({ x: left, y: top }), map({ x: right, y: bottom })];
  return { left: Math.min(a.x, b.x), top: Math.min(a.y, b.y), right: Math.max(a.x, b.x), bottom: Math.max(a.y, b.y) };
}
