"""A section's header, which opens and closes it and lists the changed fields."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script


class Fold(anywidget.AnyWidget):
    """A button with the group's title; exposes to screen readers whether the group is open."""

    _esm: ClassVar = script("controls/section_header")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the group is open."""
    changes = traitlets.Unicode().tag(sync=True)
