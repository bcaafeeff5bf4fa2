import { make, numberIn, throttled } from "../common.js";

/** @typedef {{ description: string, tooltip: string, placeholder: string, is_whole: boolean, min: number | null, max: number | null, step: number, value: string }} Traits */

const SAVE_EVERY_MS = 150;
/** @type {Record<string, number>} */
const DIRECTIONS = { ArrowUp: 1, ArrowDown: -1 };

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const input = make("input", { type: "text", inputmode: model.get("is_whole") ? "numeric" : "decimal", autocomplete: "off" });
  el.classList.add("gifapp-number");
  el.append(make("label", { class: "gifapp-number__label", title: model.get("tooltip") }, make("span", { text: model.get("description") }), input));

  let isTyped = false; // typed but not saved yet, so it must not be overwritten
  const show = () => {
    input.placeholder = model.get("placeholder");
    if (!isTyped && input.value !== model.get("value")) input.value = model.get("value");
  };
  const put = () => {
    isTyped = false;
    model.set("value", input.value);
    model.save_changes();
  };
  /** @param {KeyboardEvent} event */
  const step = (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction) return;
    event.preventDefault();
    const [low, high] = [model.get("min") ?? -Infinity, model.get("max") ?? Infinity];
    const next = (numberIn(input.value || input.placeholder) || 0) + direction * model.get("step");
    input.value = String(Number(Math.min(Math.max(next, low), high).toFixed(2)));
    put();
  };
  const save = throttled(SAVE_EVERY_MS, put);
  input.addEventListener("input", () => {
    isTyped = true;
    save();
  });
  input.addEventListener("change", put);
  input.addEventListener("keydown", step);
  show();
  model.on("change:value change:placeholder", show);
  return () => model.off("change:value change:placeholder", show);
}

export default { render };
