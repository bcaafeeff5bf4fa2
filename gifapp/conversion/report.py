"""The results of a conversion, which shows itself as the GIF in a notebook, and of an estimate."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gifapp import errors
from gifapp.domain.recipes.recipe import Format
from gifapp.domain.typed_values import bytes_in
from gifapp.domain.wording import frames, size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from gifapp.conversion.review.comparison import Comparison
    from gifapp.conversion.review.media import Medium
    from gifapp.conversion.review.playback import Playback

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
        data: the file's content, if there is no path.
        refit: converts the source again, to fit a number of bytes.
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
    refit: Callable[[int], GifReport] | None = field(default=None, repr=False, compare=False)

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

    def shrink(self, target: str | int) -> GifReport:
        """The best-looking file of the same source that fits into `target`, such as "2MB" or bytes.

        If the source can be read only once, such as a generator, this file itself is converted again.

        Raises:
            errors.FieldInvalid: `target` is not a size.
            errors.TargetTooSmall: no file fits.
        """
        assert self.refit is not None, "reports of `convert` can be refitted"  # noqa: S101
        return self.refit(_target_bytes(target))

    def compare(self, *others: Any, labels: tuple[str, ...] | None = None) -> Comparison:
        """Compare this file with others: reports, paths, or the bytes of GIFs. This one is the reference.

        Raises:
            errors.FieldInvalid: the labels are too few or too many, or the bytes are not those of a GIF.
            TypeError: one of `others` cannot be compared.
        """
        from gifapp.conversion.review.comparison import compared  # noqa: PLC0415  needed rarely
        from gifapp.conversion.review.media import medium_of  # noqa: PLC0415

        compared_files = (self, *others)
        names = labels or tuple(f"{number}" for number, _ in enumerate(compared_files, 1))
        if len(names) != len(compared_files):
            problem = f"must be {len(compared_files)} names, for this GIF first; there are {len(names)}"
            raise errors.FieldInvalid(field="labels", problem=problem)
        media = map(medium_of, compared_files)
        return compared(list(zip(names, media, strict=True)))

    def read_frames(self) -> Playback:
        """The frames as a viewer sees them, uint8 (n, height, width, 4), and their delays in seconds."""
        from gifapp.conversion.review.playback import decoded  # noqa: PLC0415  needed rarely

        return decoded(self.read_bytes(), self._medium.kind.content_type)

    @property
    def palette(self) -> NDArray[np.uint8]:
        """The colours shown, most frequent first, uint8 (n, 3)."""
        from gifapp.conversion.review.playback import colours_in  # noqa: PLC0415  needed rarely

        return colours_in(self.read_frames().frames)

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

    @property
    def _medium(self) -> Medium:
        from gifapp.conversion.review.media import Medium  # noqa: PLC0415  needed in notebooks only

        return Medium(self.read_bytes(), self.format, self.path)

    def _repr_html_(self) -> str:
        lines = "<br>".join(html.escape(line) for line in (self.summary, *self.notes))
        picture = self._medium.tag(f'width="{self.width_px}" style="max-width:100%"', "")
        return f'<figure style="margin:0">{picture}<figcaption><small>{lines}</small></figcaption></figure>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """The GIF itself, and for exports that cannot play it, its first frame and its summary."""
        bundle = {"text/plain": f"{self.format.upper()}, {self.summary}"}
        if not self._medium.is_linked:
            bundle["image/png"] = b64encode(self._first_png()).decode("ascii")
            if self.format == "gif":
                bundle["image/gif"] = b64encode(self.read_bytes()).decode("ascii")
        return bundle

    def _first_png(self) -> Content:
        from gifapp.conversion.review.playback import first_png  # noqa: PLC0415  needed in notebooks only

        return first_png(self.read_bytes(), self._medium.kind.content_type)


def _target_bytes(target: str | int) -> int:
    try:
        return round(bytes_in(target)) if isinstance(target, str) else target
    except ValueError as refused:
        raise errors.FieldInvalid(field="target", problem=f"is wrong: {refused}") from None
