"""A small file that becomes part of a recipe, read in the browser."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class FileField(anywidget.AnyWidget):
    """Takes one file; what is too large or of another kind is refused in the page, with a sentence."""

    _esm: ClassVar = script("common", "file_field")
    _css: ClassVar = style("file_field")

    description = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    """What is taken, and how much of it."""
    accept = traitlets.Unicode().tag(sync=True)
    """As the attribute of HTML: ".srt,.vtt"."""
    limit = traitlets.Int().tag(sync=True)
    """Bytes of a picture, characters of a text."""
    is_text = traitlets.Bool(default_value=False).tag(sync=True)
    value = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The text, or the picture in base64."""
