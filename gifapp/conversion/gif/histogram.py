"""Counts the colours of frames and chooses a palette from the counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import Colours, Points, Weights, clustered

FILM_ROWS = 3  # in films, one row in three is counted
_SLOTS = library.constant("HISTOGRAM_SLOTS")
_TONES = library.constant("HISTOGRAM_TONES")
_SHARE_OF_ENTRY = 100  # a colour covering 1/100 of the pixels gets its own palette entry


class Histogram:
    """Counts how often each colour occurs: exactly, up to some 16,000 colours.

    Each time it is full it drops one bit per channel: a screen or a grey film is counted exactly, a
    colourful film in 5 or 6 bits. Colours that cover a large enough share of the picture ("tones") stay exact
    even then, since merged colours cannot be separated again. They are found by voting: each slot of a table
    has one candidate, which gains votes from its own pixels, loses votes to other colours with the same slot,
    and is replaced when it has none left (R. Boyer, J. Moore, "MJRTY: a fast majority vote algorithm", 1981).
    So a colour's votes never exceed its weight.

    Memory use is constant. A pixel like the one before it counts up to five times.
    """

    def __init__(self) -> None:
        self._keys = np.empty(_SLOTS, np.int32)  # -1: free, and its sums unset
        self._sums = np.empty((_SLOTS, 4), np.int64)
        self._spare = np.empty(_SLOTS, np.int32), np.empty((_SLOTS, 4), np.int64)
        self._tone_keys = np.empty(_TONES, np.int32)
        self._votes = np.empty(_TONES, np.int64)
        self._state = np.empty(3, np.int64)  # bits dropped per channel, slots used, which rows
        self._points: tuple[Points, int] | None = None  # computed once, since that takes tones out
        self.clear()

    def clear(self) -> None:
        self._keys.fill(-1)
        self._tone_keys.fill(-1)
        self._votes.fill(0)
        self._state.fill(0)
        self._points = None

    def add(self, pixels: NDArray[np.uint8], rows: int = 1) -> None:
        """Count the opaque pixels; uint8 (height, width, 3 or 4).

        Once colours are no longer counted exactly, one row in `rows` is counted, a different one each time.
        """
        library.count_colours(
            pixels, np.array(pixels.shape, np.int64), rows,
            self._tone_keys, self._votes, self._keys, self._sums, *self._spare, self._state,
        )  # fmt: skip

    def all_colours(self, max_colours: int) -> Colours | None:
        """All counted colours, or None if more than `max_colours`; just black if none was counted."""
        if self._state[0] > 0 or self._state[1] > max_colours:
            return None
        keys = np.sort(self._keys[self._keys >= 0])
        return _unpacked(keys) if len(keys) else np.zeros((1, 3), np.uint8)

    def choose(self, colours: int, weights: Weights, spread: float = 0.0) -> Colours:
        """At most `colours` colours that together are nearest to the counted ones.

        There are fewer if these are within `spread`: see `clustered`. If that would lose a tone that covers a
        hundredth of the picture, such tones get their own entries, up to half of the palette.
        """
        points, coarse = self._counted()
        if not len(points):
            return np.zeros((1, 3), np.uint8)
        table = clustered(points, colours, weights, spread)
        tones = _largest(points[coarse:], points[:, 3].copy().sum())
        if len(points) <= colours or not _unlike(tones, table.astype(np.float32), weights).any():
            return _with(table, tones, weights)
        own = _apart(tones, colours // 2, weights)
        is_left = _unlike(points[:, :3], own, weights)
        rest = clustered(points[is_left], colours - len(own), weights) if is_left.any() else own[:0]
        return np.concatenate([own, rest]).astype(np.uint8)

    def error(self, table: Colours, weights: Weights) -> float:
        """The weighted mean squared distance of the counted colours from the nearest of `table`."""
        points, _ = self._counted()
        return float(
            library.mean_error(points, len(points), weights, np.ascontiguousarray(table), len(table))
        )

    def _counted(self) -> tuple[Points, int]:
        """The counted colours as points, and how many of them are not exact, which come first."""
        self._points = self._points or self._taken_out()
        return self._points

    def _taken_out(self) -> tuple[Points, int]:
        is_tone = np.zeros(_TONES, np.bool_)
        dropped_bits = int(self._state[0])
        if dropped_bits > 0:
            library.take_out_tones(
                self._tone_keys, self._votes, self._keys, self._sums, dropped_bits, is_tone
            )
        points = np.empty((_SLOTS, 4), np.float32)
        counted = points[: library.write_points(self._keys, self._sums, points)]
        tones = np.column_stack([_unpacked(self._tone_keys[is_tone]), self._votes[is_tone]])
        exact = tones.astype(np.float32)
        return np.concatenate([counted, exact]), len(counted) if dropped_bits > 0 else 0


def _unpacked(keys: NDArray[np.int32]) -> Colours:
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)


def _largest(points: Points, total: np.float32) -> NDArray[np.float32]:
    """The colours of the points that get their own entries, by weight."""
    weights = points[:, 3]
    large = np.flatnonzero(weights * _SHARE_OF_ENTRY >= total)
    return points[large[np.argsort(-weights[large], kind="stable")], :3]


def _with(table: Colours, tones: NDArray[np.float32], weights: Weights) -> Colours:
    """The table with its nearest entries replaced by these exact tones; earlier tones take precedence."""
    for tone in tones[::-1]:
        step = table - tone
        table[(step * step @ weights).argmin()] = tone
    return table


def _apart(tones: NDArray[np.float32], max_colours: int, weights: Weights) -> NDArray[np.float32]:
    """The first tones, at most `max_colours`, no two of which look alike."""
    chosen = tones[:0]
    for number in range(len(tones)):
        tone = tones[number : number + 1]
        if len(chosen) < max_colours and _unlike(tone, chosen, weights).all():
            chosen = np.concatenate([chosen, tone])
    return chosen


def _unlike(points: NDArray[np.float32], others: NDArray[np.float32], weights: Weights) -> NDArray[np.bool_]:
    """Which points are at least one step away from all of `others`."""
    is_unlike = np.ones(len(points), np.bool_)
    library.mark_alike(
        np.ascontiguousarray(points),
        len(points),
        weights,
        np.ascontiguousarray(others),
        len(others),
        is_unlike,
    )
    return is_unlike
