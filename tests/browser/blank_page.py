"""A page without a kernel; the test stands in for the widget's model."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from gifapp.widgets.assets import script

MODEL = """
class Model {
  constructor(traits) {
    this.traits = traits;
    this.listeners = [];
  }
  get(name) { return this.traits[name]; }
  set(name, value) { this.arrive({ [name]: value }); }
  save_changes() {}
  send(message) { this.sent = message; }
  on(names, listener) { this.listeners.push([names.split(" "), listener]); }
  arrive(traits) {
    Object.assign(this.traits, traits);
    for (const [names, listener] of this.listeners)
      if (Object.keys(traits).some((name) => names.includes(`change:${name}`))) listener();
  }
}
"""
RENDER = """
async ([code, traits]) => {
  const widget = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  window.model = new Model(traits);
  widget.default.render({ model, el: document.body });
}
"""


@contextmanager
def blank_page(browser: Browser) -> Iterator[Page]:
    """A page whose clock a test can advance; otherwise it runs in real time."""
    page = browser.new_page()
    page.clock.install()
    page.add_script_tag(content=MODEL)
    yield page
    page.close()


def render(page: Page, name: str, **traits: Any) -> None:
    page.evaluate(RENDER, [str(script(name)), {"description": "Width", "tooltip": ""} | traits])


def arrive(page: Page, **traits: Any) -> None:
    page.evaluate("traits => model.arrive(traits)", traits)
