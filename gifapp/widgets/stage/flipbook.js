const STEP_MS = 200; // a frame takes the server about as long

// Single frames from the server one after another, where the browser can't play the file. It keeps them, so a second
// round needs no server.
export class Flipbook {
  /**
   * @param {(at: number) => string | null} addressAt  of the frame at a time
   * @param {(at: number, address: string) => void} show  called once the frame is there
   * @param {(at: number, step: number) => number} after  the time after another, `step` seconds of the GIF later
   */
  constructor(addressAt, show, after) {
    this.addressAt = addressAt;
    this.show = show;
    this.after = after;
    this.run = 0;
  }

  /** @param {number} at */
  async start(at) {
    const run = ++this.run;
    for (let next = at; run === this.run; next = this.after(next, STEP_MS / 1000)) {
      const address = this.addressAt(next);
      await Promise.all([address && loaded(address), new Promise((done) => setTimeout(done, STEP_MS))]);
      if (run === this.run && address) this.show(next, address);
    }
  }

  stop() {
    this.run++;
  }
}

// a frame that does not come is left out
/** @param {string} address */
function loaded(address) {
  const image = new Image();
  image.src = address;
  return image.decode().catch(() => undefined);
}
