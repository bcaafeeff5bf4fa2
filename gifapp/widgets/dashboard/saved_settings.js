import { button, make } from "../common.js";

/**
 * @typedef {{ id: string, name: string, problem: string | null, is_mine: boolean, is_shared: boolean }} Saved
 * @typedef {{ settings: Saved[], may_share: boolean, limit: number }} Traits
 * @typedef {{ type: "settled" } | { type: "export", name: string, text: string }} SettingsMessage
 */

// A button, and its dialog: settings are saved under a name, used, exported, imported, shared and deleted.
class SavedSettings {
  /**
   * @param {import("../common.js").Model<Traits>} model
   * @param {HTMLElement} el
   */
  constructor(model, el) {
    this.model = model;
    /** @type {(() => void) | null} */
    this.waiting = null;
    this.opener = button("Saved settings", "quiet", () => this.open(), "bookmark");
    this.opener.setAttribute("aria-haspopup", "dialog");
    this.field = make("input", { type: "text", class: "gifapp-saved__name", maxlength: 80, required: true, "aria-label": "Name of these settings", placeholder: "Name", autocomplete: "off" });
    const save = make("button", { type: "submit", class: "gifapp-button gifapp-button--main", text: "Save these settings" });
    this.form = make("form", { class: "gifapp-saved__form" }, this.field, save);
    this.file = make("input", { type: "file", accept: ".json,application/json", hidden: true });
    this.list = make("ul", { class: "gifapp-saved__list", "aria-label": "Saved settings" });
    this.empty = make("p", { class: "gifapp-saved__words", text: "Nothing is saved yet. Give the settings in the form a name to use them again for other videos." });
    this.status = make("p", { class: "gifapp-saved__words", role: "status" });
    const close = button("Close", "icon", () => this.node.close(), "cancel");
    const title = make("div", { class: "gifapp-viewer__words" }, make("h2", { class: "gifapp-viewer__name", text: "Saved settings" }));
    const footer = make("div", { class: "gifapp-saved__footer" }, button("Import a file", "quiet", () => this.file.click(), "upload"), this.file);
    const body = make("div", { class: "gifapp-saved__body" }, this.form, this.status, this.empty, this.list, footer);
    this.node = make("dialog", { class: "gifapp-viewer gifapp-saved", "aria-label": "Saved settings" }, make("div", { class: "gifapp-viewer__header" }, title, close), body);
    el.classList.add("gifapp-saved-settings");
    el.append(this.opener, this.node);
    this.listen();
    this.show();
  }

  listen() {
    this.form.addEventListener("submit", (event) => this.submit(event));
    this.file.addEventListener("change", () => this.take());
    this.node.addEventListener("click", (event) => event.target === this.node && this.node.close());
    // otherwise JupyterLab would handle the keys
    this.node.addEventListener("keydown", (event) => event.stopPropagation());
  }

  open() {
    this.status.textContent = "";
    this.node.showModal();
    this.ask({ type: "list" });
  }

  /** @param {object} message */
  ask(message) {
    this.node.setAttribute("aria-busy", "true");
    this.model.send(message);
  }

  /** @param {SubmitEvent} event */
  submit(event) {
    event.preventDefault();
    const name = this.field.value.trim();
    if (!name) return this.field.focus();
    this.field.value = "";
    this.node.close();
    this.whenSettled(() => this.ask({ type: "save", name }));
  }

  // changes of the form are delayed while the kernel is busy; they have arrived when it has answered what opened the dialog
  /** @param {() => void} act */
  whenSettled(act) {
    if (this.node.hasAttribute("aria-busy")) this.waiting = act;
    else act();
  }

  async take() {
    const [file] = this.file.files ?? [];
    this.file.value = "";
    if (!file) return;
    const text = file.size > 4 * this.model.get("limit") ? "" : await file.text();
    if (text && text.length <= this.model.get("limit")) this.leave({ type: "import", name: file.name, text });
    else this.status.textContent = text ? `${file.name} is too large for settings.` : `${file.name} is empty, or too large for settings.`;
  }

  show() {
    const all = this.model.get("settings");
    const focused = this.list.contains(document.activeElement) && document.activeElement?.closest("li")?.dataset.id;
    this.list.replaceChildren(...all.map((saved) => this.row(saved)));
    this.empty.hidden = all.length > 0;
    if (!focused) return;
    const row = [...this.list.children].find((node) => /** @type {HTMLElement} */ (node).dataset.id === focused);
    const next = row?.querySelector("button") ?? this.field; // the focused row may be gone
    next.focus();
  }

  /** @param {Saved} saved */
  row(saved) {
    const { id, name, problem, is_mine: isMine, is_shared: isShared } = saved;
    const use = make("button", { type: "button", class: "gifapp-saved__use", title: `Use ${name}`, dir: "auto", text: name, disabled: problem != null });
    use.addEventListener("click", () => this.leave({ type: "use", id }));
    const words = make("div", { class: "gifapp-saved__text" }, use);
    const note = problem ?? (isShared ? (isMine ? "Shared with everyone" : "Shared by an administrator") : "");
    if (note) words.append(make("p", { class: "gifapp-saved__note", text: note }));
    const actions = [button(`Export ${name}`, "icon", () => this.ask({ type: "export", id }), "download")];
    if (problem) actions.pop();
    if (this.model.get("may_share") && (isMine || isShared)) actions.push(this.sharing(saved));
    if (isMine) actions.push(button(`Delete ${name}`, "icon", () => this.leave({ type: "delete", id }), "delete"));
    return make("li", { class: "gifapp-saved__row", data: { id } }, words, ...actions);
  }

  /** @param {Saved} saved */
  sharing({ id, name, is_shared: isShared }) {
    const toggle = button(`Share ${name} with everyone`, "icon", () => this.ask({ type: "share", id, is_shared: !isShared }), "people");
    toggle.setAttribute("aria-pressed", String(isShared));
    return toggle;
  }

  // the notice that follows, with its Undo, could not be reached beneath the dialog
  /** @param {object} message */
  leave(message) {
    this.node.close();
    this.ask(message);
  }

  settle() {
    this.node.removeAttribute("aria-busy");
    const act = this.waiting;
    this.waiting = null;
    act?.();
  }

  /** @param {SettingsMessage} message */
  receive(message) {
    if (message.type === "settled") this.settle();
    else if (message.type === "export") download(message.name, message.text);
  }
}

/**
 * @param {string} name
 * @param {string} text
 */
function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const saved = new SavedSettings(model, el);
  const show = () => saved.show();
  /** @param {SettingsMessage} message */
  const receive = (message) => saved.receive(message);
  model.on("change:settings change:may_share", show);
  model.on("msg:custom", receive);
  return () => {
    model.off("change:settings change:may_share", show);
    model.off("msg:custom", receive);
  };
}

export default { render };
