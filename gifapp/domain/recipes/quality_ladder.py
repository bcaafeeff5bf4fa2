"""The quality ladder: what a file gives up to fit a size, and in which order. Pure.

Each stage has one frame rate. At its beginning, only frames are dropped; from there, compression, colours and
picture size get gradually worse, up to the point where dropping more frames, as the next stage does, would be
less visible. The first stage that reaches the size is used.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from gifapp.domain import wording
from gifapp.domain.recipes.output_formats import Compression


@dataclass(frozen=True)
class EncodeSettings:
    """Settings of the encoder, and how much of the clip is kept.

    Attributes:
        lossy, colours: the recipe fields of these names.
        frame_share: the fraction of frames kept.
        scale: the scale factor of width and height.
        length: the fraction of the duration kept, from the beginning.
    """

    lossy: int
    colours: int
    frame_share: Fraction = Fraction(1)
    scale: float = 1.0
    length: float = 1.0


@dataclass(frozen=True)
class GifStats:
    """A file's properties in the units that people use."""

    lossy: int
    colours: int
    fps: float
    width_px: int
    height_px: int
    duration_s: float


@dataclass(frozen=True)
class Stage:
    """A path of settings from the mildest point to the strongest; each makes a smaller file."""

    points: tuple[EncodeSettings, ...]

    def at(self, severity: float) -> EncodeSettings:
        """The settings at a severity from 0 (the first point) to 1 (the last), interpolated in between."""
        place = severity * (len(self.points) - 1)
        number = min(int(place), len(self.points) - 2)
        before, after = self.points[number : number + 2]
        share = place - number
        return EncodeSettings(
            lossy=round(before.lossy + (after.lossy - before.lossy) * share),
            colours=round(before.colours * (after.colours / before.colours) ** share),
            frame_share=before.frame_share,
            scale=before.scale + (after.scale - before.scale) * share,
            length=before.length * (after.length / before.length) ** share,
        )


def kept_frames(count: int, frame_share: Fraction) -> list[int]:
    """The numbers of the kept frames out of `count`, spread evenly and including the first."""
    return [int(number / frame_share) for number in range(math.ceil(count * frame_share))]


class _Point(NamedTuple):
    lossy: int = 0
    colours: int = 256
    scale: float = 1.0
    max_s: float = math.inf


_Paths = tuple[tuple[float, tuple[_Point, ...]], ...]

# the maximum frame rate, and the path at that rate. Measured on films viewed at full size: for the same
# bytes, `lossy` and a smaller picture look better than fewer colours, and fewer colours than fewer frames
_FREE: _Paths = (
    (50.0, (_Point(40, 256, 0.9), _Point(60, 256, 0.7))),
    (16.7, (_Point(60, 224, 0.62),)),
    (10.0, (_Point(60, 224, 0.52),)),
    (7.0, (_Point(80, 192, 0.4),)),
    (4.5, (_Point(100, 160, 0.3), _Point(150, 64, 0.2), _Point(200, 16, 0.1))),
)
# on screens, dropped frames are less visible than blurred letters: scaling down comes last
_SCREEN: _Paths = (
    (50.0, (_Point(60, 192),)),
    (10.0, (_Point(60, 128),)),
    (7.0, (_Point(60, 128),)),
    (5.0, (_Point(80, 128),)),
    (4.5, (_Point(80, 128, 0.8),)),
    (3.0, (_Point(80, 96, 0.5),)),
    (2.0, (_Point(100, 64, 0.3), _Point(150, 64, 0.2), _Point(200, 16, 0.1))),
)
_EXACT: _Paths = (
    (50.0, (_Point(80, 256),)),
    (16.7, (_Point(100, 192),)),
    (10.0, (_Point(120, 128, max_s=12),)),
    (7.0, (_Point(140, 96, max_s=8), _Point(170, 64, max_s=4), _Point(200, 16, max_s=0.5))),
)
# with a lossy codec, `lossy` alone goes far before the picture looks worse than a smaller one
_LOSSY_FREE: _Paths = (
    (50.0, (_Point(60), _Point(80, scale=0.8))),
    (16.7, (_Point(90, scale=0.65),)),
    (10.0, (_Point(100, scale=0.52),)),
    (7.0, (_Point(110, scale=0.4),)),
    (4.5, (_Point(130, scale=0.3), _Point(160, scale=0.2), _Point(200, scale=0.1))),
)
_LOSSY_SCREEN: _Paths = (
    (50.0, (_Point(80),)),
    (10.0, (_Point(90),)),
    (5.0, (_Point(100),)),
    (4.5, (_Point(110, scale=0.8),)),
    (3.0, (_Point(120, scale=0.5),)),
    (2.0, (_Point(130, scale=0.3), _Point(160, scale=0.2), _Point(200, scale=0.1))),
)
_LOSSY_EXACT: _Paths = (
    (50.0, (_Point(110),)),
    (16.7, (_Point(130),)),
    (10.0, (_Point(150, max_s=12),)),
    (7.0, (_Point(160, max_s=8), _Point(180, max_s=4), _Point(200, max_s=0.5))),
)


