import { addressOf, frameAddress, make, wantsLessMotion } from "../common.js";
import { Flipbook } from "./flipbook.js";

/**
 * @typedef {{ id: string, width_px: number, height_px: number, frame_s: number, step_s: number, duration_s: number, is_still: boolean,
 *   frame_url: string | null,   video_url: string | null, video_type: string | null, video_lead_s: number }} Film
 * @typedef {[number, number]} Times  start and end, in seconds of the source
 */

const RESUME_MS = 700; // after the last of the times that were looked at
const SAME_SIZE_PX = 2; // browsers round other sides than we do
const [SLOWEST, FASTEST] = [0.0625, 16]; // beyond these, browsers refuse

// Plays the ranges of a source in a loop: the original where the browser can decode it, else single frames of it.
export class Player {
  /**
   * @param {() => string} pageUrl
   * @param {(at: number) => void} onMoment  called with the time that is shown
   * @param {() => void} onChange  called after `canPlay` or `isPlaying` changed
   * @param {(address: string) => void} onStill  called with the address of a frame to show
   */
  constructor(pageUrl, onMoment, onChange, onStill) {
    this.pageUrl = pageUrl;
    this.onMoment = onMoment;
    this.onChange = onChange;
    this.onStill = onStill;
    /** @type {Film | undefined} */
    this.source = undefined;
    /** @type {Times[]} */
    this.ranges = [];
    this.turn = 0; // the number of the range that plays
    this.speed = 1;
    this.at = 0;
    /** @type {boolean | null} null: not known yet */
    this.canPlay = null;
    this.isPlaying = false;
    this.resumption = 0;
    /** @type {number | null} the time to show once the last seek is done */
    this.wanted = null;
    this.node = make("video", { class: "gifapp-stage__video", playsinline: true, preload: "auto", hidden: true, "aria-hidden": "true", tabindex: -1, disablepictureinpicture: true });
    this.node.muted = true;
    this.flipbook = new Flipbook((at) => this.stillAt(at), (at, address) => this.flip(at, address), (at, step) => this.after(at, step));
    this.listen();
  }

  listen() {
    this.node.addEventListener("loadeddata", () => this.begun());
    this.node.addEventListener("error", () => this.source?.video_url && this.settle(false));
    this.node.addEventListener("seeked", () => this.seekOn());
    this.node.addEventListener("ended", () => this.isPlaying && this.playNext());
    this.watch();
  }

  watch() {
    const look = () => {
      this.notice();
      this.watch();
    };
    if (this.node.requestVideoFrameCallback) this.node.requestVideoFrameCallback(look);
    else this.node.addEventListener("timeupdate", look, { once: true });
  }

  /**
   * Shows another source.
   * @param {Film} source
   */
  begin(source) {
    this.source = source;
    this.canPlay = null;
    this.wanted = null;
    this.at = 0;
    this.turn = 0;
    this.ranges = [[0, source.duration_s]];
    this.flipbook.stop();
    this.setPlaying(false);
    this.stopWaiting();
    this.onMoment(0);
    this.node.hidden = true;
    const isWorthTrying = source.video_url && source.video_type && this.node.canPlayType(source.video_type);
    if (isWorthTrying && source.video_url) this.node.src = addressOf(source.video_url, this.pageUrl());
    else this.leave();
  }

  leave() {
    this.node.removeAttribute("src");
    this.node.load();
    this.settle(false);
  }

  // the first frame is there: is it what the engine will read?
  begun() {
    const { videoWidth: width, videoHeight: height, duration } = this.node;
    if (!this.source || !this.node.hasAttribute("src")) return;
    const isSame = Math.abs(width - this.source.width_px) <= SAME_SIZE_PX && Math.abs(height - this.source.height_px) <= SAME_SIZE_PX;
    // without a duration, as in recordings of browsers, it cannot be sought in
    if (!isSame || !Number.isFinite(duration)) return this.leave();
    this.settle(true);
    this.seek(this.at || this.ranges[0][0]);
    if (!wantsLessMotion() && !document.hidden) this.play();
  }

  /** @param {boolean} canPlay */
  settle(canPlay) {
    this.canPlay = canPlay;
    this.node.hidden = !canPlay;
    if (!canPlay) this.isPlaying = false;
    this.onChange();
  }

