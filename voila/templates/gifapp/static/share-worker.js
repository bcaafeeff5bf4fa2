/* The service worker that receives videos shared from other apps. It answers only the share itself, below this folder,
   keeps the files in memory until the page asks for them, and caches nothing. */
"use strict";

const KEEP_MS = 120000; // until the page has opened, perhaps after signing in
const shared = { files: [], release: () => {} };

async function receive(request) {
  const form = await request.formData();
  shared.files = form.getAll("files").filter((file) => file instanceof File);
  return Response.redirect(new URL("../../../../?shared=1", location.href), 303);
}

const handedOver = () =>
  new Promise((resolve) => {
    shared.release = resolve;
    setTimeout(resolve, KEEP_MS);
  });

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { pathname } = new URL(event.request.url);
  if (event.request.method !== "POST" || !pathname.endsWith("/share")) return;
  event.respondWith(receive(event.request));
  event.waitUntil(handedOver()); // the browser would stop the worker, and the files would be lost
});

self.addEventListener("message", (event) => {
  if (event.data !== "shared?") return;
  event.ports[0].postMessage(shared.files);
  shared.files = [];
  shared.release();
});
