"""One line about the result: the GIF's size, an estimate, or what is wrong."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Summary(anywidget.AnyWidget):
    """A line of facts; a problem is also spoken by screen readers."""

    _esm: ClassVar = script("controls/summary")
    _css: ClassVar = style("controls/summary")

    facts = traitlets.Unicode().tag(sync=True)
    estimate = traitlets.Unicode().tag(sync=True)
    """About how large the file will be, as far as that is known."""
    notes = traitlets.Unicode().tag(sync=True)
    """What will be given up to fit a size."""
    is_estimating = traitlets.Bool(default_value=False).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
