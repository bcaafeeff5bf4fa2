"""A number field: accepts a decimal comma or point, arrow keys step it, phones show a numeric keypad."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Number(anywidget.AnyWidget):
    """A number field whose value is the typed text, so that the reader can explain what is wrong."""

    _esm: ClassVar = script("controls/number")
    _css: ClassVar = style("controls/number")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    """The meaning of an empty field."""
    is_whole = traitlets.Bool(default_value=False).tag(sync=True)
    step = traitlets.Float(1.0).tag(sync=True)
    min = traitlets.Float(allow_none=True, default_value=None).tag(sync=True)
    """The lower limit of the arrow keys."""
    max = traitlets.Float(allow_none=True, default_value=None).tag(sync=True)
