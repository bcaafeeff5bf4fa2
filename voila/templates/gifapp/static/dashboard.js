/* The page around the widgets: progress while it opens, the connection's state, signing out. */
(function () {
  "use strict";

  const BOOT_TIMEOUT_MS = 45000;
  const QUIET_MS = 1200; // shorter interruptions are not shown
  const RETRY_MS = 15000;

  const byId = (id) => document.getElementById(id);
  const baseUrl = () => document.body.dataset.baseUrl.replace(/voila\/$/, "");
  const cookie = (name) => (document.cookie.match(`\\b${name}=([^;]*)`) || [])[1] || "";

  // --- opening: voila_process and voila_finish are called by the template and by Voilà's frontend

  const say = (text, fraction) => {
    byId("loading-text").textContent = text;
    byId("loading-progress").value = fraction;
  };

  window.voila_heartbeat = () => say("Still opening; the server is busy…", 0.3);
  window.voila_process = (cell, cells) => say("Opening your dashboard…", 0.2 + (0.5 * cell) / cells);
  window.voila_finish = () => {
    say("Opening your dashboard…", 0.8);
    if (!window.themeLoaded) {
      window.cellLoaded = true; // the frontend calls again once its theme is there
      return;
    }
    byId("loading").remove();
    byId("rendered_cells").style.display = "";
  };

  const notice = (text, kind) => {
    byId("notice-text").textContent = text;
    byId("notice").dataset.kind = kind;
    byId("notice").hidden = !text;
  };

  // disable controls that need the kernel; downloads still work
  const rest = () => {
    for (const part of document.querySelectorAll(".gifapp-dashboard__making, .gifapp-card__actions button")) part.inert = true;
  };

  const failed = () => notice("The dashboard didn't open. Reload the page to try again.", "dead");
  window.gifapp = { failed };

  // --- the kernel's connection

  let leaving = false;

  function watch(kernel) {
    let pending = 0;
    const show = () => {
      clearTimeout(pending);
      if (leaving) return;
      if (kernel.status === "dead" || kernel.isDisposed) {
        notice("Disconnected. Reload to continue; your GIFs are safe.", "dead");
        rest();
      } else if (kernel.connectionStatus === "connected") {
        notice("", "");
      } else {
        pending = setTimeout(() => notice("Connection lost – reconnecting…", "lost"), QUIET_MS);
      }
    };
    const again = () => {
      const lost = !kernel.isDisposed && kernel.status !== "dead" && kernel.connectionStatus !== "connected";
      if (lost) kernel.reconnect().catch(() => {});
    };
    kernel.connectionStatusChanged.connect(show);
    kernel.statusChanged.connect(show);
    kernel.disposed.connect(show);
    window.addEventListener("online", again);
    document.addEventListener("visibilitychange", () => document.hidden || again());
    // the frontend gives up after seven tries
    setInterval(() => kernel.isDisposed || (kernel.connectionStatus === "disconnected" && again()), RETRY_MS);
    endKernelOnLeaving(kernel.id);
    show();
  }

  // Voilà ends the kernel at `beforeunload`, which a download fires as well; `pagehide` fires only when the page is really left
  function endKernelOnLeaving(kernelId) {
    window.addEventListener("pagehide", () => {
      const form = new FormData();
      form.append("_xsrf", cookie("_xsrf"));
      navigator.sendBeacon(`${baseUrl()}voila/api/shutdown/${kernelId}`, form);
    });
  }

  window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), true);
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());

  function whenOpen(found, missed) {
    const started = Date.now();
    const timer = setInterval(() => {
      const manager = window.jupyterapp && window.jupyterapp.widgetManager;
      if (manager) found(manager.kernel);
      else if (Date.now() - started > BOOT_TIMEOUT_MS) missed();
      else return;
      clearInterval(timer);
    }, 250);
  }

  // --- signing out

  async function signOut() {
    leaving = true;
    byId("sign-out").disabled = true;
    try {
      const headers = { "X-XSRFToken": cookie("_xsrf") };
      const answer = await fetch(`${baseUrl()}api/v1/auth/logout`, { method: "POST", headers });
      if (!answer.ok && answer.status !== 401) throw new Error(answer.statusText);
      sessionStorage.clear(); // the next user must not see what this one typed
      location.replace(baseUrl());
    } catch {
      leaving = false;
      byId("sign-out").disabled = false;
      notice("Couldn't sign you out: the server didn't respond. Try again.", "lost");
    }
  }

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const tellTheme = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? "JupyterLab Dark" : "JupyterLab Light";
  };

  document.addEventListener("DOMContentLoaded", () => {
    tellTheme();
    dark.addEventListener("change", tellTheme);
    byId("sign-out").addEventListener("click", signOut);
    byId("notice-reload").addEventListener("click", () => location.reload());
  });
  whenOpen(watch, failed);
})();
