import { addressOf, button, icon, make, progressBar, sizeInWords } from "../common.js";
import { listen } from "./arrivals.js";
import { fetchLink, makeLinkForm, nameOfLink } from "./links.js";
import { Recorder } from "./recorder.js";
import tus from "../vendor/tus.min.js";

/**
 * @typedef {{ page_url: string, compact: boolean, hint: string, limit_bytes: number, fetches_links: boolean }} Traits
 * @typedef {import("tus-js-client").DetailedError} UploadError
 * @typedef {{ type: "token", upload: number, token?: string, refused?: string }} TokenMessage
 * @typedef {{ resolve: (token: string) => void, reject: (error: Error) => void }} Answer
 */

const AT_ONCE = 2;
const NO_VIDEO = /^(audio|text|font)\/|^application\/(pdf|json|javascript|msword|vnd\.(openxml|ms-))/;
const SPEED_OVER_MS = 3000;
const SLOW_CHECK_MS = 4000;
const STALLED_MS = 30000; // the server drops stalled connections after the same time
const TOKEN_MS = 10 * 60 * 1000;
const RETRY_AFTER_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000];

// An upload of one file, or of what a link leads to, with its row.
export class Upload {
  /**
   * @param {number} id
   * @param {File} file
   * @param {string} [link]  which the service fetches; the file is empty then
   */
  constructor(id, file, link = "") {
    this.id = id;
    this.file = file;
    this.link = link;
    /** @type {AbortController | null} of a link */
    this.gone = null;
    /** @type {import("tus-js-client").Upload | null} */
    this.request = null;
    /** @type {string | null} */
    this.token = null;
    this.tokenAt = 0;
    /** @type {Answer | null} */
    this.awaited = null;
    /** @type {[number, number][]} when, and how many bytes were sent */
    this.seen = [];
    this.timer = 0; // notices a stall while bytes are sent, then a slow check
    this.bar = progressBar(`Upload of ${file.name}`);
    this.status = make("span", { class: "gifapp-upload__status" });
    this.buttons = make("span", { class: "gifapp-upload__buttons" });
    const name = make("span", { class: "gifapp-upload__name", text: file.name, title: file.name, dir: "auto" });
    this.row = make("li", { class: "gifapp-upload__row" }, make("div", { class: "gifapp-upload__text" }, name, this.status), this.buttons, this.bar.node);
  }
}

