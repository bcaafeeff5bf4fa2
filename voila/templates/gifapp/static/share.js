/* Takes the videos that another app shared with the installed page from the service worker. */
(function () {
  "use strict";

  const { serviceWorker } = navigator;
  if (!serviceWorker) return; // without TLS there is none
  const address = document.currentScript.src.replace("share.js", "share-worker.js");

  async function take(registration) {
    const { port1, port2 } = new MessageChannel();
    const answered = new Promise((resolve) => (port1.onmessage = (event) => resolve(event.data)));
    registration.active.postMessage("shared?", [port2]);
    return answered;
  }

  async function shared() {
    const registration = await serviceWorker.register(address);
    const location = new URL(window.location.href);
    if (!location.searchParams.has("shared") || !registration.active) return [];
    location.searchParams.delete("shared");
    history.replaceState(null, "", location);
    return take(registration);
  }

  window.gifapp.shared = shared().catch(() => []);
})();
