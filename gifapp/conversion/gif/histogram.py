"""Counts the colours of frames and chooses a palette from the counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.native import library
from gifapp.conversion.gif.quantizer import BLUE, GREEN, RED, Colours, Points, Weights, clustered

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
        self._keys = np.empty(_SLOTS, np.int32)
        self._sums = np.empty((_SLOTS, 4), np.int64)
        self._spare = np.empty(_SLOTS, np.int32), np.empty((_SLOTS, 4), np.int64)
        self._tone_keys = np.empty(_TONES, np.int32)
        self._votes = np.empty(_TONES, np.int64)
        self._state = np.empty(3, np.int64)  # bits dropped per channel, slots used, which rows
        self.clear()

    def clear(self) -> None:
        self._keys.fill(-1)
        self._sums.fill(0)
        self._tone_keys.fill(-1)
        self._votes.fill(0)
        self._state.fill(0)

    def add(self, pixels: NDArray[np.uint8], rows: int = 1) -> None:
        """Count the opaque pixels; uint8 (height, width, 3 or 4).

        Once colours are no longer counted exactly, one row in `rows` is counted, a different one each time.
        """
        library.count_colours(
            pixels, np.array(pixels.shape, np.int64), rows,
            self._tone_keys, self._votes, self._keys, self._sums, *self._spare, self._state,
        )  # fmt: skip

    def all_colours(self, most: int) -> Colours | None:
        """All counted colours, or None if there are more than `most`; just black if none was counted."""
        if self._state[0] > 0 or self._state[1] > most:
            return None
        keys = np.sort(self._keys[self._keys >= 0])
        return _unpacked(keys) if len(keys) else np.zeros((1, 3), np.uint8)

    def choose(self, colours: int, spread: float = 0.0) -> Colours:
        """At most `colours` colours that together are nearest to the counted ones.

        There are fewer if these are within `spread`: see `clustered`. If that would lose a tone that covers a
        hundredth of the picture, such tones get their own entries, up to half of the palette.
        """
        points, weights, is_exact = self._points()
        if not len(points):
            return np.zeros((1, 3), np.uint8)
        table = clustered(points, weights, colours, spread)
        tones = np.flatnonzero(is_exact & (weights * _SHARE_OF_ENTRY >= weights.sum()))
        tones = tones[np.argsort(-weights[tones], kind="stable")]
        if len(points) <= colours or not _unlike(points[tones], table.astype(np.float32)).any():
            return _with(table, points[tones])
        own = _apart(points[tones], colours // 2)
        is_left = _unlike(points, own)
        rest = clustered(points[is_left], weights[is_left], colours - len(own)) if is_left.any() else own[:0]
        return np.concatenate([own, rest]).astype(np.uint8)

    def _points(self) -> tuple[Points, Weights, NDArray[np.bool_]]:
        """The counted colours as points, their weights, and which of them are exact."""
        is_tone = np.zeros(_TONES, np.bool_)
        if self._state[0] > 0:
            library.take_out_tones(
                self._tone_keys, self._votes, self._keys, self._sums, int(self._state[0]), is_tone
            )
        counted = self._sums[self._keys >= 0]
        counted = counted[counted[:, 0] > 0]
        tones = _unpacked(self._tone_keys[is_tone])
        points = np.concatenate([counted[:, 1:] / counted[:, :1], tones]).astype(np.float32)
        weights = np.concatenate([counted[:, 0], self._votes[is_tone]]).astype(np.float32)
        return points, weights, np.arange(len(points)) >= (len(counted) if self._state[0] > 0 else 0)


def _unpacked(keys: NDArray[np.int32]) -> Colours:
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)


def _with(table: Colours, tones: Points) -> Colours:
    """The table with its nearest entries replaced by these exact tones; earlier tones take precedence."""
    for tone in tones[::-1]:
        step = table - tone
        table[(step * step @ np.array([RED, GREEN, BLUE])).argmin()] = tone
    return table


def _apart(tones: Points, most: int) -> Points:
    """The first tones, at most `most`, no two of which look alike."""
    chosen = tones[:0]
    for number in range(len(tones)):
        tone = tones[number : number + 1]
        if len(chosen) < most and _unlike(tone, chosen).all():
            chosen = np.concatenate([chosen, tone])
    return chosen


def _unlike(points: Points, others: Points) -> NDArray[np.bool_]:
    """Which points are at least one step away from all of `others`."""
    is_unlike = np.ones(len(points), np.bool_)
    library.mark_alike(points, len(points), others, len(others), is_unlike)
    return is_unlike
