import { button, make, sizeInWords } from "../common.js";

/** @typedef {{ description: string, kind: string, accept: string, hint: string, is_text: boolean, limit: number, value: string | null, data: DataView, problem: string }} Traits */

/** @type {Record<string, string>} the kind of picture by the start of its base64 */
const PICTURES = { iVBOR: "png", "/9j/": "jpeg", UklGR: "webp", R0lGO: "gif" };

class FileField {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    const kind = model.get("kind");
    this.input = make("input", { type: "file", accept: model.get("accept"), hidden: true, on: { change: () => this.take(this.input.files?.[0]) } });
    this.choose = button(model.get("description"), "quiet", () => this.input.click(), "upload");
    this.picture = make("img", { class: "gifapp-file__picture", alt: "" });
    this.name = make("span", { class: "gifapp-file__name", dir: "auto" });
    this.removal = button(`Remove the ${kind}`, "icon", () => this.set("value", null), "cancel");
    this.chosen = make("div", { class: "gifapp-file__chosen" }, this.picture, this.name, this.removal);
    this.hint = make("p", { class: "gifapp-file__hint", text: model.get("hint") });
    this.problem = make("p", { class: "gifapp-form__problem", role: "alert" });
    el.classList.add("gifapp-file");
    el.append(this.input, this.choose, this.chosen, this.hint, this.problem);
    this.show();
  }

  show() {
    const value = this.model.get("value");
    const had = this.chosen.contains(document.activeElement);
    this.choose.hidden = this.hint.hidden = value != null;
    this.chosen.hidden = value == null;
    if (had && value == null) this.choose.focus();
    if (value == null) return;
    const isText = this.model.get("is_text");
    this.picture.hidden = isText;
    const kind = kindOf(value);
    if (!isText && kind) this.picture.src = `data:image/${kind};base64,${value}`;
    this.name.textContent = this.fileName || (isText ? firstWords(value) : "The picture");
  }

  /** @param {File | undefined} file */
  async take(file) {
    this.input.value = "";
    if (!file) return;
    const problem = await this.problemOf(file);
    this.say(problem ?? "");
    if (problem) return;
    this.fileName = file.name;
    // the kernel decodes the text, as the command line does
    if (this.model.get("is_text")) this.set("data", new DataView(await file.arrayBuffer()));
    else this.set("value", await base64Of(file));
  }

  /** @param {string} problem */
  say(problem) {
    this.problem.textContent = problem;
  }

  /** @param {File} file */
  async problemOf(file) {
    const limit = this.model.get("limit");
    if (file.size === 0) return "The file is empty.";
    if (this.model.get("is_text")) {
      return file.size > 4 * limit ? `The file is longer than ${limit.toLocaleString("en")} characters.` : null;
    }
    if (file.size > limit) return `${file.name} is ${sizeInWords(file.size)}; the limit is ${sizeInWords(limit)}.`;
    return kindOf(await base64Of(file.slice(0, 12))) ? null : `${file.name} is not a PNG, JPEG, WebP or GIF.`;
  }

  /**
   * @template {keyof Traits} Name
   * @param {Name} name
   * @param {Traits[Name]} value
   */
  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }
}

/** @param {string} base64 */
function kindOf(base64) {
  const start = Object.keys(PICTURES).find((known) => base64.startsWith(known));
  return start && PICTURES[start];
}

/** @param {Blob} blob */
async function base64Of(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** @param {string} text */
function firstWords(text) {
  const line = text.split(/\r?\n/).find((words) => /\p{L}/u.test(words) && !words.startsWith("WEBVTT"));
  return `“${(line ?? text).trim().slice(0, 40)}…”`;
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const field = new FileField(model, el);
  const show = () => field.show();
  const say = () => field.say(model.get("problem"));
  model.on("change:value", show);
  model.on("change:problem", say);
  return () => {
    model.off("change:value", show);
    model.off("change:problem", say);
  };
}

export default { render };
