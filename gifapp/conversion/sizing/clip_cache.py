"""Caches a rendering on disk and reads it back: in full, with fewer frames, smaller, or sampled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from PIL import Image

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.gif.grouping import Kind, kind_of
from gifapp.domain.recipes.quality_ladder import EncodeSettings, kept_frames

_LOOK_EVERY = 8  # frames
_MAX_SHARE = 0.75  # of frames that look like a screen; cartoons have some
_EVERY_PX = 3  # changes are measured on every third pixel of every third row
_MAX_CHANGE = 40.0  # of a pixel, in RGB; larger changes count as this


class CachedClip:
    """Frames of one size in a `FrameStore`, which the caller closes; scaled sides are multiples of a step."""

    def __init__(self, store: FrameStore, width_px: int, height_px: int, side_step_px: int = 1) -> None:
        self.width_px = width_px
        self.height_px = height_px
        self._side_step_px = side_step_px
        self._store = store
        self._delays_cs: list[int] = []
        self._changes: list[float] = []
        self._last: Pixels | None = None
        self._kinds: Counter[Kind] = Counter()

    def __len__(self) -> int:
        return len(self._store)

    def keep(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """Pass the frames through, storing each one first."""
        for frame in frames:
            self._store.append(np.ascontiguousarray(frame.pixels))
            self._delays_cs.append(frame.delay_cs)
            self._changes.append(self._change_to(frame.pixels))
            if len(self) % _LOOK_EVERY == 1:
                self._kinds[kind_of(frame.pixels)] += 1
            yield frame

    @property
    def is_screen(self) -> bool:
        """Whether the clip is a screen recording: a clear majority of the sampled frames look like one.

        Clips with alpha never are: their transparent areas only look flat.
        """
        is_opaque = self._last is not None and self._last.shape[2] == 3
        return is_opaque and self._kinds["screen"] >= _MAX_SHARE * self._kinds.total()

    def _change_to(self, pixels: Pixels) -> float:
        """The mean difference of this frame from the one before, over some of its pixels."""
        before, self._last = self._last, pixels[::_EVERY_PX, ::_EVERY_PX].copy()
        if before is None:
            return 0.0
        return _change(before, self._last)

    def frames(self, settings: EncodeSettings, numbers: Iterable[int] | None = None) -> Iterator[Frame]:
        """The frames kept by `settings`, scaled; only those with `numbers` (from 0) if given.

        A frame also gets the delays of the dropped frames after it: times stay exact to the centisecond.
        """
        starts = self._starts(settings)
        for number in range(len(starts) - 1) if numbers is None else numbers:
            start, end = starts[number], starts[number + 1]
            yield Frame(self._scaled(self._store[start], settings.scale), sum(self._delays_cs[start:end]))

    def at_scale(self, numbers: Iterable[int], scale: float) -> Iterator[Frame]:
        """Frames by their numbers in the whole clip, scaled."""
        for number in numbers:
            yield Frame(self._scaled(self._store[number], scale), self._delays_cs[number])

    def count(self, settings: EncodeSettings) -> int:
        """How many frames are kept."""
        return len(self._starts(settings)) - 1

    def duration_cs(self, settings: EncodeSettings) -> int:
        """The duration of the kept frames."""
        return sum(self._delays_cs[: self._starts(settings)[-1]])

    def changes(self, settings: EncodeSettings) -> list[float]:
        """The difference of each kept frame but the first from the kept one before it."""
        return [
            min(_MAX_CHANGE, sum(self._changes[before + 1 : start + 1]))
            for before, start in pairwise(self._starts(settings)[:-1])
        ]

    def _scaled(self, pixels: Pixels, scale: float) -> Pixels:
        """Scale a picture; transparent pixels do not colour their neighbours."""
        height_px, width_px = pixels.shape[:2]
        sides = scaled_sides(width_px, height_px, scale, self._side_step_px)
        if sides == (width_px, height_px):
            return pixels
        return np.asarray(Image.fromarray(pixels).resize(sides, Image.Resampling.BICUBIC))

    def _starts(self, settings: EncodeSettings) -> list[int]:
        """The numbers of the kept frames, spread evenly, and the end of the last."""
        end = max(1, round(len(self) * settings.length))
        return [*kept_frames(end, settings.frame_share), end]


def _change(before: Pixels, after: Pixels) -> float:
    apart = np.square(after.astype(np.int32) - before).sum(axis=2)  # alpha too
    return float(np.minimum(np.sqrt(apart), _MAX_CHANGE).mean())


def scaled_sides(width_px: int, height_px: int, scale: float, step_px: int = 1) -> tuple[int, int]:
    """Both sides scaled, and rounded to multiples of `step_px`."""
    width_px, height_px = (max(1, round(side * scale / step_px)) * step_px for side in (width_px, height_px))
    return width_px, height_px
