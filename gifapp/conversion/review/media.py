"""Shows files in notebooks: embedded, or linked from disk."""

from __future__ import annotations

import html
import os
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from zlib import crc32

from gifapp import errors
from gifapp.conversion.review.options import options
from gifapp.domain.recipes.output_formats import FILE_KINDS, FileKind
from gifapp.domain.recipes.output_names import format_of
from gifapp.domain.recipes.recipe import Format


class Medium(NamedTuple):
    """The content of a file to show, and where it is on disk, if it is."""

    content: bytes
    format: Format
    path: Path | None = None

    @property
    def kind(self) -> FileKind:
        return FILE_KINDS[self.format]

    @property
    def is_linked(self) -> bool:
        return options.embed == "link" and self.path is not None

    def tag(self, attributes: str, alt: str) -> str:
        """An HTML tag with these attributes that plays it."""
        return self.kind.tag(self._url(), attributes, alt=html.escape(alt, quote=True))

    def _url(self) -> str:
        if self.is_linked and self.path is not None:
            place = quote(os.path.relpath(self.path))  # notebooks run in their folder
            return f"{place}?{crc32(self.content):08x}"  # browsers would show the file of an earlier run
        return f"data:{self.kind.content_type};base64,{b64encode(self.content).decode('ascii')}"


def medium_of(shown: Any) -> Medium:
    """The medium of a report, a path or bytes.

    Raises:
        TypeError: it is none of these.
        errors.FieldInvalid: the bytes are not those of a GIF.
    """
    if isinstance(shown, bytes):
        if not shown.startswith(b"GIF8"):
            raise errors.FieldInvalid(
                field="bytes", problem="must be those of a GIF; pass other files by path"
            )
        return Medium(shown, "gif")
    if isinstance(shown, str | os.PathLike):
        path = Path(shown)
        return Medium(path.read_bytes(), format_of(path) or "gif", path)
    if hasattr(shown, "read_bytes") and hasattr(shown, "format"):
        return Medium(shown.read_bytes(), shown.format, shown.path)
    raise TypeError(f"expected reports, paths or bytes, not {type(shown).__name__}")
