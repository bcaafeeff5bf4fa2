import { button, icon, make } from "../common.js";

/** @typedef {{ is_live: boolean }} Traits */
/** @typedef {{ type: "notice", text: string, look: "info" | "warning", undo?: string }} Notice  `undo`: what it may undo */

const SHOWN_MS = 12_000;
const UNDO_MS = 10_000;

/** @param {import("../common.js").Props<Traits>} props */
function render({ model, el }) {
  const offline = make("div", { class: "gifapp-notices__offline", role: "status" });
  const stack = make("div", { class: "gifapp-notices__stack", role: "alert" });
  el.classList.add("gifapp-notices");
  el.append(offline, stack);
  const sight = new ResizeObserver(() => {
    const dashboard = /** @type {HTMLElement | null} */ (el.closest(".gifapp-dashboard"));
    dashboard?.style.setProperty("--gifapp-notices", `${stack.offsetHeight}px`);
  });
  sight.observe(stack);

  const showLive = () => {
    offline.textContent = model.get("is_live") ? "" : "Live updates have stopped. Reconnecting…";
  };
  /** @param {Notice} notice */
  const showNotice = ({ text, look, undo }) => {
    const notice = make("div", { class: `gifapp-notice gifapp-notice--${look}` }, icon(look), make("p", { text }));
    const before = document.activeElement;
    const remove = () => {
      if (notice.contains(document.activeElement) && before instanceof HTMLElement) before.focus();
      notice.remove();
    };
    if (undo) notice.append(button("Undo", "quiet", () => (remove(), model.send({ type: "undo", id: undo })), "undo"));
    notice.append(button("Dismiss", "icon", remove, "cancel"));
    let timer = 0;
    const stay = () => clearTimeout(timer);
    const goSoon = () => {
      stay();
      timer = setTimeout(remove, undo ? UNDO_MS : SHOWN_MS);
    };
    for (const name of ["pointerenter", "focusin"]) notice.addEventListener(name, stay);
    for (const name of ["pointerleave", "focusout"]) notice.addEventListener(name, goSoon);
    goSoon();
    stack.append(notice);
    // whoever deletes by keyboard must not have to look for the button within ten seconds
    if (undo && before?.matches(":focus-visible")) notice.querySelector("button")?.focus();
  };
  /** @param {Notice} message */
  const receive = (message) => {
    if (message.type === "notice") showNotice(message);
  };
  showLive();
  model.on("change:is_live", showLive);
  model.on("msg:custom", receive);
  return () => {
    sight.disconnect();
    model.off("change:is_live", showLive);
    model.off("msg:custom", receive);
  };
}

export default { render };
