"""Notices at the top of the page: errors, hints, and whether the service can be reached."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Notices(anywidget.AnyWidget):
    """A stack of notices; each stays until it is dismissed or times out."""

    _esm: ClassVar = script("controls/notices")
    _css: ClassVar = style("common", "controls/notices")

    is_live = traitlets.Bool(default_value=True).tag(sync=True)
    """Whether events arrive; the page shows a line when they do not."""

    def warn(self, sentence: str) -> None:
        """Show a warning."""
        self.send({"type": "notice", "look": "warning", "text": sentence})

    def inform(self, sentence: str) -> None:
        """Show an informational notice."""
        self.send({"type": "notice", "look": "info", "text": sentence})
