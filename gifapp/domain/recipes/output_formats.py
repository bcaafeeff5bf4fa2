"""Output formats: names, suffixes and content types. Pure."""

from __future__ import annotations

from base64 import b64encode
from typing import Literal, NamedTuple

Format = Literal["gif", "webp", "avif", "apng", "mp4", "webm"]


Compression = Literal["palette", "lossy", "lossless"]


class FileKind(NamedTuple):
    """A format's name, content type and file suffixes; the first suffix is the default.

    `compression` decides what makes its files smaller besides fewer and smaller frames: the recipe's `lossy`
    and `colours`, `lossy` alone, or nothing. `encoding_ns` is the CPU time that a pixel takes.
    """

    name: str
    content_type: str
    suffixes: tuple[str, ...]
    encoding_ns: int
    compression: Compression = "lossy"

    @property
    def suffix(self) -> str:
        return self.suffixes[0]

    def html(self, content: bytes, width_px: int) -> str:
        """An HTML tag with the file embedded as a data URL."""
        source = f"data:{self.content_type};base64,{b64encode(content).decode('ascii')}"
        return self.tag(source, f'width="{width_px}" style="max-width:100%"')

    def tag(self, source: str, attributes: str, *, alt: str = "") -> str:
        """An HTML tag that plays a file by its URL; a video loops silently like a GIF."""
        if self.content_type.startswith("video/"):
            return f'<video autoplay loop muted playsinline controls {attributes} src="{source}"></video>'
        return f'<img alt="{alt or f"the {self.name}"}" {attributes} src="{source}">'


FILE_KINDS: dict[Format, FileKind] = {
    "gif": FileKind("GIF", "image/gif", (".gif",), 150, "palette"),
    "webp": FileKind("WebP", "image/webp", (".webp",), 750),
    "avif": FileKind("AVIF", "image/avif", (".avif",), 200),
    # software without APNG support reads it as a PNG and shows the first frame
    "apng": FileKind("APNG", "image/apng", (".png", ".apng"), 600, "lossless"),
    "mp4": FileKind("MP4", "video/mp4", (".mp4", ".m4v"), 200),
    "webm": FileKind("WebM", "video/webm", (".webm",), 500),
}
