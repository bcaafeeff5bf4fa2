import { button, make } from "../common.js";

/**
 * @typedef {import("./card.js").CardData} CardData
 * @typedef {{ id: string, url: string, expires_at: string, views: number }} Share
 */

// A dialog that creates, copies and revokes the links to a GIF. The kernel answers each request with all links.
const TIMES = { 1: "1 day", 7: "1 week", 30: "30 days", 365: "1 year" };
const PAGE_MARGIN_PX = 130; // the space that the public page needs besides the picture

export class Sharer {
  /** @param {import("./gallery.js").Gallery} gallery */
  constructor(gallery) {
    this.gallery = gallery;
    /** @type {CardData | null} */
    this.card = null;
    this.isWaiting = false;
    this.name = make("h2", { class: "gifapp-viewer__name" });
    const times = Object.entries(TIMES).map(([days, text]) => make("option", { value: days, text, selected: days === "7" }));
    this.days = make("select", { class: "gifapp-sharer__days", "aria-label": "Link expires in" }, ...times);
    this.make = button("Create link", "main", () => this.ask("share", { days: Number(this.days.value) }));
    this.list = make("ul", { class: "gifapp-sharer__links", "aria-label": "Links to this GIF" });
    this.status = make("p", { class: "gifapp-sharer__status", role: "status" });
    const words = make("p", { class: "gifapp-sharer__words", text: "Anyone with the link can view this GIF." });
    const close = button("Close", "icon", () => this.node.close(), "cancel");
    const header = make("div", { class: "gifapp-viewer__header" }, make("div", { class: "gifapp-viewer__words" }, this.name), close);
    const form = make("div", { class: "gifapp-sharer__form" }, this.make, make("span", { text: "expires in" }), this.days);
    this.node = make("dialog", { class: "gifapp-viewer gifapp-sharer" }, header, make("div", { class: "gifapp-sharer__body" }, words, form, this.status, this.list));
    this.node.addEventListener("click", (event) => event.target === this.node && this.node.close());
    // otherwise JupyterLab would handle the keys
    this.node.addEventListener("keydown", (event) => event.stopPropagation());
  }

  /** @param {CardData} card */
  open(card) {
    this.card = card;
    this.name.textContent = `Share ${card.name}`;
    this.node.setAttribute("aria-label", `Share ${card.name}`);
    this.status.textContent = "";
    this.list.replaceChildren();
    this.node.showModal();
    this.make.focus();
    this.ask("shares");
  }

  /**
   * @param {"share" | "shares" | "revoke"} type
   * @param {object} more
   */
  ask(type, more = {}) {
    this.isWaiting = true;
    this.make.disabled = type === "share";
    this.gallery.model.send({ type, id: this.card?.id, ...more });
  }

  /** @param {{ id: string, shares: Share[], made: string | null }} message */
  async show({ id, shares, made }) {
    const { card } = this;
    if (!card || id !== card.id) return;
    this.isWaiting = false;
    const hadFocus = this.list.contains(document.activeElement);
    this.list.replaceChildren(...shares.map((share) => this.link(card, share)));
    this.make.disabled = false;
    if (hadFocus || document.activeElement === document.body) this.make.focus();
    const share = shares.find((share) => share.id === made);
    if (share) await this.copy(this.addressOf(share), "Link created and copied.", "Link created.");
  }

  /** @param {string} id */
  settle(id) {
    if (id !== this.card?.id || !this.isWaiting) return;
    this.isWaiting = false;
    this.make.disabled = false;
    this.status.textContent = "That didn't work. Close this dialog to see why.";
  }

  /**
   * @param {CardData} card
   * @param {Share} share
   */
  link(card, share) {
    const address = this.addressOf(share);
    const field = make("input", { class: "gifapp-sharer__address", readonly: true, value: address, "aria-label": "Link" });
    field.addEventListener("focus", () => field.select());
    const until = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(share.expires_at));
    const views = `${share.views} ${share.views === 1 ? "view" : "views"}`;
    const copies = [
      button("Copy link", "quiet", () => this.copy(address, "Link copied.")),
      button("Copy as Markdown", "quiet", () => this.copy(markdown(card, address), "Markdown copied.")),
      button("Copy HTML embed", "quiet", () => this.copy(html(card, address), "HTML copied.")),
      button("Revoke", "text", () => this.ask("revoke", { share: share.id })),
    ];
    return make("li", {}, field, make("p", { text: `Expires ${until} · ${views}` }), make("div", { class: "gifapp-sharer__copies" }, ...copies));
  }

  // the kernel reaches the service by another URL than this page
  /** @param {Share} share */
  addressOf(share) {
    return this.gallery.addressOf(new URL(share.url).pathname);
  }

  /**
   * @param {string} text
   * @param {string} done
   * @param {string} otherwise
   */
  async copy(text, done, otherwise = "") {
    const isCopied = await copied(text, this.node);
    this.status.textContent = isCopied ? done : `${otherwise} Your browser blocked copying. Copy the link below yourself.`.trim();
  }
}

/**
 * @param {CardData} card
 * @param {string} address
 */
function markdown({ name: title, gif }, address) {
  const name = title.replace(/[[\]\\]/g, "\\$&");
  if (!gif || gif.is_video) return `[${name}](${address})`;
  // parentheses would end the URL
  const file = encodeURIComponent(gif.file_name).replace(/[()]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  return `[![${name}](${address}/${file})](${address})`;
}

/**
 * @param {CardData} card
 * @param {string} address
 */
function html({ name, gif }, address) {
  const { width_px: width = 0, height_px: height = 0 } = gif ?? {};
  const frame = make("iframe", { src: address, width: width + 32, height: height + PAGE_MARGIN_PX, title: name, loading: "lazy", style: "border:0;max-width:100%" });
  return frame.outerHTML;
}

/**
 * @param {string} text
 * @param {HTMLDialogElement} dialog
 */
async function copied(text, dialog) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // without TLS, copying works only by a selection, which must be within the dialog
    const field = make("textarea", { class: "gifapp-unseen" });
    field.value = text;
    const before = document.activeElement;
    dialog.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (before instanceof HTMLElement) before.focus();
    return isCopied;
  }
}
