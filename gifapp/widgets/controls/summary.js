import { make } from "../common.js";

/** @typedef {{ facts: string, estimate: string, notes: string, problem: string, is_estimating: boolean }} Traits */

// Lines break beside the dots only, not between a number and its unit.
/** @param {string} text */
const unbroken = (text) => text.replaceAll(" ", "\u00a0").replaceAll("\u00a0·\u00a0", " · ");

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const facts = make("span");
  const estimate = make("span", { class: "gifapp-summary__estimate" });
  const line = make("p", { class: "gifapp-summary__facts" }, facts, estimate);
  const notes = make("p", { class: "gifapp-summary__notes" });
  const problem = make("p", { class: "gifapp-summary__problem", role: "alert" });
  el.classList.add("gifapp-summary");
  el.append(line, notes, problem);

  const show = () => {
    problem.textContent = model.get("problem");
    line.hidden = Boolean(model.get("problem"));
    facts.textContent = unbroken(model.get("facts"));
    estimate.textContent = unbroken(model.get("estimate"));
    notes.textContent = model.get("notes");
    notes.hidden = line.hidden || !notes.textContent;
    for (const node of [estimate, notes]) node.classList.toggle("gifapp-summary__estimate--old", model.get("is_estimating"));
  };
  show();
  const all = "change:facts change:estimate change:notes change:is_estimating change:problem";
  model.on(all, show);
  return () => model.off(all, show);
}

export default { render };
