// The nine positions of captions and of the overlay (conversion/text/layout.py). Pure.

/**
 * @typedef {{ width_px: number, height_px: number }} Size
 * @typedef {{ x_px: number, y_px: number }} Corner  the upper left one
 */

const MARGIN_SHARE = 0.03; // of the shorter side
const COLUMNS = ["left", "centre", "right"];
const ROWS = ["top", "centre", "bottom"];

/** @param {string} position */
export function columnRow(position) {
  const [column, row] = [COLUMNS.findIndex((name) => position.endsWith(name)), ROWS.findIndex((name) => position.startsWith(name))];
  return [column < 0 ? 1 : column, row < 0 ? 1 : row];
}

/**
 * The position in a column and a row, from 0 to 2; those beyond are the nearest.
 * @param {number} column
 * @param {number} row
 */
export function positionAt(column, row) {
  const [across, down] = [COLUMNS[Math.min(2, Math.max(0, column))], ROWS[Math.min(2, Math.max(0, row))]];
  if (across === "centre") return down;
  return down === "centre" ? across : `${down}_${across}`;
}

/**
 * Where a picture of a size is at a position.
 * @param {string} position
 * @param {Size} size
 * @param {Size} gif
 * @returns {Corner}
 */
export function cornerAt(position, size, gif) {
  const margin = Math.round(MARGIN_SHARE * Math.min(gif.width_px, gif.height_px));
  const [column, row] = columnRow(position);
  return { x_px: along(column / 2, gif.width_px - size.width_px, margin), y_px: along(row / 2, gif.height_px - size.height_px, margin) };
}

/**
 * @param {number} share
 * @param {number} free
 * @param {number} margin
 */
function along(share, free, margin) {
  const least = Math.min(margin, free / 2);
  return least + share * (free - 2 * least);
}

/**
 * The position whose place is nearest to a picture's.
 * @param {Corner} corner
 * @param {Size} size
 * @param {Size} gif
 */
export function nearestPosition(corner, size, gif) {
  const positions = [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => positionAt(column, row)));
  /** @param {string} position */
  const distance = (position) => {
    const { x_px, y_px } = cornerAt(position, size, gif);
    return Math.hypot(x_px - corner.x_px, y_px - corner.y_px);
  };
  return positions.reduce((best, position) => (distance(position) < distance(best) ? position : best));
}
