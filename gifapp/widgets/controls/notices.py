"""Notices over the page: errors, hints, and whether the service can be reached."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Notices(anywidget.AnyWidget):
    """A stack of notices; each stays until it is dismissed or a while has passed."""

    _esm: ClassVar = script("controls/notices")
    _css: ClassVar = style("common", "controls/notices")

    is_live = traitlets.Bool(default_value=True).tag(sync=True)
    """Whether events arrive; a line in the page says so when they do not."""

    def show(self, sentence: str) -> None:
        """Say what went wrong."""
        self.send({"type": "notice", "look": "warning", "text": sentence})

    def tell(self, sentence: str) -> None:
        """Say what is no fault."""
        self.send({"type": "notice", "look": "info", "text": sentence})