export class Uploads {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    this.rows = make("ul", { class: "gifapp-upload__rows", "aria-label": "Uploads" });
    this.spoken = make("p", { class: "gifapp-unseen", role: "status", "aria-live": "polite" });
    /** @type {Upload[]} */
    this.waiting = [];
    /** @type {Map<number, Upload>} */
    this.running = new Map();
    /** @type {Set<Upload>} */
    this.failed = new Set();
    this.clearing = button("Dismiss all errors", "text", () => this.clear(), "cancel");
    this.count = 0;
    el.classList.add("gifapp-upload");
    this.input = this.makeInput();
    this.title = make("span", { class: "gifapp-zone__title" });
    this.hint = make("span", { class: "gifapp-zone__hint" });
    const sign = make("span", { class: "gifapp-zone__sign" }, icon("upload"));
    this.zone = make("button", { type: "button", class: "gifapp-zone", on: { click: () => this.input.click() } }, sign, this.title, this.hint);
    this.links = makeLinkForm((link) => this.takeLink(link));
    this.links.hidden = !model.get("fetches_links");
    this.recorder = new Recorder({ take: (files) => this.take(files), limitBytes: () => this.model.get("limit_bytes") });
    el.append(make("div", {}, this.zone, this.input), this.links, this.recorder.node, this.rows, this.clearing, this.spoken);
    this.showZone();
    this.showClearing();
  }

  makeInput() {
    const input = make("input", { type: "file", multiple: true, accept: "video/*,image/gif,image/webp,image/avif,image/png,image/jpeg,.zip,.mkv,.flv,.avi,.ogv,.ts,.3gp", hidden: true });
    input.addEventListener("change", () => {
      this.take(input.files ?? []);
      input.value = "";
    });
    return input;
  }

  showZone() {
    const compact = this.model.get("compact");
    const touch = matchMedia("(hover: none)").matches;
    this.zone.classList.toggle("gifapp-zone--compact", compact);
    if (compact) this.title.textContent = "Add another video";
    else this.title.textContent = touch ? "Choose a video" : "Drop a video here";
    const how = touch ? "" : "or paste it, or click to choose a file. ";
    const limit = sizeInWords(this.model.get("limit_bytes"));
    this.hint.textContent = compact ? `Up to ${limit}${touch ? "" : "; drop it anywhere"}` : `${how}${this.model.get("hint")}`;
  }

  /** @param {Iterable<File>} files */
  take(files) {
    for (const file of files) {
      const upload = new Upload(++this.count, file);
      this.rows.append(upload.row);
      const problem = this.problemOf(file);
      if (problem) this.fail(upload, problem, false);
      else this.enqueue(upload);
    }
  }

  /** @param {string} link */
  takeLink(link) {
    if (this.links.hidden) return;
    const upload = new Upload(++this.count, new File([], nameOfLink(link)), link);
    this.rows.append(upload.row);
    this.enqueue(upload);
  }

  /** @param {File} file */
  problemOf(file) {
    const limit = this.model.get("limit_bytes");
    if (file.size === 0) return "The file is empty.";
    if (file.size > limit) return `${sizeInWords(file.size)} is over the limit of ${sizeInWords(limit)}. Trim the video or export a smaller one.`;
    return NO_VIDEO.test(file.type) ? "This file type isn't supported." : null;
  }

  /** @param {Upload} upload */
  enqueue(upload) {
    upload.row.classList.remove("gifapp-upload__row--failed");
    this.failed.delete(upload);
    this.showClearing();
    upload.status.textContent = upload.link ? "Waiting" : `${sizeInWords(upload.file.size)}, waiting`;
    upload.bar.show(0);
    upload.buttons.replaceChildren(button(`Cancel the upload of ${upload.file.name}`, "icon", () => this.cancel(upload), "cancel"));
    this.waiting.push(upload);
    this.next();
  }

  next() {
    for (const upload of this.waiting.splice(0, AT_ONCE - this.running.size)) {
      this.running.set(upload.id, upload);
      if (upload.link) fetchLink(this, upload);
      else this.begin(upload);
    }
  }

  /** @param {TokenMessage} message */
  receive(message) {
    const upload = this.running.get(message.upload);
    if (message.type !== "token" || !upload?.awaited) return;
    const { resolve, reject } = upload.awaited;
    upload.awaited = null;
    if (message.token) resolve(message.token);
    else reject(new Error(message.refused));
  }

  // A token is valid for a quarter of an hour; an upload may take longer.
  /** @param {Upload} upload */
  async token(upload) {
    if (!upload.token || performance.now() - upload.tokenAt > TOKEN_MS) {
      /** @type {Promise<string>} */
      const answer = new Promise((resolve, reject) => (upload.awaited = { resolve, reject }));
      this.model.send({ type: "token", upload: upload.id });
      upload.token = await answer;
      upload.tokenAt = performance.now();
    }
    return upload.token;
  }

  // Uses tus: an interrupted upload resumes where it stopped – automatically, on Try again, or after a reload.
  /** @param {Upload} upload */
  async begin(upload) {
    const request = (upload.request = new tus.Upload(upload.file, {
      endpoint: addressOf("/api/v1/uploads", this.model.get("page_url")),
      metadata: { filename: upload.file.name },
      retryDelays: RETRY_AFTER_MS,
      removeFingerprintOnSuccess: true,
      onBeforeRequest: async (sent) => sent.setHeader("Authorization", `Bearer ${await this.token(upload)}`),
      onShouldRetry: (error) => this.shouldRetry(upload, error),
      onProgress: (sent, all) => (sent < all ? this.progress(upload, sent) : this.sent(upload)),
      onSuccess: ({ lastResponse }) => this.accepted(upload, lastResponse.getHeader("Upload-Source")),
      onError: (error) => this.refused(upload, /** @type {UploadError} */ (error)),
    }));
    upload.seen = [];
    const [broken] = await request.findPreviousUploads();
    if (upload.request !== request) return; // it was cancelled meanwhile
    if (broken) request.resumeFromPreviousUpload(broken);
    request.start();
  }

  /**
   * @param {Upload} upload
   * @param {UploadError} error
   */
  shouldRetry(upload, error) {
    clearTimeout(upload.timer);
    const status = statusOf(error);
    const { code } = parsed(error.originalResponse?.getBody());
    const isInLine = code === "too-many-at-once"; // all bytes have arrived
    const shouldRetry = isInLine || status === 0 || status === 409 || status === 423 || status >= 500;
    if (isInLine) this.waitsForTurn(upload);
    else if (shouldRetry) this.interrupted(upload);
    return shouldRetry;
  }

  /** @param {Upload} upload */
  interrupted(upload) {
    upload.seen = [];
    upload.status.textContent = "Connection lost. The upload resumes when you're back online.";
  }

  // A connection may be dead without an error: nothing moves, and the browser waits for minutes.
  /** @param {Upload} upload */
  watchForStall(upload) {
    clearTimeout(upload.timer);
    upload.timer = setTimeout(() => this.resume(upload), STALLED_MS);
  }

  /** @param {Upload} upload */
  async resume(upload) {
    const { request } = upload;
    if (!request) return;
    this.interrupted(upload);
    this.watchForStall(upload);
    await request.abort();
    if (upload.request === request) request.start();
  }

  /**
   * @param {Upload} upload
   * @param {number} sent
   */
  progress(upload, sent) {
    this.watchForStall(upload);
    const now = performance.now();
    upload.seen.push([now, sent]);
    while (upload.seen.length > 2 && now - upload.seen[0][0] > SPEED_OVER_MS) upload.seen.shift();
    const [since, before] = upload.seen[0];
    const speed = sizeInWords(((sent - before) * 1000) / Math.max(1, now - since));
    upload.bar.show(sent / upload.file.size);
    upload.status.textContent = `${Math.floor((100 * sent) / upload.file.size)}% of ${sizeInWords(upload.file.size)}, ${speed}/s`;
  }

  /** @param {Upload} upload */
  sent(upload) {
    upload.bar.show(null);
    upload.status.textContent = "Checking the video…";
    clearTimeout(upload.timer);
    upload.timer = setTimeout(() => this.waitsForTurn(upload), SLOW_CHECK_MS);
  }

  /** @param {Upload} upload */
  waitsForTurn(upload) {
    upload.status.textContent = "Waiting to be checked. The server checks a few videos at a time…";
  }

  /**
   * @param {Upload} upload
   * @param {string | undefined} sourceId
   */
  accepted(upload, sourceId) {
    this.model.send({ type: "uploaded", source_id: sourceId });
    this.spoken.textContent = `${upload.file.name} uploaded.`;
    this.forget(upload);
  }

  /**
   * @param {Upload} upload
   * @param {UploadError} error
   */
  refused(upload, error) {
    const status = statusOf(error);
    const { detail } = parsed(error.originalResponse?.getBody());
    const unanswered = error.causingError?.message || "Connection lost. Check your connection and try again.";
    const sentence = detail || (status ? `The server couldn't accept the file (${status}).` : unanswered);
    const mayWorkLater = status === 0 || status === 401 || status === 429 || status >= 500;
    this.fail(upload, sentence, mayWorkLater);
  }

  /**
   * @param {Upload} upload
   * @param {string} sentence
   * @param {boolean} mayRetry
   */
  fail(upload, sentence, mayRetry) {
    clearTimeout(upload.timer);
    this.running.delete(upload.id);
    upload.request = upload.token = null;
    upload.row.classList.add("gifapp-upload__row--failed");
    this.rows.append(upload.row); // below the uploads in progress
    upload.status.textContent = sentence;
    this.spoken.textContent = `${upload.file.name}: ${sentence}`;
    const dismiss = button(`Dismiss ${upload.file.name}`, "icon", () => this.forget(upload), "cancel");
    const retry = button("Try again", "quiet", () => this.enqueue(upload), "retry");
    upload.buttons.replaceChildren(...(mayRetry ? [retry, dismiss] : [dismiss]));
    this.failed.add(upload);
    this.showClearing();
    this.next();
  }

  /** @param {Upload} upload */
  cancel(upload) {
    upload.request?.abort(true).catch(() => {}); // the bytes that have arrived expire after a day
    upload.gone?.abort();
    upload.request = null;
    this.spoken.textContent = `Upload of ${upload.file.name} cancelled.`;
    this.forget(upload);
  }

  /** @param {Upload} upload */
  forget(upload) {
    clearTimeout(upload.timer);
    if (upload.row.contains(document.activeElement)) this.zone.focus();
    upload.row.remove();
    this.failed.delete(upload);
    this.showClearing();
    this.running.delete(upload.id);
    this.waiting = this.waiting.filter((other) => other !== upload);
    this.next();
  }

  showClearing() {
    this.clearing.hidden = this.failed.size < 2;
  }

  clear() {
    this.zone.focus();
    for (const upload of [...this.failed]) this.forget(upload);
  }

  get isBusy() {
    return this.running.size + this.waiting.length > 0 || this.recorder.isRecording;
  }
}

// The status of the response that ended an upload; 0: there was none.
/** @param {UploadError} error */
function statusOf(error) {
  return error.originalResponse?.getStatus() ?? 0;
}

/**
 * @param {string | undefined} text
 * @returns {{ code?: string, detail?: string }}
 */
function parsed(text) {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return {}; // a response of a proxy, not ours
  }
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const uploads = new Uploads(model, el);
  const gone = new AbortController();
  /** @param {TokenMessage} message */
  const receive = (message) => uploads.receive(message);
  const showZone = () => uploads.showZone();
  listen(uploads, gone.signal);
  model.on("msg:custom", receive);
  model.on("change:compact", showZone);
  return () => {
    gone.abort();
    model.off("msg:custom", receive);
    model.off("change:compact", showZone);
  };
}

export default { render };
