"""Chooses the palette, lookup table and tolerance for a group of frames.

A local colour table takes up to 768 bytes, which in a drawing or a screen recording is often more than the
pixels take. So these share a palette, and a group has its own only where that saves more than it costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.gif.grouping import Kind, kind_of
from gifapp.conversion.gif.histogram import FILM_ROWS, Histogram
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import Palette
from gifapp.conversion.gif.style import Style
from gifapp.conversion.gif.tolerance import EXACT, Tolerance, tolerance

_MIN_COLOURS_WITH_HOLD = 4  # with fewer colours, no entry is reserved for transparency
_BYTES_PER_ERROR = 0.02  # what it is worth to bring one pixel nearer by a distance of 1 (measured)
_ALIKE = 36  # a distance of two steps of 255: equal but for a video's compression
_ROWS_APART = 4  # between the rows that `count_changed` looks at


class GroupPalette(NamedTuple):
    """Everything needed to draw a frame, besides the frame and the canvas."""

    palette: Palette
    lookup: Lookup
    tolerance: Tolerance

    @property
    def is_exact(self) -> bool:
        """Whether every pixel is shown exactly as in the source."""
        return self.tolerance is EXACT


def exact_paint(palette: Palette) -> GroupPalette:
    """For pictures whose colours are all in the palette."""
    return GroupPalette(palette, Lookup(palette), EXACT)


class PaletteSelector:
    """Chooses the palette of each group in turn; used by one thread at a time."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._histogram = Histogram()
        self._shared: GroupPalette | None = None
        self._paint: GroupPalette | None = None
        self._before: Pixels | None = None

    def may_share(self, first: Pixels) -> bool:
        """Whether a clip that begins like this may share a palette, so its frames are counted first."""
        if self._style.palette == "auto":
            return self._kind(first) != "film"
        return self._style.palette == "global"

    def count(self, pixels: Pixels) -> None:
        """Count the colours of `pixels` for the shared palette."""
        self._histogram.add(pixels, FILM_ROWS)

    def share(self, first: Pixels) -> Palette:
        """Choose the palette that the counted frames share."""
        self._shared = self._paint = self._chosen(first, holds=True)
        return self._shared.palette

    def choose(self, frames: Sequence[Frame]) -> list[GroupPalette]:
        """The palette for each of a group's frames.

        It is exact if the table can hold all their colours and the style allows it. A shared palette is used
        wherever the group's own would not be worth its bytes; a global one always.
        """
        if self._shared and self._style.palette == "global":
            return [self._shared] * len(frames)
        self._count_group(frames)
        pixels = frames[0].pixels
        if self._shared is None:
            may_be_still = self._paint is None and len(frames) == 1
            self._paint = self._chosen(pixels, holds=not may_be_still)
            return [self._paint] * len(frames)
        changed_px = self._changed_px(frames)
        if exact := self._exact(pixels, holds=True):
            self._paint = exact
            return [exact] * len(frames)
        channels = self._shared.tolerance.channels  # the shared lookup table is made for these
        shared = self._shared._replace(tolerance=self._rules(pixels)._replace(channels=channels))
        return self._cheapest(shared, pixels, changed_px)

    def _count_group(self, frames: Sequence[Frame]) -> None:
        self._histogram.clear()
        rows = max(1, min(FILM_ROWS, len(frames) - 1))  # each row is counted in at least one frame
        for frame in frames:
            self._histogram.add(frame.pixels, rows)

    def _cheapest(self, shared: GroupPalette, pixels: Pixels, changed_px: list[int]) -> list[GroupPalette]:
        """The palette of each counted frame: the shared one, or the group's if that is worth its bytes."""
        table_bytes = 3 << (self._style.colours - 1).bit_length()
        worth = [px * _BYTES_PER_ERROR / table_bytes for px in changed_px]
        own, gain = shared, self._histogram.error(shared.palette.colours, shared.tolerance.weights)
        if gain * max(worth) > 1:  # a perfect palette would be worth its bytes
            own = self._chosen(pixels, holds=True)
            gain -= self._histogram.error(own.palette.colours, shared.tolerance.weights)
        return [own if gain * per_error > 1 else shared for per_error in worth]

    def _changed_px(self, frames: Sequence[Frame]) -> list[int]:
        """For each frame, about how many pixels differ visibly from those before; all of the first."""
        changed_px = []
        for pixels, _ in frames:
            before, self._before = self._before, pixels
            height, width, _ = pixels.shape
            if before is None:
                changed_px.append(height * width)
            else:
                shape = np.array(pixels.shape, np.int64)
                changed_px.append(
                    _ROWS_APART * library.count_changed(pixels, before, shape, EXACT.weights, _ALIKE)
                )
        return changed_px

    def _chosen(self, pixels: Pixels, *, holds: bool) -> GroupPalette:
        if exact := self._exact(pixels, holds=holds):
            return exact
        style, rules, has_alpha = self._style, self._rules(pixels), pixels.shape[2] == 4
        reserved = has_alpha or (holds and style.colours >= _MIN_COLOURS_WITH_HOLD)
        colours = self._histogram.choose(
            style.colours - reserved, rules.weights, rules.spread if holds else 0.0
        )
        palette = Palette(colours, len(colours) if reserved else None)
        return GroupPalette(palette, Lookup(palette), rules)

    def _kind(self, pixels: Pixels) -> Kind:
        return kind_of(pixels) if self._style.content == "auto" else self._style.content

    def _rules(self, pixels: Pixels) -> Tolerance:
        return tolerance(self._kind(pixels), self._style)

    def _exact(self, pixels: Pixels, *, holds: bool) -> GroupPalette | None:
        """A palette with all colours, if allowed: the previous one if that has them; None if too many."""
        has_alpha = pixels.shape[2] == 4
        max_colours = self._style.colours - has_alpha
        colours = self._histogram.all_colours(max_colours) if self._style.may_be_exact else None
        if colours is None:
            return None
        before = self._paint
        if before and before.is_exact and before.palette.has_all(colours):
            return before
        reserved = has_alpha or (holds and len(colours) < self._style.colours)
        return exact_paint(Palette(colours, len(colours) if reserved else None))
