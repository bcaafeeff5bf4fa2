"""A colour picker that can also be empty."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Colour(anywidget.AnyWidget):
    """The browser's colour picker, with a checkbox if the colour is optional."""

    _esm: ClassVar = script("controls/colour")
    _css: ClassVar = style("controls/colour")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    may_be_none = traitlets.Bool(default_value=False).tag(sync=True)
    first = traitlets.Unicode("#000000").tag(sync=True)
    """The initial colour when the checkbox is ticked."""
