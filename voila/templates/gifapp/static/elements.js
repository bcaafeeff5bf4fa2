/* What the page's dialogs share: finding and making elements, dates, and copying a field. */
(function () {
  "use strict";

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  async function copy(field, button) {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C"; // no clipboard without https
    }
  }

  window.gifappElements = {
    byId: (id) => document.getElementById(id),
    day: (text) => new Date(text).toLocaleDateString(undefined, { dateStyle: "medium" }),
    make,
    copy,
  };
})();
