import { addressOf, frameAddress, make, wantsLessMotion } from "../common.js";
import { Flipbook } from "./flipbook.js";
import { entryOf, gifTime, goesOn, legsOf, lengthOf, shows } from "./play_order.js";
import { Shuttle } from "./shuttle.js";

/**
 * @typedef {{ id: string, width_px: number, height_px: number, frame_s: number, step_s: number, duration_s: number, is_still: boolean,
 *   frame_url: string | null, video_url: string | null, video_type: string | null, video_lead_s: number,
 *   proxy_url: string | null }} Film
 * @typedef {import("./play_order.js").Order} Order
 * @typedef {import("./play_order.js").Leg} Leg
 */

const RESUME_MS = 700; // after the last of the times that were looked at
const SAME_SIZE_PX = 2; // browsers round other sides than we do
const [SLOWEST, FASTEST] = [0.0625, 16]; // beyond these, browsers refuse

// Plays the ranges of a source in a loop: the original where the browser can decode it, else a proxy of it, and until
// that is there, single frames.
export class Player {
  /**
   * @param {() => string} pageUrl
   * @param {(at: number) => void} onMoment  called with the time that is shown
   * @param {() => void} onChange  called after `canPlay`, `isPlaying` or `awaitsProxy` changed
   * @param {(address: string) => void} onStill  called with the address of a frame to show
   */
  constructor(pageUrl, onMoment, onChange, onStill) {
    this.pageUrl = pageUrl;
    this.onMoment = onMoment;
    this.onChange = onChange;
    this.onStill = onStill;
    /** @type {Film | undefined} */
    this.source = undefined;
    /** @type {Order} */
    this.order = { ranges: [[0, 0]], speed: 1, direction: "forward", crossfade_s: 0 };
    this.whole = legsOf(this.order); // of the GIF
    this.legs = this.whole; // those that play
    this.number = 0; // of the leg that plays
    this.looping = 0; // the timer of a loop
    this.at = 0;
    this.isProxy = false;
    this.awaitsProxy = false;
    this.isUntouched = true; // nobody has played, paused or looked at a time yet
    /** @type {boolean | null} null: not known yet */
    this.canPlay = null;
    this.isPlaying = false;
    this.resumption = 0;
    /** @type {number | null} the time to show once the last seek is done */
    this.wanted = null;
    this.node = make("video", { class: "gifapp-stage__video", playsinline: true, preload: "auto", hidden: true, "aria-hidden": "true", tabindex: -1, disablepictureinpicture: true });
    this.node.muted = true;
    this.shuttle = new Shuttle((at) => this.seekBack(at), () => this.node.seeking);
    this.flipbook = new Flipbook((at) => this.stillAt(at), (at, address) => this.flip(at, address), (at, step) => this.after(at, step));
    this.listen();
  }

  listen() {
    this.node.addEventListener("loadeddata", () => this.begun());
    this.node.addEventListener("error", () => this.node.hasAttribute("src") && this.leave());
    this.node.addEventListener("seeked", () => this.seekOn());
    this.node.addEventListener("ended", () => this.isPlaying && !this.leg.isBack && this.playNext());
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
    this.unloop();
    this.isUntouched = true;
    this.isProxy = this.awaitsProxy = false;
    this.setOrder({ ranges: [[0, source.duration_s]], speed: 1, direction: "forward", crossfade_s: 0 });
    this.flipbook.stop();
    this.shuttle.stop();
    this.setPlaying(false);
    this.stopWaiting();
    this.onMoment(0);
    this.node.hidden = true;
    const isWorthTrying = source.video_url && source.video_type && this.node.canPlayType(source.video_type);
    if (isWorthTrying && source.video_url) this.node.src = addressOf(source.video_url, this.pageUrl());
    else this.leave();
  }

  // what was tried cannot be played: the proxy is next
  leave() {
    const address = this.isProxy ? null : this.source?.proxy_url;
    this.isProxy = this.awaitsProxy = Boolean(address);
    if (address) this.node.src = addressOf(address, this.pageUrl());
    else this.node.removeAttribute("src");
    this.node.load();
    this.settle(false);
  }

  // the first frame is there: is it what the engine will read?
  begun() {
    if (!this.source || !this.node.hasAttribute("src")) return;
    // without a duration, as in recordings of browsers, it cannot be sought in
    if (!this.isOfSourceSize || !Number.isFinite(this.node.duration)) return this.leave();
    const isResumed = this.isPlaying || (this.isUntouched && !wantsLessMotion() && !document.hidden);
    this.flipbook.stop();
    this.awaitsProxy = false;
    this.settle(true);
    this.seek(this.at || entryOf(this.legs[0], this.frame));
    if (isResumed) this.start();
  }

  get isOfSourceSize() {
    if (!this.source || this.isProxy) return this.isProxy;
    const { width_px, height_px } = this.source;
    return Math.abs(this.node.videoWidth - width_px) <= SAME_SIZE_PX && Math.abs(this.node.videoHeight - height_px) <= SAME_SIZE_PX;
  }

  /** @param {boolean} canPlay */
  settle(canPlay) {
    this.canPlay = canPlay;
    this.node.hidden = !canPlay;
    if (!canPlay) this.isPlaying = false;
    this.onChange();
  }

