"""One line about the result: the GIF's dimensions, an estimate, or a problem."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Summary(anywidget.AnyWidget):
    """A line of facts; problems are also announced to screen readers."""

    _esm: ClassVar = script("controls/summary")
    _css: ClassVar = style("controls/summary")

    facts = traitlets.Unicode().tag(sync=True)
    estimate = traitlets.Unicode().tag(sync=True)
    """The estimated file size, if known."""
    notes = traitlets.Unicode().tag(sync=True)
    """The quality reductions needed to fit a size, and advice."""
    is_estimating = traitlets.Bool(default_value=False).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
