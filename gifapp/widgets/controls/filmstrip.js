import { make } from "../common.js";

const MAX_SLOTS = 400; // when zoomed in

// Pictures of the whole video along a track, from one picture with equally wide tiles.
export class Filmstrip {
  constructor() {
    this.node = make("div", { class: "gifapp-filmstrip", "aria-hidden": "true" });
    this.address = "";
    this.tiles = 1;
    this.ratio = 0; // of a tile; 0: the picture is not there yet
    this.slots = 0;
    this.resizing = new ResizeObserver(() => this.draw());
    this.resizing.observe(this.node);
  }

  /**
   * @param {string | null} address
   * @param {number} tiles
   */
  show(address, tiles) {
    if (address === this.address) return;
    [this.address, this.tiles, this.ratio, this.slots] = [address ?? "", tiles, 0, 0];
    this.node.replaceChildren();
    if (!address) return;
    const loader = new Image();
    loader.onload = () => {
      if (address !== this.address) return;
      this.ratio = loader.naturalWidth / tiles / loader.naturalHeight;
      this.draw();
    };
    loader.src = address;
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (!this.ratio || !width) return;
    const slots = Math.min(MAX_SLOTS, Math.max(1, Math.round(width / (height * this.ratio))));
    if (slots === this.slots) return;
    this.slots = slots;
    this.node.replaceChildren(...Array.from({ length: slots }, (_, slot) => this.makeSlot(Math.floor(((slot + 0.5) / slots) * this.tiles))));
  }

  /** @param {number} tile */
  makeSlot(tile) {
    const node = make("span", { class: "gifapp-filmstrip__slot" });
    const left = this.tiles > 1 ? (100 * tile) / (this.tiles - 1) : 0;
    Object.assign(node.style, { backgroundImage: `url("${this.address}")`, backgroundSize: `${100 * this.tiles}% 100%`, backgroundPosition: `${left}% 0` });
    return node;
  }

  close() {
    this.resizing.disconnect();
  }
}
