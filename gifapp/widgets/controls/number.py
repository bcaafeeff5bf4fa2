"""A number that is typed, with a comma or a point; arrow keys step it, and phones show their digits."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Number(anywidget.AnyWidget):
    """The value is the text as it was typed: what reads it can say what is wrong with it."""

    _esm: ClassVar = script("controls/number")
    _css: ClassVar = style("controls/number")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    """What an empty field means."""
    is_whole = traitlets.Bool(default_value=False).tag(sync=True)
    step = traitlets.Float(1.0).tag(sync=True)
    min = traitlets.Float(allow_none=True, default_value=None).tag(sync=True)
    """Where arrow keys stop."""
    max = traitlets.Float(allow_none=True, default_value=None).tag(sync=True)
