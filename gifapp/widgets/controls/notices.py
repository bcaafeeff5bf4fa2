"""Notices on the page: errors, hints, deletions to undo, and whether the service can be reached."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar
from uuid import uuid4

import anywidget
import traitlets

from gifapp.widgets.assets import script, style
from gifapp.widgets.messages import Message, receives

_MAX_UNDOS = 50


class Notices(anywidget.AnyWidget):
    """A stack of notices; each stays until it is dismissed or times out."""

    _esm: ClassVar = script("controls/notices")
    _css: ClassVar = style("common", "controls/notices")

    is_live = traitlets.Bool(default_value=True).tag(sync=True)
    """Whether events arrive; the page shows a line when they do not."""

    def __init__(self) -> None:
        super().__init__()
        self._undos: dict[str, Callable[[], None]] = {}
        self.on_msg(self._receive)

    def warn(self, sentence: str) -> None:
        """Show a warning."""
        self.send({"type": "notice", "look": "warning", "text": sentence})

    def inform(self, sentence: str) -> None:
        """Show an informational notice."""
        self.send({"type": "notice", "look": "info", "text": sentence})

    def offer_undo(self, sentence: str, undo: Callable[[], None]) -> None:
        """Show what was done, and for ten seconds a button that undoes it."""
        notice_id = uuid4().hex
        self._undos[notice_id] = undo
        for oldest in list(self._undos)[:-_MAX_UNDOS]:
            del self._undos[oldest]
        self.send({"type": "notice", "look": "info", "text": sentence, "undo": notice_id})

    @receives(Message)
    def _receive(self, message: Message) -> None:
        undo = self._undos.pop(message.id, None)
        if message.type == "undo" and undo is not None:
            undo()
