"""A section's header, which opens and closes it and lists the changed fields."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script


class SectionHeader(anywidget.AnyWidget):
    """A button with the section's title; tells screen readers whether the section is open."""

    _esm: ClassVar = script("controls/section_header")

    description = traitlets.Unicode().tag(sync=True)
    value = traitlets.Bool(default_value=False).tag(sync=True)
    """Whether the section is open."""
    changes = traitlets.Unicode().tag(sync=True)
