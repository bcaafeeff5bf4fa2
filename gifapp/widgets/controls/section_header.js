import { make } from "../common.js";

/** @typedef {{ description: string, changes: string, value: boolean }} Traits */

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const changes = make("span", { class: "gifapp-form__changes" });
  const turn = () => {
    model.set("value", !model.get("value"));
    model.save_changes();
  };
  const title = make("span", { class: "gifapp-form__title", text: model.get("description") });
  const head = make("button", { type: "button", class: "gifapp-form__head", on: { click: turn } }, title, changes);
  el.append(head);

  const show = () => {
    head.setAttribute("aria-expanded", String(model.get("value")));
    changes.textContent = changes.title = model.get("changes");
  };
  show();
  model.on("change:value change:changes", show);
  return () => model.off("change:value change:changes", show);
}

export default { render };
