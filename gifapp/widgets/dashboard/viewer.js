import { button, icon, make } from "../common.js";
import { EditableName, stemOf } from "./name.js";

/** @typedef {{ name: string, facts: string[], address: string, download: string, frames: string | null, isVideo: boolean, rename: (name: string) => void }} Picture */

// Shows a GIF at full size in a dialog: Escape or a click outside closes it and restores the focus.
export class Viewer {
  constructor() {
    this.name = new EditableName(make("h2", { class: "gifapp-viewer__name", dir: "auto" }), "Rename", (name) => this.rename(name), stemOf);
    /** @type {Picture["rename"]} */
    this.rename = () => {};
    this.facts = make("p", { class: "gifapp-facts" });
    this.ground = make("div", { class: "gifapp-viewer__ground", role: "region", tabindex: 0 });
    this.link = make("a", { class: "gifapp-button gifapp-button--quiet", download: true }, icon("download"), make("span", { text: "Download" }));
    this.zip = exportLink("Frames as PNGs");
    this.sheet = exportLink("Contact sheet");
    this.exports = make("div", { class: "gifapp-viewer__exports", role: "group", "aria-label": "Export frames" }, this.zip, this.sheet);
    const words = make("div", { class: "gifapp-viewer__words" }, this.name.node, this.facts);
    const close = button("Close", "icon", () => this.node.close(), "cancel");
    this.node = make("dialog", { class: "gifapp-viewer" }, make("div", { class: "gifapp-viewer__header" }, words, this.link, close), this.ground, this.exports);
    this.node.addEventListener("click", (event) => event.target === this.node && this.node.close());
    this.node.addEventListener("close", () => this.ground.replaceChildren());
    // otherwise JupyterLab would handle the keys
    this.node.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "F2") this.name.begin();
    });
  }

  /** @param {Picture} picture */
  open({ name, facts, address, download, frames, isVideo, rename }) {
    const media = makePicture(isVideo ? "video" : "img");
    media.className = "gifapp-viewer__media";
    if (media instanceof HTMLVideoElement) media.controls = true;
    media.src = address;
    this.ground.replaceChildren(media);
    this.ground.setAttribute("aria-label", `The GIF of ${name}`);
    this.node.setAttribute("aria-label", name);
    this.name.show(name);
    this.rename = rename;
    this.facts.replaceChildren(...facts.map((text) => make("span", { text })));
    this.link.href = download;
    this.exports.hidden = !frames;
    this.zip.href = `${frames}&as=zip`;
    this.sheet.href = `${frames}&as=sheet`;
    this.node.showModal();
  }
}

/** @param {string} words */
const exportLink = (words) => make("a", { class: "gifapp-button gifapp-button--quiet", download: true }, icon("download"), make("span", { text: words }));

/** @param {"img" | "video"} tag */
export function makePicture(tag) {
  const look = { class: "gifapp-card__picture" };
  if (tag === "img") return make("img", { ...look, loading: "lazy", decoding: "async", alt: "" });
  const video = make("video", { ...look, autoplay: true, loop: true, playsinline: true });
  video.muted = true; // the attribute affects only the parser; browsers autoplay only muted videos
  return video;
}
