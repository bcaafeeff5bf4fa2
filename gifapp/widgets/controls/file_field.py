"""A small file for a recipe, read in the browser."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.domain.text_encoding import decode_text
from gifapp.widgets.assets import script, style


class FileField(anywidget.AnyWidget):
    """Accepts one file; the page rejects files that are too large or of another type, with an explanation."""

    _esm: ClassVar = script("controls/file_field")
    _css: ClassVar = style("controls/file_field")

    description = traitlets.Unicode().tag(sync=True)
    """The text of the button that chooses a file."""
    kind = traitlets.Unicode().tag(sync=True)
    """What the file is, such as subtitles."""
    hint = traitlets.Unicode().tag(sync=True)
    """The accepted types and the size limit."""
    accept = traitlets.Unicode().tag(sync=True)
    """The HTML attribute, such as ".srt,.vtt"."""
    limit = traitlets.Int().tag(sync=True)
    """In bytes for an image, in characters for a text."""
    is_text = traitlets.Bool(default_value=False).tag(sync=True)
    data = traitlets.CBytes().tag(sync=True)
    """The bytes of a text file just chosen; emptied once they are decoded into `value`."""
    problem = traitlets.Unicode().tag(sync=True)
    """Why the bytes could not be decoded; empty if they could."""
    value = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The text, or the image in base64."""

    @traitlets.observe("data")
    def _read(self, change: traitlets.Bunch) -> None:
        if not change.new:
            return
        self.problem = ""  # otherwise the same problem twice would be no change, and not be sent
        try:
            self.value = self._text(change.new)
        except ValueError as refused:
            self.problem = str(refused)
        self.data = b""

    def _text(self, data: bytes) -> str:
        """Decode the bytes; raises ValueError with a sentence for the user."""
        try:
            text = decode_text(data)
        except ValueError:
            raise ValueError("The file's text encoding is not known. Save it as UTF-8.") from None
        if len(text) > self.limit:
            raise ValueError(f"The file is longer than {self.limit:,} characters.")
        return text
