import { make, throttled } from "../common.js";
import { tell } from "../moments.js";

/** @typedef {{ path: string, description: string, tooltip: string, unit: string, min: number, max: number, step: number, value: number | null }} Traits */

const SAVE_EVERY_MS = 120;

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const input = make("input", { type: "range", class: "gifapp-slider__input" });
  const output = make("span", { class: "gifapp-slider__value", "aria-hidden": "true" });
  const label = make("span", { text: model.get("description") });
  el.classList.add("gifapp-slider");
  el.append(make("label", { class: "gifapp-slider__label", title: model.get("tooltip") }, make("span", { class: "gifapp-slider__head" }, label, output), input));

  const say = () => {
    const words = `${Number(Number(input.value).toFixed(2))}${model.get("unit")}`;
    output.textContent = words;
    input.setAttribute("aria-valuetext", words);
    const [value, min, max] = [input.value, input.min, input.max].map(Number);
    const share = (value - min) / (max - min);
    input.style.setProperty("--share", `${100 * share}%`);
  };
  let isMoved = false; // moved but not saved yet, so it must not jump back
  const show = () => {
    for (const name of /** @type {const} */ (["min", "max", "step"])) input[name] = String(model.get(name));
    // a value between two steps must not be rounded to one of them
    if (!isMoved && Number(input.value) !== model.get("value")) input.value = String(model.get("value") ?? input.min);
    say();
  };
  const save = throttled(SAVE_EVERY_MS, () => {
    isMoved = false;
    model.set("value", Number(input.value));
    model.save_changes();
  });
  input.addEventListener("input", () => {
    isMoved = true;
    say();
    tell(el, "slide", { path: model.get("path"), value: Number(input.value) });
    save();
  });
  show();
  model.on("change:value change:min change:max", show);
  return () => model.off("change:value change:min change:max", show);
}

export default { render };
