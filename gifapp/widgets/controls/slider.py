"""A labelled slider: a native one, which works with keyboards and screen readers."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Slider(anywidget.AnyWidget):
    """A number between `min` and `max`."""

    _esm: ClassVar = script("controls/slider")
    _css: ClassVar = style("controls/slider")

    path = traitlets.Unicode().tag(sync=True)
    """The recipe's field, by which the stage knows what is being moved."""
    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Float(allow_none=True, default_value=None).tag(sync=True)
    min = traitlets.Float().tag(sync=True)
    max = traitlets.Float(1.0).tag(sync=True)
    step = traitlets.Float(0.01).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
