// How files reach the page besides the file picker: dropped, pasted, or shared by another app; and pasted links.

import { isLink } from "./links.js";

/** @param {DataTransfer | null} transfer */
const filesOf = (transfer) => [...(transfer?.files ?? [])];
/** @param {DragEvent} event */
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

/**
 * @typedef {{ zone: HTMLElement, isBusy: boolean, take: (files: Iterable<File>) => void, takeLink: (link: string) => void }} Taker
 * @param {Taker} uploads
 * @param {AbortSignal} signal
 */
export function listen(uploads, signal) {
  const isOver = () => uploads.zone.closest("[inert]"); // the kernel has ended
  /** @param {boolean} on */
  const lit = (on) => uploads.zone.classList.toggle("gifapp-zone--lit", on);
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    lit(!isOver());
  }, { signal });
  document.addEventListener("dragleave", (event) => event.relatedTarget || lit(false), { signal });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (isOver()) return;
    lit(false);
    uploads.take(filesOf(event.dataTransfer));
  }, { signal });
  document.addEventListener("paste", (event) => isOver() || paste(uploads, event), { signal });
  takeShared(uploads);
  window.addEventListener("beforeunload", (event) => uploads.isBusy && event.preventDefault(), { signal });
}

/**
 * Takes what another app shared with the installed page; see `share.js` of the template.
 * @param {Taker} uploads
 */
async function takeShared(uploads) {
  const page = /** @type {{ gifapp?: { shared?: Promise<File[]> } }} */ (globalThis).gifapp;
  uploads.take((await page?.shared) ?? []);
  if (page) delete page.shared; // a widget may be drawn again
}

/**
 * @param {Taker} uploads
 * @param {ClipboardEvent} event
 */
function paste(uploads, { clipboardData, target }) {
  const files = filesOf(clipboardData);
  uploads.take(files);
  const text = clipboardData?.getData("text") ?? "";
  const isTyping = target instanceof Element && target.closest("input, textarea, [contenteditable], dialog");
  if (!files.length && !isTyping && isLink(text)) uploads.takeLink(text.trim());
}
