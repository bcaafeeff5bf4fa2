import { button, icon, make } from "../common.js";

/** @typedef {import("./player.js").Player} Player */

const PREPARING = "This file can't be played here, so a copy is being prepared. Until then, a few frames a second are shown.";
const FRAMES_ONLY = "This file can't be played here, so a few frames a second are shown. Preview plays the GIF.";
const KEYS = "Space plays or pauses; comma and full stop step by a frame";

/** @param {number} at  seconds */
export function clock(at) {
  const [minutes, seconds] = [Math.floor(at / 60), at % 60];
  return `${minutes}:${seconds.toFixed(2).padStart(5, "0")}`;
}

// The buttons below the stage: play or pause, a frame back or on, and the time that is shown.
export class Transport {
  /**
   * @param {Player} player
   * @param {() => void} toggle  plays or pauses
   */
  constructor(player, toggle) {
    this.player = player;
    this.playing = button("Play", "quiet", toggle, "play");
    this.playing.classList.add("gifapp-transport__play");
    this.playing.title = KEYS;
    this.back = button("Previous frame", "icon", () => player.step(-1), "back");
    this.on = button("Next frame", "icon", () => player.step(1), "forward");
    this.time = make("span", { class: "gifapp-transport__time" });
    this.note = make("span", { class: "gifapp-transport__note" });
    this.node = make("div", { class: "gifapp-transport", role: "group", "aria-label": "Playback" }, this.playing, this.back, this.on, this.time, this.note);
  }

  show() {
    const { canPlay, isPlaying, source, awaitsProxy } = this.player;
    const isStill = !source?.duration_s || source.is_still;
    this.node.hidden = isStill;
    for (const node of [this.playing, this.back, this.on]) node.hidden = canPlay === null;
    this.playing.replaceChildren(icon(isPlaying ? "pause" : "play"), make("span", { text: isPlaying ? "Pause" : "Play" }));
    this.note.textContent = isStill || canPlay !== false ? "" : awaitsProxy ? PREPARING : FRAMES_ONLY;
  }

  /** @param {number} at */
  showTime(at) {
    this.time.textContent = clock(at);
  }
}
