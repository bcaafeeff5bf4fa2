"""The operations page's figures, tables and buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

import anywidget
import traitlets
from pydantic import model_validator

from gifapp.widgets.assets import script, style
from gifapp.widgets.messages import Message, receives
from gifapp.widgets.reporting import Reporter

OnAction = Callable[[str, Any], None]
"""Called with the action (pause, resume, hours, requeue, requeue_all, purge, revoke_link) and its object."""


class ActionMessage(Message):
    of: str | float | None = None

    @model_validator(mode="after")
    def _time_is_a_number(self) -> Self:
        if self.type == "hours" and not isinstance(self.of, float):
            raise ValueError("hours must be a number")
        return self


class Panel(anywidget.AnyWidget):
    """Shows figures and tables, and passes on the actions that administrators choose."""

    _esm: ClassVar = script("operations/panel")
    _css: ClassVar = style("common", "operations/panel")

    part = traitlets.Unicode().tag(sync=True)
    """`head`, above the charts, or `tables`, below them."""
    shown = traitlets.Dict().tag(sync=True)

    def __init__(self, part: str, *, on_action: OnAction, reporter: Reporter) -> None:
        super().__init__(part=part)
        self._on_action = on_action
        self._reporter = reporter
        self.on_msg(self._receive)

    def show(self, **changed: Any) -> None:
        self.shown = self.shown | changed

    @receives(ActionMessage)
    def _receive(self, message: ActionMessage) -> None:
        with self._reporter.reporting():
            self._on_action(message.type, message.of)
        self.send({"type": "settled"})
