"""Output formats: names, suffixes and content types. Pure."""

from __future__ import annotations

from base64 import b64encode
from typing import Literal, NamedTuple

Format = Literal["gif", "webp", "apng", "mp4"]


class FileKind(NamedTuple):
    """What people and browsers call a file of some format; the first suffix is the usual one."""

    name: str
    content_type: str
    suffixes: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return self.suffixes[0]

    def html(self, content: bytes, width_px: int) -> str:
        """The tag that shows such a file in a page, with the file inside it; a video plays as a GIF would."""
        source = f"data:{self.content_type};base64,{b64encode(content).decode('ascii')}"
        look = f'width="{width_px}" style="max-width:100%"'
        if self.content_type.startswith("video/"):
            return f'<video autoplay loop muted playsinline controls {look} src="{source}"></video>'
        return f'<img alt="the {self.name}" {look} src="{source}">'


FILE_KINDS: dict[Format, FileKind] = {
    "gif": FileKind("GIF", "image/gif", (".gif",)),
    "webp": FileKind("WebP", "image/webp", (".webp",)),
    # an APNG is a PNG to whoever does not know better, and shows its first frame there
    "apng": FileKind("APNG", "image/apng", (".png", ".apng")),
    "mp4": FileKind("MP4", "video/mp4", (".mp4", ".m4v")),
}
