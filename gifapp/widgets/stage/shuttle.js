// Plays a video backwards, which browsers cannot do: seeks from frame to frame, as fast as the browser follows.
export class Shuttle {
  /**
   * @param {(at: number) => void} seek
   * @param {() => boolean} isSeeking
   */
  constructor(seek, isSeeking) {
    this.seek = seek;
    this.isSeeking = isSeeking;
    this.request = 0;
  }

  /**
   * @param {number} from  the time to begin at
   * @param {number} until  the time to end at, which is earlier
   * @param {number} speed
   * @param {() => void} onEnd
   */
  start(from, until, speed, onEnd) {
    this.stop();
    const begun = performance.now();
    const next = () => {
      const at = from - (speed * (performance.now() - begun)) / 1000;
      if (at <= until) return onEnd();
      if (!this.isSeeking()) this.seek(at);
      this.request = requestAnimationFrame(next);
    };
    this.request = requestAnimationFrame(next);
  }

  stop() {
    cancelAnimationFrame(this.request);
  }
}
