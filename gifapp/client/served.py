"""A finished GIF, or a file of another format, displayed in a notebook."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.views.jobs import JobView


@dataclass(frozen=True)
class ServedGif:
    """A GIF (or another format, by the recipe) that the service made; notebooks display it."""

    job: JobView
    content: bytes

    def save(self, path: Path | str) -> Path:
        path = Path(path)
        path.write_bytes(self.content)
        return path

    def __repr__(self) -> str:
        gif = self.job.gif
        if gif is None:
            return f"ServedGif({len(self.content):,} bytes)"
        return (
            f"ServedGif({gif.width_px} x {gif.height_px} px, {gif.frames} frames, {gif.duration_s:.1f} s, "
            f"{gif.bytes:,} bytes)"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = {"text/plain": repr(self)}
        gif = self.job.gif
        if gif is None or gif.format == "gif":
            return text | {"image/gif": b64encode(self.content).decode()}
        return text | {"text/html": FILE_KINDS[gif.format].html(self.content, gif.width_px)}
