"""The results of a conversion, which shows itself as the GIF in a notebook, and of an estimate."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Format
from gifapp.domain.wording import frames, size

Content = bytes  # the class below has a field named bytes


@dataclass(frozen=True)
class Estimate:
    """An estimate of a GIF: its approximate bytes and other properties.

    `notes` say what is given up to fit a size, and what would make the GIF smaller.
    """

    bytes: int
    frames: int
    width_px: int
    height_px: int
    duration_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class GifReport:
    """A finished GIF.

    Attributes:
        frames: stored frames, after merging equal neighbours.
        duration_s: the duration of one play.
        bytes: the file size.
        width_px, height_px: the size in pixels.
        colours: the most colours in any of its palettes; None if the format has none.
        engine_s: the conversion's duration in wall-clock seconds.
        format: the output format.
        path: the output file; None if there was no output path: use `save()`.
        alternatives: the bytes of the same recipe in other formats, if requested.
        notes: sentences about what was unusual in the source and what was given up to fit a size.
    """

    frames: int
    duration_s: float
    bytes: int
    width_px: int
    height_px: int
    colours: int | None
    engine_s: float
    format: Format = "gif"
    path: Path | None = None
    alternatives: Mapping[Format, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    data: Content | None = field(default=None, repr=False)

    def read_bytes(self) -> Content:
        """The file's content."""
        if self.data is not None:
            return self.data
        assert self.path is not None, "a report has a path or the data"  # noqa: S101
        return self.path.read_bytes()

    def save(self, path: str | Path) -> Path:
        """Write the file to `path` and return the path."""
        target = Path(path)
        target.write_bytes(self.read_bytes())
        return target

    def as_json(self) -> dict[str, Any]:
        """The properties, ready for JSON."""
        return {
            "frames": self.frames,
            "duration_s": self.duration_s,
            "bytes": self.bytes,
            "width_px": self.width_px,
            "height_px": self.height_px,
            "palette": self.colours,
            "engine_s": self.engine_s,
            "format": self.format,
            "path": str(self.path) if self.path else None,
            "alternatives": dict(self.alternatives),
            "notes": list(self.notes),
        }

    @property
    def summary(self) -> str:
        """The properties in one line."""
        return (
            f"{self.width_px} x {self.height_px}, {frames(self.frames)}, {self.duration_s:.2f} s, "
            f"{size(self.bytes)}, made in {self.engine_s:.1f} s"
        )

    def _repr_html_(self) -> str:
        lines = "<br>".join(html.escape(line) for line in (self.summary, *self.notes))
        picture = FILE_KINDS[self.format].html(self.read_bytes(), self.width_px)
        return f'<figure style="margin:0">{picture}<figcaption><small>{lines}</small></figcaption></figure>'
