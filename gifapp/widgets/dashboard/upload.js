import { addressOf, button, icon, make, progressBar, sizeInWords } from "../common.js";
import tus from "../vendor/tus.min.js";

const AT_ONCE = 2;
const NO_VIDEO = /^(audio|text|font)\/|^application\/(pdf|json|javascript|msword|vnd\.(openxml|ms-))/;
const SPEED_OVER_MS = 3000;
const LONG_LOOK_MS = 4000;
const TOKEN_MS = 10 * 60 * 1000;
const RETRY_AFTER_MS = [0, 1000, 3000, 5000, 10000, 20000, 30000];

class Uploads {
  constructor(model, el) {
    this.model = model;
    this.rows = make("ul", { class: "gifapp-upload__rows", "aria-label": "Uploads" });
    this.spoken = make("p", { class: "gifapp-unseen", role: "status", "aria-live": "polite" });
    this.waiting = [];
    this.running = new Map();
    this.failed = new Set();
    this.clearing = button("Dismiss all errors", "text", () => this.clear(), "cancel");
    this.count = 0;
    el.classList.add("gifapp-upload");
    el.append(this.makeZone(), this.rows, this.clearing, this.spoken);
    this.showZone();
    this.showClearing();
  }

  makeZone() {
    this.input = make("input", { type: "file", multiple: true, accept: "video/*,image/gif,image/webp,image/avif,image/png,image/jpeg,.zip,.mkv,.flv,.avi,.ogv,.ts,.3gp", hidden: true });
    this.input.addEventListener("change", () => {
      this.take(this.input.files);
      this.input.value = "";
    });
    this.title = make("span", { class: "gifapp-zone__title" });
    this.hint = make("span", { class: "gifapp-zone__hint" });
    const sign = make("span", { class: "gifapp-zone__sign" }, icon("upload"));
    this.zone = make("button", { type: "button", class: "gifapp-zone", on: { click: () => this.input.click() } }, sign, this.title, this.hint);
    return make("div", {}, this.zone, this.input);
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

  take(files) {
    for (const file of files) {
      const upload = this.makeRow(file);
      const problem = this.problemOf(file);
      if (problem) this.fail(upload, problem, false);
      else this.enqueue(upload);
    }
  }

  problemOf(file) {
    const limit = this.model.get("limit_bytes");
    if (file.size === 0) return "The file is empty.";
    if (file.size > limit) return `${sizeInWords(file.size)} is over the limit of ${sizeInWords(limit)}. Trim the video or export a smaller one.`;
    return NO_VIDEO.test(file.type) ? "This file type isn't supported." : null;
  }

  makeRow(file) {
    const upload = { id: ++this.count, file, bar: progressBar(`Upload of ${file.name}`) };
    upload.status = make("span", { class: "gifapp-upload__status" });
    upload.buttons = make("span", { class: "gifapp-upload__buttons" });
    const name = make("span", { class: "gifapp-upload__name", text: file.name, title: file.name, dir: "auto" });
    upload.row = make("li", { class: "gifapp-upload__row" }, make("div", { class: "gifapp-upload__text" }, name, upload.status), upload.buttons, upload.bar.node);
    this.rows.append(upload.row);
    return upload;
  }

  enqueue(upload) {
    upload.row.classList.remove("gifapp-upload__row--failed");
    this.failed.delete(upload);
    this.showClearing();
    upload.status.textContent = `${sizeInWords(upload.file.size)}, waiting`;
    upload.bar.show(0);
    upload.buttons.replaceChildren(button(`Cancel the upload of ${upload.file.name}`, "icon", () => this.cancel(upload), "cancel"));
    this.waiting.push(upload);
    this.next();
  }

  next() {
    while (this.running.size < AT_ONCE && this.waiting.length) {
      const upload = this.waiting.shift();
      this.running.set(upload.id, upload);
      this.begin(upload);
    }
  }

  receive(message) {
    const upload = message.type === "token" && this.running.get(message.upload);
    if (!upload?.awaited) return;
    const { resolve, reject } = upload.awaited;
    upload.awaited = null;
    if (message.token) resolve(message.token);
    else reject(new Error(message.refused));
  }

  // A token is good for a quarter of an hour; an upload may take longer.
  async token(upload) {
    if (!upload.token || performance.now() - upload.tokenAt > TOKEN_MS) {
      const given = new Promise((resolve, reject) => (upload.awaited = { resolve, reject }));
      this.model.send({ type: "token", upload: upload.id });
      upload.token = await given;
      upload.tokenAt = performance.now();
    }
    return upload.token;
  }

  // By tus: what broke off goes on where it was, after a while, a press of the button or a reload of the page.
  async begin(upload) {
    const request = (upload.request = new tus.Upload(upload.file, {
      endpoint: addressOf("/api/v1/uploads", this.model.get("page_url")),
      metadata: { filename: upload.file.name },
      retryDelays: RETRY_AFTER_MS,
      removeFingerprintOnSuccess: true,
      onBeforeRequest: async (sent) => sent.setHeader("Authorization", `Bearer ${await this.token(upload)}`),
      onShouldRetry: (error) => this.mayGoOn(upload, error),
      onProgress: (sent, all) => (sent < all ? this.progress(upload, sent) : this.sent(upload)),
      onSuccess: ({ lastResponse }) => this.taken(upload, lastResponse.getHeader("Upload-Source")),
      onError: (error) => this.refused(upload, error),
    }));
    upload.seen = [];
    const [broken] = await request.findPreviousUploads();
    if (upload.request !== request) return; // cancelled meanwhile
    if (broken) request.resumeFromPreviousUpload(broken);
    request.start();
  }

  mayGoOn(upload, error) {
    clearTimeout(upload.patience);
    const status = statusOf(error);
    const { code } = parsed(error.originalResponse?.getBody());
    const isInLine = code === "too-many-at-once"; // all bytes are there
    const mayGoOn = isInLine || status === 0 || status === 409 || status === 423 || status >= 500;
    if (isInLine) this.waitsForTurn(upload);
    else if (mayGoOn) {
      upload.seen = [];
      upload.status.textContent = "Connection lost. The upload resumes when you're back online.";
    }
    return mayGoOn;
  }

  progress(upload, sent) {
    const now = performance.now();
    upload.seen.push([now, sent]);
    while (upload.seen.length > 2 && now - upload.seen[0][0] > SPEED_OVER_MS) upload.seen.shift();
    const [since, before] = upload.seen[0];
    const speed = sizeInWords(((sent - before) * 1000) / Math.max(1, now - since));
    upload.bar.show(sent / upload.file.size);
    upload.status.textContent = `${Math.floor((100 * sent) / upload.file.size)}% of ${sizeInWords(upload.file.size)}, ${speed}/s`;
  }

  sent(upload) {
    upload.bar.show(null);
    upload.status.textContent = "Checking the video…";
    clearTimeout(upload.patience);
    upload.patience = setTimeout(() => this.waitsForTurn(upload), LONG_LOOK_MS);
  }

  waitsForTurn(upload) {
    upload.status.textContent = "Waiting to be checked. The server checks a few videos at a time…";
  }

  taken(upload, sourceId) {
    this.model.send({ type: "uploaded", source_id: sourceId });
    this.spoken.textContent = `${upload.file.name} uploaded.`;
    this.forget(upload);
  }

  refused(upload, error) {
    const status = statusOf(error);
    const { detail } = parsed(error.originalResponse?.getBody());
    const unanswered = error.causingError?.message || "Connection lost. Check it and try again.";
    const sentence = detail || (status ? `The server couldn't accept the file (${status}).` : unanswered);
    const mayWorkLater = status === 0 || status === 401 || status === 429 || status >= 500;
    this.fail(upload, sentence, mayWorkLater);
  }

  fail(upload, sentence, mayRetry) {
    clearTimeout(upload.patience);
    this.running.delete(upload.id);
    upload.request = upload.token = null;
    upload.row.classList.add("gifapp-upload__row--failed");
    this.rows.append(upload.row); // beneath what is still on its way
    upload.status.textContent = sentence;
    this.spoken.textContent = `${upload.file.name}: ${sentence}`;
    const dismiss = button(`Dismiss ${upload.file.name}`, "icon", () => this.forget(upload), "cancel");
    const retry = button("Try again", "quiet", () => this.enqueue(upload), "retry");
    upload.buttons.replaceChildren(...(mayRetry ? [retry, dismiss] : [dismiss]));
    this.failed.add(upload);
    this.showClearing();
    this.next();
  }

  cancel(upload) {
    upload.request?.abort(true).catch(() => {}); // what has arrived goes by itself after a day
    upload.request = null;
    this.spoken.textContent = `Upload of ${upload.file.name} cancelled.`;
    this.forget(upload);
  }

  forget(upload) {
    clearTimeout(upload.patience);
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
    return this.running.size + this.waiting.length > 0;
  }
}

// Of the answer that an upload broke off with; 0: there was none.
function statusOf(error) {
  return error.originalResponse?.getStatus() ?? 0;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // an answer of a proxy, not ours
  }
}

const filesOf = (transfer) => [...(transfer?.files ?? [])];
const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

function listen(uploads, signal) {
  const isOver = () => uploads.zone.closest("[inert]"); // there is no kernel any more
  const lit = (on) => uploads.zone.classList.toggle("gifapp-zone--lit", on);
  const on = (target, name, listener) => target.addEventListener(name, listener, { signal });
  on(document, "dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    lit(!isOver());
  });
  on(document, "dragleave", (event) => event.relatedTarget || lit(false));
  on(document, "drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (isOver()) return;
    lit(false);
    uploads.take(filesOf(event.dataTransfer));
  });
  on(document, "paste", (event) => uploads.take(filesOf(event.clipboardData)));
  on(window, "beforeunload", (event) => uploads.isBusy && event.preventDefault());
}

function render({ model, el }) {
  const uploads = new Uploads(model, el);
  const gone = new AbortController();
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
