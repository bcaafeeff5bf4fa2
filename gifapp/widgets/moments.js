// What the stage, the timeline, the sliders and the tabs tell each other while something moves. They are widgets of their own,
// and a way through the kernel would be too slow, so they use events of the page.

/**
 * - `seek`: the timeline looks at a time of the source.
 * - `ranges`: the ranges as they are now, in playing order.
 * - `playhead`: the time that the stage shows.
 * - `slide`: a slider of the recipe's field `path` was moved.
 * - `tab`: a narrow page is to show the editor ("make") or the gallery ("gifs").
 * - `progress`: how many of the jobs that the gallery shows are queued or running.
 * @typedef {{ seek: { source: string, at: number }, ranges: { source: string, ranges: [number, number][] },
 *   playhead: { source: string, at: number }, slide: { path: string, value: number }, tab: { name: "make" | "gifs" },
 *   progress: { count: number } }} Moments
 */

/**
 * @template {keyof Moments} Name
 * @param {EventTarget} from  the widget's node
 * @param {Name} name
 * @param {Moments[Name]} moment
 */
export function tell(from, name, moment) {
  from.dispatchEvent(new CustomEvent(`gifapp-${name}`, { bubbles: true, detail: moment }));
}

/**
 * @template {keyof Moments} Name
 * @param {Name} name
 * @param {(moment: Moments[Name], from: Node) => void} act
 * @returns {() => void} stops it
 */
export function heed(name, act) {
  /** @param {Event} event */
  const listener = (event) => act(/** @type {CustomEvent} */ (event).detail, /** @type {Node} */ (event.target));
  document.addEventListener(`gifapp-${name}`, listener);
  return () => document.removeEventListener(`gifapp-${name}`, listener);
}
