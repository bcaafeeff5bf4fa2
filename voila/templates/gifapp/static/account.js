/* The account panel: it talks to the API from the browser, so that no password ever reaches a kernel. */
(function () {
  "use strict";

  const DAY_MS = 86400 * 1000;
  const { byId, copy, day, make } = window.gifappElements;
  const session = window.gifappSession;

  // --- all forms: one request at a time, with its result beside the button

  function showResult(form, text, isError) {
    const said = form.querySelector(".account__said");
    said.textContent = text;
    said.dataset.kind = isError ? "error" : "good";
    if (text) said.scrollIntoView({ block: "nearest" });
  }

  function onSubmit(id, act) {
    const form = byId(id);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const button = form.querySelector("[type=submit]");
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      showResult(form, "", false);
      try {
        showResult(form, (await act(form)) || "", false);
      } catch (error) {
        showResult(form, error.message, true);
      }
      button.setAttribute("aria-disabled", "false");
    });
  }

  const leave = () => location.replace(document.body.dataset.baseUrl.replace(/voila\/$/, ""));

  // --- password

  async function changePassword(form) {
    const { current, chosen } = form.elements;
    const body = { current_password: current.value, new_password: chosen.value };
    session.keep(await (await session.call("POST", "/auth/password", body)).json());
    leave(); // this page's dashboard belonged to the session that has just ended
    return "Password changed. Reloading…";
  }

  // --- API tokens

  function describe(token) {
    const used = token.last_used_at ? `last used ${day(token.last_used_at)}` : "never used";
    const ends = token.expires_at ? `expires ${day(token.expires_at)}` : "never expires";
    return `${token.scopes.join(", ")} · ${used} · ${ends}`;
  }

  function row(token) {
    const revoke = make("button", { type: "button", className: "account__small", textContent: "Revoke" });
    revoke.setAttribute("aria-label", `Revoke ${token.name}`);
    revoke.addEventListener("click", async () => {
      try {
        await session.call("DELETE", `/me/tokens/${token.id}`);
        await showTokens();
        byId("tokens-title").focus();
      } catch (error) {
        showResult(byId("token-form"), error.message, true);
      }
    });
    const words = make("span", {}, make("b", { textContent: token.name }), make("small", { textContent: `${token.hint}… · ${describe(token)}` }));
    return make("li", {}, words, revoke);
  }

  async function showTokens() {
    const { tokens } = await (await session.call("GET", "/me/tokens")).json();
    byId("tokens").replaceChildren(...tokens.map(row));
    byId("no-tokens").hidden = tokens.length > 0;
  }

  async function makeToken(form) {
    const { label, days } = form.elements;
    const scopes = [...form.querySelectorAll("[name=scope]:checked")].map((box) => box.value);
    if (!scopes.length) throw new Error("Choose at least one permission.");
    const end = days.value ? { expires_at: new Date(Date.now() + days.value * DAY_MS).toISOString() } : {};
    const made = await (await session.call("POST", "/me/tokens", { name: label.value.trim(), scopes, ...end })).json();
    form.reset();
    await showTokens();
    byId("made-token").value = made.token;
    byId("made").hidden = false;
    byId("made-token").select();
    byId("made-token").focus();
    return "";
  }

  const copyToken = () => copy(byId("made-token"), byId("copy"));

  function hideToken() {
    byId("made").hidden = true;
    byId("made-token").value = "";
    byId("copy").textContent = "Copy";
  }

  // --- export, sign out everywhere, delete

  async function download() {
    const answer = await session.call("GET", "/me/export");
    const link = make("a", { href: URL.createObjectURL(await answer.blob()), download: "gifapp.zip" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return "Downloaded.";
  }

  async function signOutEverywhere() {
    await session.call("POST", "/auth/logout-everywhere");
    leave();
  }

  async function deleteAccount(form) {
    await session.call("DELETE", "/me", { password: form.elements.password.value });
    leave();
  }

  async function open() {
    for (const form of byId("account").querySelectorAll("form")) {
      form.reset();
      showResult(form, "", false);
    }
    hideToken();
    byId("account").showModal();
    try {
      byId("admin-scope").hidden = (await session.user()).role !== "administrator";
      await showTokens();
    } catch (error) {
      showResult(byId("token-form"), error.message, true);
    }
  }

  function close() {
    hideToken();
    for (const form of byId("account").querySelectorAll("form")) form.reset();
  }

  document.addEventListener("DOMContentLoaded", () => {
    byId("open-account").addEventListener("click", open);
    byId("close-account").addEventListener("click", () => byId("account").close());
    byId("account").addEventListener("close", close);
    byId("account").addEventListener("click", (event) => event.target === byId("account") && byId("account").close());
    byId("copy").addEventListener("click", copyToken);
    onSubmit("password-form", changePassword);
    onSubmit("token-form", makeToken);
    onSubmit("everywhere-form", signOutEverywhere);
    onSubmit("export-form", download);
    onSubmit("delete-form", deleteAccount);
  });
})();
