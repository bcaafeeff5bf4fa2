/* The page's session: renewed about once a day while the page is seen, and access tokens for what the page
   itself asks of the API. None of it passes through a kernel. */
(function () {
  "use strict";

  const RENEW_AFTER_MS = 20 * 3600 * 1000;
  const LOOK_EVERY_MS = 30 * 60 * 1000;
  const RENEWED = "gifapp-session-renewed"; // shared by the tabs, so that only one renews

  const baseUrl = () => document.body.dataset.baseUrl.replace(/voila\/$/, "");
  const cookie = (name) => (document.cookie.match(`\\b${name}=([^;]*)`) || [])[1] || "";
  const kept = { token: "", until: 0 };

  class Refused extends Error {
    constructor(status, problem) {
      super(problem.detail || "Something went wrong. Try again.");
      this.status = status;
      this.code = problem.code;
    }
  }

  async function ask(method, path, { headers = {}, body } = {}) {
    const json = body === undefined ? {} : { "Content-Type": "application/json" };
    const request = { method, headers: { ...headers, ...json }, body: body === undefined ? undefined : JSON.stringify(body) };
    let answer;
    try {
      answer = await fetch(`${baseUrl()}api/v1${path}`, request);
    } catch {
      throw new Error("Can't reach the server. Check your connection and try again.");
    }
    if (!answer.ok) throw new Refused(answer.status, await answer.json().catch(() => ({})));
    return answer;
  }

  function keep(session) {
    Object.assign(kept, { token: session.access_token, until: Date.now() + (session.expires_in - 60) * 1000, user: session.user });
    localStorage.setItem(RENEWED, String(Date.now()));
  }

  const renewal = async () => keep(await (await ask("POST", "/auth/refresh", { headers: { "X-XSRFToken": cookie("_xsrf") } })).json());

  let renewing = null; // concurrent callers share one renewal

  function renew() {
    renewing = renewing || renewal().finally(() => { renewing = null; });
    return renewing;
  }

  async function call(method, path, body) {
    if (Date.now() > kept.until) await renew();
    return ask(method, path, { headers: { Authorization: `Bearer ${kept.token}` }, body });
  }

  async function user() {
    if (Date.now() > kept.until) await renew();
    return kept.user;
  }

  function look() {
    const age = Date.now() - Number(localStorage.getItem(RENEWED) || 0);
    // ignore expiry here: the kernel's end is reported elsewhere
    if (!document.hidden && age > RENEW_AFTER_MS) renew().catch(() => {});
  }

  window.gifappSession = { call, user, keep };
  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("visibilitychange", look);
  setInterval(look, LOOK_EVERY_MS);
})();
