"""A finished GIF, as a notebook shows it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gifapp.domain.views import JobView


@dataclass(frozen=True)
class ServedGif:
    """A GIF that the service made; shows itself in a notebook."""

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
        return {"image/gif": base64.b64encode(self.content).decode(), "text/plain": repr(self)}
