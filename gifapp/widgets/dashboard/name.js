import { button, make } from "../common.js";

// A heading whose text is edited in place: Enter or leaving the field saves it, Escape does not.
export class EditableName {
  /**
   * @param {HTMLHeadingElement} heading
   * @param {string} label  of the button and the field
   * @param {(name: string) => void} save
   * @param {(name: string) => string} [edited]  the part of the name that is edited
   */
  constructor(heading, label, save, edited = (name) => name) {
    this.heading = heading;
    this.save = save;
    this.edited = edited;
    this.before = ""; // what the field began with
    this.button = button(label, "icon", () => this.begin(), "rename");
    this.button.classList.add("gifapp-name__button");
    this.field = make("input", { type: "text", class: "gifapp-name__field", maxlength: 200, dir: "auto", "aria-label": label, autocomplete: "off" });
    this.node = make("div", { class: "gifapp-name" }, heading, this.field, this.button);
    this.field.addEventListener("keydown", (event) => this.press(event));
    this.field.addEventListener("blur", () => this.end(this.field.value));
    this.field.hidden = true;
  }

  /** @param {string} name */
  show(name) {
    if (this.heading.textContent !== name) this.heading.textContent = name;
    this.heading.title = name;
  }

  begin() {
    this.before = this.field.value = this.edited(this.heading.textContent ?? "");
    this.switch(true);
    this.field.focus();
    this.field.setSelectionRange(0, stemOf(this.before).length);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    event.stopPropagation(); // a dialog would close, JupyterLab act
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    if (event.isComposing) return; // the key ends the input of a character
    this.end(event.key === "Enter" ? this.field.value : "");
    this.button.focus();
  }

  /** @param {string} typed */
  end(typed) {
    if (this.field.hidden) return; // taking the field away moves the focus, too
    const name = typed.trim();
    this.switch(false);
    if (!name || name === this.before) return;
    this.show(name); // until the service has answered
    this.save(name);
  }

  /** @param {boolean} isEditing */
  switch(isEditing) {
    this.field.hidden = !isEditing;
    this.heading.hidden = this.button.hidden = isEditing;
  }
}

/**
 * A file's name without its suffix.
 * @param {string} name
 */
export const stemOf = (name) => name.replace(/(?<=.)\.(?=[0-9]*[a-z])[a-z0-9]{2,5}$/i, "");