  /** @param {Times[]} ranges */
  cut(ranges) {
    this.ranges = ranges;
    this.turn = Math.min(this.turn, ranges.length - 1);
  }

  /** @param {number} speed */
  setSpeed(speed) {
    this.speed = Math.min(FASTEST, Math.max(SLOWEST, speed));
    this.node.playbackRate = this.speed;
  }

  toggle() {
    if (this.isPlaying || this.resumption) this.pause();
    else this.play();
  }

  play() {
    if (this.canPlay === null) return;
    this.stopWaiting();
    const turn = this.ranges.findIndex((times) => this.isWithin(times));
    if (turn >= 0) this.turn = turn;
    else this.seek(this.ranges[(this.turn = 0)][0]);
    this.setPlaying(true);
    if (!this.canPlay) return void this.flipbook.start(this.at);
    this.node.playbackRate = this.speed;
    this.start();
  }

  pause() {
    this.stopWaiting();
    const wasPlaying = this.isPlaying;
    this.node.pause();
    this.flipbook.stop();
    this.setPlaying(false);
    if (wasPlaying) this.notice(); // on a busy machine several frames may have passed since the last was noticed
  }

  /** @param {boolean} isPlaying */
  setPlaying(isPlaying) {
    if (isPlaying === this.isPlaying) return;
    this.isPlaying = isPlaying;
    this.onChange();
  }

  stopWaiting() {
    clearTimeout(this.resumption);
    this.resumption = 0;
  }

  /** @param {Times} times */
  isWithin([start, end]) {
    return this.at >= start - this.frame / 2 && this.at < end - this.frame;
  }

  get frame() {
    return this.source?.frame_s ?? 0;
  }

  // a frame was shown
  notice() {
    if (!this.canPlay || this.node.seeking) return;
    this.at = Math.max(0, this.node.currentTime - (this.source?.video_lead_s ?? 0));
    this.onMoment(this.at);
    const [, end] = this.ranges[this.turn];
    if (this.isPlaying && this.at >= end - this.frame) this.playNext();
  }

  playNext() {
    this.turn = (this.turn + 1) % this.ranges.length;
    this.seek(this.ranges[this.turn][0]);
    if (this.node.paused) this.start();
  }

  // the browser may forbid it, or another source or a pause may come first
  start() {
    this.node.play().catch(() => this.node.paused && this.setPlaying(false));
  }

  /**
   * Shows the frame at a time, and plays on a moment after the last of them.
   * @param {number} at
   */
  look(at) {
    if (this.isPlaying || this.resumption) {
      this.pause();
      this.resumption = setTimeout(() => this.play(), RESUME_MS);
    }
    this.seek(at);
  }

  /** @param {number} frames  back if negative */
  step(frames) {
    this.pause();
    if (!this.source) return;
    const { step_s: step, duration_s: duration } = this.source;
    const number = Math.round(this.at / step) + frames;
    this.seek(Math.min(Math.max(0, number * step), Math.max(0, duration - this.frame)));
  }

  /** @param {number} at */
  seek(at) {
    this.at = at;
    this.onMoment(at);
    if (!this.canPlay) return this.showStill();
    this.wanted = at;
    if (!this.node.seeking) this.seekOn();
  }

  /** @param {number} at */
  stillAt(at) {
    return frameAddress(this.source?.frame_url, at, this.pageUrl());
  }

  showStill() {
    const address = this.canPlay === false && this.stillAt(this.at);
    if (address) this.onStill(address);
  }

  /**
   * @param {number} at
   * @param {string} address
   */
  flip(at, address) {
    this.at = at;
    this.onMoment(at);
    this.onStill(address);
  }

  /**
   * @param {number} at
   * @param {number} step  in seconds of the GIF
   */
  after(at, step) {
    const next = at + step * this.speed;
    if (next < this.ranges[this.turn][1] - this.frame / 2) return next;
    this.turn = (this.turn + 1) % this.ranges.length;
    return this.ranges[this.turn][0];
  }

  seekOn() {
    if (this.wanted === null || !this.source) return;
    // a little into the frame: the browser's clock may round to before its start
    this.node.currentTime = this.wanted + this.source.video_lead_s + Math.min(0.002, this.frame / 4);
    this.wanted = null;
  }

  close() {
    this.stopWaiting();
    this.flipbook.stop();
    this.node.removeAttribute("src");
    this.node.load();
  }
}
