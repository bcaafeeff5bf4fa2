import { make, throttled } from "../common.js";

/** @typedef {{ description: string, tooltip: string, may_be_none: boolean, first: string, value: string | null }} Traits */

const SAVE_EVERY_MS = 120;

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const words = model.get("description");
  const box = make("input", { type: "checkbox", "aria-label": words });
  const picker = make("input", { type: "color", class: "gifapp-colour__picker", "aria-label": `${words}, colour` });
  el.classList.add("gifapp-colour");
  const label = make("label", { class: "gifapp-colour__label", title: model.get("tooltip") }, ...(model.get("may_be_none") ? [box] : []), make("span", { text: words }));
  el.append(label, picker);

  const show = () => {
    const value = model.get("value");
    box.checked = value != null;
    picker.hidden = value == null;
    if (value != null) picker.value = value;
  };
  /** @param {string | null} value */
  const put = (value) => {
    model.set("value", value);
    model.save_changes();
  };
  const save = throttled(SAVE_EVERY_MS, () => {
    if (!picker.hidden) put(picker.value); // unless the colour was removed meanwhile
  });
  picker.addEventListener("input", save);
  box.addEventListener("change", () => put(box.checked ? model.get("first") : null));
  show();
  model.on("change:value", show);
  return () => model.off("change:value", show);
}

export default { render };
