"""A section's header: opens and closes it, and lists what was changed in it."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script


class Fold(anywidget.AnyWidget):
    """A button with the group's title; screen readers hear whether the group is open."""

    _esm: ClassVar = script("controls/section_header")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the group is open."""
    changes = traitlets.Unicode().tag(sync=True)
