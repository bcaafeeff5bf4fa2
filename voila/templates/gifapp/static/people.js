/* All accounts, for administrators: invited, promoted, limited, disabled, given new passwords. */
(function () {
  "use strict";

  const MB = 1e6;
  const PAGE = 50;
  const { byId, copy, day, make } = window.gifappElements;
  const session = window.gifappSession;
  const size = (bytes) => (bytes < 1e9 ? `${Math.round(bytes / MB)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);
  let next = ""; // the cursor of the next page of accounts

  const ask = async (method, path, body) => (await session.call(method, `/admin${path}`, body)).json();

  function say(text, isError, place = byId("people-said")) {
    place.textContent = text;
    place.dataset.kind = isError ? "error" : "good";
  }

  // shows what went wrong, instead of failing silently
  const carefully = (act, place) => async (event) => {
    event.preventDefault();
    say("", false, place);
    try {
      await act(event);
    } catch (error) {
      say(error.message, true, place);
      (place ?? byId("people-said")).scrollIntoView({ block: "nearest" });
    }
  };

  // --- new links

  function showLink(label, { url, qr }) {
    byId("new-link-label").textContent = label;
    byId("new-link-address").value = url;
    byId("new-link-qr").src = qr;
    byId("new-link").hidden = false;
    byId("copy-link").textContent = "Copy";
    byId("new-link-address").focus();
    byId("new-link-address").select();
  }

  function hideLink() {
    byId("new-link").hidden = true;
    byId("new-link-address").value = "";
    byId("new-link-qr").removeAttribute("src");
  }

  async function invite() {
    showLink("Invitation (shown only once)", await ask("POST", "/invites"));
    await showOpenLinks();
  }

  const copyLink = () => copy(byId("new-link-address"), byId("copy-link"));

  // --- accounts

  function describe({ role, disabled, last_seen_at: seen, stored_bytes: stored, quota_bytes: quota }) {
    const used = quota === null ? size(stored) : `${size(stored)} of ${size(quota)}`;
    return [disabled ? "disabled" : role, seen ? `last seen ${day(seen)}` : "never signed in", used].join(" · ");
  }

  function small(text, act) {
    const button = make("button", { type: "button", className: "account__small", textContent: text });
    button.addEventListener("click", carefully(act));
    return button;
  }

  function roleField(account) {
    const roles = ["user", "administrator"].map((role) => make("option", { value: role, textContent: role, selected: role === account.role }));
    return make("label", {}, "Role", make("select", { name: "role" }, ...roles));
  }

  const megabytes = (quota) => (quota === null ? "" : String(quota / MB));

  function quotaField({ quota_bytes: quota }) {
    const field = make("input", { name: "quota", type: "number", min: "0.001", step: "any", placeholder: "default", value: megabytes(quota) });
    return make("label", {}, "Quota (MB)", field);
  }

  function fill(details, account) {
    const disable = (disabled) => [...form.elements].forEach((field) => (field.disabled = disabled));
    // no typing meanwhile: the answer replaces the form
    const change = async (body, outcome) => {
      const focused = document.activeElement;
      disable(true);
      try {
        fill(details, await ask("PATCH", `/users/${account.id}`, body));
        details.querySelector("summary").focus();
        say(`${account.email} was ${outcome}.`, false);
      } finally {
        disable(false);
        if (focused.isConnected) focused.focus();
      }
    };
    const save = async () => {
      const { role, quota } = form.elements;
      const body = {};
      if (role.value !== account.role) body.role = role.value;
      if (quota.value !== megabytes(account.quota_bytes)) body.quota_bytes = quota.value ? Math.round(quota.value * MB) : null;
      if (!Object.keys(body).length) return say(`Nothing was changed for ${account.email}.`, false);
      await change(body, "changed");
    };
    const toggle = () => change({ disabled: !account.disabled }, account.disabled ? "enabled" : "disabled");
    const reset = async () => {
      showLink(`Password link for ${account.email} (shown only once)`, await ask("POST", `/users/${account.id}/reset-link`));
      await showOpenLinks();
    };
    const submit = make("button", { type: "submit", className: "account__small", textContent: "Save" });
    const buttons = make("div", { className: "people__buttons" }, submit, small("Create password link", reset), small(account.disabled ? "Enable" : "Disable", toggle));
    const form = make("form", {}, roleField(account), quotaField(account), buttons);
    form.addEventListener("submit", carefully(save));
    details.dataset.disabled = account.disabled;
    details.replaceChildren(make("summary", {}, make("b", { textContent: account.email }), make("small", { textContent: describe(account) })), form);
  }

  function entry(account) {
    const details = make("details", { className: "people__account" });
    fill(details, account);
    return details;
  }

  async function showMore() {
    const cursor = next ? `&cursor=${encodeURIComponent(next)}` : "";
    const page = await ask("GET", `/users?limit=${PAGE}${cursor}`);
    byId("accounts").append(...page.users.map(entry));
    next = page.next_cursor || "";
    byId("more-accounts").hidden = !next;
  }

  // --- unused links

  function openLink({ id, kind, email, expires_at: expires }) {
    const name = kind === "invitation" ? "Invitation" : `Password link for ${email}`;
    const revoke = small("Revoke", async () => {
      await session.call("DELETE", `/admin/links/${id}`);
      await showOpenLinks();
      byId("open-links-title").focus();
    });
    revoke.setAttribute("aria-label", `Revoke: ${name}`);
    const words = make("span", {}, make("b", { textContent: name }), make("small", { textContent: `expires ${day(expires)}` }));
    return make("li", {}, words, revoke);
  }

  async function showOpenLinks() {
    const links = [];
    for (let cursor = ""; cursor !== null; ) {
      const page = await ask("GET", `/links?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      links.push(...page.links);
      cursor = page.next_cursor;
    }
    byId("open-links").replaceChildren(...links.map(openLink));
    byId("no-open-links").hidden = links.length > 0;
  }

  async function open() {
    hideLink();
    next = "";
    byId("accounts").replaceChildren();
    byId("people").showModal();
    await showMore();
    await showOpenLinks();
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!byId("people")) return; // only administrators have it
    byId("open-people").addEventListener("click", carefully(open));
    byId("close-people").addEventListener("click", () => byId("people").close());
    byId("people").addEventListener("close", hideLink);
    byId("people").addEventListener("click", (event) => event.target === byId("people") && byId("people").close());
    byId("copy-link").addEventListener("click", copyLink);
    byId("more-accounts").addEventListener("click", carefully(showMore));
    byId("invite-form").addEventListener("submit", carefully(invite, byId("invite-said")));
  });
})();