def _lossless(paths: _Paths) -> _Paths:
    """The same path with size, frames and duration only."""
    return tuple(
        (max_fps, tuple(point._replace(lossy=0, colours=256) for point in path)) for max_fps, path in paths
    )


_PATHS: dict[Compression, tuple[_Paths, _Paths, _Paths]] = {
    "palette": (_FREE, _SCREEN, _EXACT),
    "lossy": (_LOSSY_FREE, _LOSSY_SCREEN, _LOSSY_EXACT),
    "lossless": (_lossless(_FREE), _lossless(_SCREEN), _lossless(_EXACT)),
}
_SHARES = tuple(
    Fraction(share) for share in ("1", "3/4", "2/3", "1/2", "2/5", "1/3", "1/4", "1/5", "1/6", "1/8", "1/12")
)
_MIN_SIDE_PX = 24


def ladder(
    plain: EncodeSettings,
    before: GifStats,
    *,
    is_exact: bool,
    is_screen: bool,
    compression: Compression = "palette",
) -> list[Stage]:
    """The stages for a clip, mildest first; no point exceeds the quality of `plain`, whose file is `before`.

    `is_exact`: the picture's size is fixed, so the clip is shortened instead. `is_screen`: drop frames
    before scaling down.
    """
    free, screen, exact = _PATHS[compression]
    paths = exact if is_exact else screen if is_screen else free
    points = [plain]
    stages: dict[Fraction, Stage] = {}
    for max_fps, path in paths:
        frame_share = next((share for share in _SHARES if before.fps * share <= max_fps), _SHARES[-1])
        points += _further(points[-1], path, before)
        stages[frame_share] = Stage(tuple(replace(point, frame_share=frame_share) for point in points))
    return list(stages.values())


def _further(point: EncodeSettings, path: Iterable[_Point], before: GifStats) -> Iterator[EncodeSettings]:
    """The points of a path, none of higher quality than `point`."""
    smallest = min(1.0, _MIN_SIDE_PX / min(before.width_px, before.height_px))
    for lossy, colours, scale, max_s in path:
        point = replace(
            point,
            lossy=max(lossy, point.lossy),
            colours=min(colours, point.colours),
            scale=min(max(scale, smallest), point.scale),
            length=min(max_s / before.duration_s, point.length),
        )
        yield point


def given_up(target_bytes: int, before: GifStats, after: GifStats) -> str:
    """A sentence about what was given up."""
    parts = []
    if after.lossy != before.lossy:
        parts.append("stronger compression")
    if after.colours != before.colours:
        parts.append(f"{after.colours} colours")
    if after.fps < before.fps * 0.99:
        parts.append(f"{after.fps:.2g} fps (was {before.fps:.3g})")
    if after.width_px != before.width_px:
        now, was = (f"{gif.width_px} \N{MULTIPLICATION SIGN} {gif.height_px}" for gif in (after, before))
        parts.append(f"{now} px (was {was})")
    if after.duration_s < before.duration_s:
        parts.append(f"only the first {after.duration_s:.1f} s (of {before.duration_s:.1f})")
    return f"To fit {wording.size(target_bytes)}: {', '.join(parts)}."
