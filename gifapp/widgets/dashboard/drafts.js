// The form's drafts stay in the tab: a reload gets a new kernel, which knows nothing of them.

const KEY = "gifapp.drafts";
const MOST = 20;

function kept() {
  try {
    return { recipes: {}, ...JSON.parse(sessionStorage.getItem(KEY)) };
  } catch {
    return { recipes: {} };
  }
}

function keep({ source_id: id, recipe }, files) {
  const { [id]: _, ...others } = kept().recipes;
  const recipes = Object.fromEntries([...Object.entries(others).slice(1 - MOST), [id, { ...recipe, ...files }]]);
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ selected: id, recipes }));
  } catch {
    sessionStorage.removeItem(KEY); // it does not fit, or the browser keeps nothing: then a reload begins anew
  }
}

function render({ model }) {
  const { selected, recipes } = kept();
  if (selected) model.send({ type: "restore", selected, recipes });
  const save = () => model.get("current").source_id && keep(model.get("current"), model.get("files"));
  model.on("change:current change:files", save);
  return () => model.off("change:current change:files", save);
}

export default { render };
