"""The tab bar of narrow pages, which show either the editor or the gallery."""

from __future__ import annotations

from typing import ClassVar

import anywidget

from gifapp.widgets.assets import script, style


class Tabs(anywidget.AnyWidget):
    """Two buttons at the bottom of a phone's screen; the page switches by itself, without the kernel."""

    _esm: ClassVar = script("dashboard/tabs")
    _css: ClassVar = style("dashboard/tabs")
