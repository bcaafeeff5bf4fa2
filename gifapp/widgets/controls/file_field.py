"""A small file for a recipe, read in the browser."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.domain.text_encoding import decode_text
from gifapp.widgets.assets import script, style


class FileField(anywidget.AnyWidget):
    """Takes one file; what is too large or of another kind is refused in the page, with a sentence."""

    _esm: ClassVar = script("controls/file_field")
    _css: ClassVar = style("controls/file_field")

    description = traitlets.Unicode().tag(sync=True)
    hint = traitlets.Unicode().tag(sync=True)
    """What is taken, and how much of it."""
    accept = traitlets.Unicode().tag(sync=True)
    """As the attribute of HTML: ".srt,.vtt"."""
    limit = traitlets.Int().tag(sync=True)
    """Bytes of a picture, characters of a text."""
    is_text = traitlets.Bool(default_value=False).tag(sync=True)
    data = traitlets.CBytes().tag(sync=True)
    """The bytes of a text that was just chosen; empty again once they are read into `value`."""
    problem = traitlets.Unicode().tag(sync=True)
    """Why that was no text; empty: it was."""
    value = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The text, or the picture in base64."""

    @traitlets.observe("data")
    def _read(self, change: traitlets.Bunch) -> None:
        if not change.new:
            return
        self.problem = ""  # the page hears of the same problem again only after a change
        try:
            self.value = self._text(change.new)
        except ValueError as refused:
            self.problem = str(refused)
        self.data = b""

    def _text(self, data: bytes) -> str:
        """The bytes as text; what is wrong with them as a sentence, in a ValueError."""
        try:
            text = decode_text(data)
        except ValueError:
            raise ValueError("The file is not text in an encoding that is known. Save it as UTF-8.") from None
        if len(text) > self.limit:
            raise ValueError(f"The file is longer than {self.limit:,} characters.")
        return text
