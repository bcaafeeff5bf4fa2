// The form's drafts are stored in the tab: a reload starts a new kernel, which does not have them.

/**
 * @typedef {Record<string, unknown>} Recipe
 * @typedef {{ source_id?: string, recipe?: Recipe }} Draft
 * @typedef {{ selected?: string, recipes: Record<string, Recipe> }} Drafts
 */

const KEY = "gifapp.drafts";
const MAX_DRAFTS = 20;

/** @returns {Drafts} */
function stored() {
  try {
    return { recipes: {}, ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
  } catch {
    return { recipes: {} };
  }
}

/**
 * @param {string} id  the source's
 * @param {Recipe} recipe
 */
function store(id, recipe) {
  const others = Object.entries(stored().recipes).filter(([other]) => other !== id);
  const recipes = Object.fromEntries([...others.slice(1 - MAX_DRAFTS), [id, recipe]]);
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ selected: id, recipes }));
  } catch {
    sessionStorage.removeItem(KEY); // too large, or storage is disabled: a reload then starts without drafts
  }
}

/** @param {import("../common.js").Props<{ current: Draft, files: Recipe }>} props */
function render({ model }) {
  const { selected, recipes } = stored();
  if (selected) model.send({ type: "restore", selected, recipes });
  const save = () => {
    const { source_id: id, recipe } = model.get("current");
    if (id) store(id, { ...recipe, ...model.get("files") });
  };
  model.on("change:current change:files", save);
  return () => model.off("change:current change:files", save);
}

export default { render };
