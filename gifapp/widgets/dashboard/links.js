import { addressOf, button, make, sizeInWords } from "../common.js";

/**
 * @typedef {{ received_bytes: number, total_bytes: number | null }} Progress
 * @typedef {{ detail?: string, status?: number }} Problem
 * @typedef {Progress | { source: { id: string } } | { problem: Problem }} Line
 */

const LINK = /^https?:\/\/\S+$/i;
const LATER = [401, 429, 502, 503, 507];

class Refused extends Error {
  /** @param {Problem} problem */
  constructor({ detail, status = 0 }) {
    super(detail ?? "The server couldn't fetch the link. Try again.");
    this.mayRetry = !status || LATER.includes(status);
  }
}

/** @param {string} text */
export const isLink = (text) => LINK.test(text.trim());

/**
 * A field for a link to a video.
 * @param {(link: string) => void} take
 */
export function makeLinkForm(take) {
  const field = make("input", { type: "url", class: "gifapp-links__field", placeholder: "Or paste a link to a video file", "aria-label": "Link to a video file", maxlength: 2000, autocomplete: "off" });
  const submit = button("Fetch", "quiet", () => {}, "download");
  submit.type = "submit";
  const form = make("form", { class: "gifapp-links", novalidate: true }, field, submit);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const link = field.value.trim();
    field.setCustomValidity(isLink(link) ? "" : "Enter a link that begins with http:// or https://.");
    if (!field.reportValidity()) return;
    field.value = "";
    take(link);
  });
  field.addEventListener("input", () => field.setCustomValidity(""));
  return form;
}

/** @param {string} link */
export function nameOfLink(link) {
  const path = URL.canParse(link) ? new URL(link).pathname : "";
  return path.split("/").pop() || link;
}

/**
 * Lets the service fetch an upload's link, and shows its progress.
 * @param {import("./upload.js").Uploads} uploads
 * @param {import("./upload.js").Upload} upload
 */
export async function fetchLink(uploads, upload) {
  const gone = (upload.gone = new AbortController());
  upload.status.textContent = "Connecting…";
  upload.bar.show(null);
  try {
    const source = await sourceOf(uploads, upload, gone.signal);
    uploads.accepted(upload, source);
  } catch (error) {
    if (gone.signal.aborted) return;
    const refused = error instanceof Refused ? error : new Refused({ detail: "Connection lost. Check your connection and try again." });
    uploads.fail(upload, refused.message, refused.mayRetry);
  }
}

/**
 * @param {import("./upload.js").Uploads} uploads
 * @param {import("./upload.js").Upload} upload
 * @param {AbortSignal} signal
 * @returns {Promise<string>} the source's id
 */
async function sourceOf(uploads, upload, signal) {
  const headers = { Authorization: `Bearer ${await uploads.token(upload)}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ url: upload.link });
  const response = await fetch(addressOf("/api/v1/links", uploads.model.get("page_url")), { method: "POST", headers, body, signal });
  if (!response.ok || !response.body) throw new Refused(await response.json().catch(() => ({ status: response.status })));
  for await (const line of linesOf(response.body)) {
    if ("source" in line) return line.source.id;
    if ("problem" in line) throw new Refused(line.problem);
    show(upload, line);
  }
  throw new Refused({});
}

/**
 * @param {import("./upload.js").Upload} upload
 * @param {Progress} progress
 */
function show(upload, { received_bytes: received, total_bytes: total }) {
  upload.bar.show(total ? received / total : null);
  if (total && received >= total) upload.status.textContent = "Checking the video…";
  else upload.status.textContent = total ? `${Math.floor((100 * received) / total)}% of ${sizeInWords(total)}` : sizeInWords(received);
}

/**
 * @param {ReadableStream<Uint8Array<ArrayBuffer>>} stream
 * @returns {AsyncGenerator<Line>}
 */
async function* linesOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}