  /** @param {Partial<Order>} changes */
  setOrder(changes) {
    const wasBack = this.leg.isBack;
    this.order = { ...this.order, ...changes };
    this.whole = legsOf(this.order);
    if (this.looping) this.unloop();
    this.legs = this.whole;
    this.number = Math.min(this.number, this.legs.length - 1);
    this.node.playbackRate = this.rate;
    if (this.isPlaying && this.canPlay && (this.leg.isBack || wasBack)) this.start();
  }

  get rate() {
    return Math.min(FASTEST, Math.max(SLOWEST, this.order.speed));
  }

  /** @returns {Leg} */
  get leg() {
    return this.legs[this.number];
  }

  /** The time of the GIF that is shown; null: outside the ranges. */
  get gifTime() {
    const { isBack } = this.leg;
    const legs = [...(this.looping ? [] : [this.leg]), ...this.whole.filter((leg) => leg.isBack === isBack), ...this.whole];
    const leg = legs.find((other) => shows(other, this.at, this.frame));
    return leg ? gifTime(leg, this.at, this.order.speed, this.frame) : null;
  }

  get gifLength() {
    return lengthOf(this.whole, this.order.speed);
  }

  /**
   * Plays only this range, in time with an image that does so from now on.
   * @param {import("./play_order.js").Times} range
   */
  loop(range) {
    this.pause();
    this.legs = legsOf({ ...this.order, ranges: [range] });
    const begin = () => {
      this.enter(0);
      this.setPlaying(true);
      this.run();
    };
    this.looping = setInterval(begin, 1000 * lengthOf(this.legs, this.order.speed));
    begin();
  }

  // what was looped stays on the frame that is shown
  unloop() {
    if (!this.looping) return;
    clearInterval(this.looping);
    this.looping = 0;
    this.legs = this.whole;
    this.number = 0;
    this.pause();
  }

  toggle() {
    this.isUntouched = false;
    if (this.isPlaying || this.resumption) this.pause();
    else this.play();
  }

  play() {
    if (this.canPlay === null) return;
    this.stopWaiting();
    this.start();
  }

  // plays on from the time that is shown, or else from the beginning
  start() {
    if (!goesOn(this.leg, this.at, this.frame)) this.number = this.legs.findIndex((leg) => goesOn(leg, this.at, this.frame));
    if (this.number < 0) this.enter(0);
    this.setPlaying(true);
    if (this.canPlay) this.run();
    else void this.flipbook.start(this.at);
  }

  /** @param {number} number  of the leg */
  enter(number) {
    this.number = number;
    this.seek(entryOf(this.leg, this.frame));
  }

  run() {
    this.shuttle.stop();
    if (this.leg.isBack) {
      this.node.pause();
      this.shuttle.start(this.at, this.leg.start - this.frame, this.order.speed, () => this.playNext());
    } else if (this.node.paused) {
      this.node.playbackRate = this.rate;
      // the browser may forbid it, or another source or a pause may come first
      this.node.play().catch(() => this.node.paused && !this.leg.isBack && this.setPlaying(false));
    }
  }

  pause() {
    this.stopWaiting();
    const wasPlaying = this.isPlaying;
    this.node.pause();
    this.flipbook.stop();
    this.shuttle.stop();
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

  // waits for the next round of the loop
  rest() {
    this.node.pause();
    this.shuttle.stop();
  }

  get frame() {
    return this.source?.frame_s ?? 0;
  }

  // a frame was shown
  notice() {
    if (!this.canPlay || this.node.seeking) return;
    this.at = Math.max(0, this.node.currentTime - this.lead);
    this.onMoment(this.at);
    if (this.isPlaying && !this.leg.isBack && this.at >= this.leg.end - this.frame) this.playNext();
  }

  playNext() {
    if (this.looping && this.number === this.legs.length - 1) return this.rest();
    this.enter((this.number + 1) % this.legs.length);
    this.run();
  }

  /**
   * Shows the frame at a time, and plays on a moment after the last of them.
   * @param {number} at
   */
  look(at) {
    this.isUntouched = false;
    this.unloop();
    if (this.isPlaying || this.resumption) {
      this.pause();
      this.resumption = setTimeout(() => this.play(), RESUME_MS);
    }
    this.seek(at);
  }

  /** @param {number} frames  back if negative */
  step(frames) {
    this.isUntouched = false;
    this.unloop();
    this.pause();
    if (!this.source) return;
    const { step_s: step, duration_s: duration } = this.source;
    const number = Math.round(this.at / step) + frames;
    this.seek(Math.min(Math.max(0, number * step), Math.max(0, duration - this.frame)));
  }

  /** @param {number} at */
  seekBack(at) {
    const next = Math.max(this.leg.start, at);
    if (Math.abs(next - this.at) > 0.9 * this.frame) this.seek(next);
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
    const next = at + (this.leg.isBack ? -step : step) * this.order.speed;
    if (shows(this.leg, next, this.frame)) return next;
    this.number = (this.number + 1) % this.legs.length;
    return entryOf(this.leg, this.frame);
  }

  // how much later the file's times are than the recipe's
  get lead() {
    return this.isProxy ? 0 : (this.source?.video_lead_s ?? 0);
  }

  seekOn() {
    if (this.wanted === null || !this.source) return;
    // a little into the frame: the browser's clock may round to before its start
    this.node.currentTime = this.wanted + this.lead + Math.min(0.002, this.frame / 4);
    this.wanted = null;
  }

  close() {
    this.unloop();
    this.stopWaiting();
    this.flipbook.stop();
    this.shuttle.stop();
    this.node.removeAttribute("src");
    this.node.load();
  }
}
