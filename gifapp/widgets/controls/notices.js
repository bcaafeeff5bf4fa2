import { button, icon, make } from "../common.js";

/** @typedef {{ is_live: boolean }} Traits */
/** @typedef {{ type: "notice", text: string, look: "info" | "warning" }} Notice */

const SHOWN_MS = 12_000;

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const offline = make("div", { class: "gifapp-notices__offline", role: "status" });
  const stack = make("div", { class: "gifapp-notices__stack", role: "alert" });
  el.classList.add("gifapp-notices");
  el.append(offline, stack);

  const showLive = () => {
    offline.textContent = model.get("is_live") ? "" : "Live updates have stopped. Reconnecting…";
  };
  /** @param {Notice} notice */
  const showNotice = ({ text, look }) => {
    const notice = make("div", { class: `gifapp-notice gifapp-notice--${look}` }, icon(look), make("p", { text }));
    const remove = () => notice.remove();
    notice.append(button("Dismiss", "icon", remove, "cancel"));
    const timer = setTimeout(remove, SHOWN_MS);
    notice.addEventListener("pointerenter", () => clearTimeout(timer));
    notice.addEventListener("focusin", () => clearTimeout(timer));
    stack.append(notice);
  };
  /** @param {Notice} message */
  const receive = (message) => {
    if (message.type === "notice") showNotice(message);
  };
  showLive();
  model.on("change:is_live", showLive);
  model.on("msg:custom", receive);
  return () => {
    model.off("change:is_live", showLive);
    model.off("msg:custom", receive);
  };
}

export default { render };
