"""Counts the colours of frames and chooses a palette from the counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.gif.kernels import inlined, kernel
from gifapp.conversion.gif.quantizer import (
    BLUE,
    GREEN,
    OPAQUE_ALPHA,
    RED,
    Colours,
    Points,
    Weights,
    clustered,
)

FILM_ROWS = 3  # in films, one row in three is counted
_SLOTS = 1 << 15
_FULL = _SLOTS // 2
_TONES = 1 << 13
_SHARE_OF_TONE = 2048  # a colour covering 1/2048 of the pixels stays exact
_SHARE_OF_ENTRY = 100  # a colour covering 1/100 of the pixels gets its own palette entry
_STEP = RED + GREEN + BLUE  # colours closer than one step of 255 look the same


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
        _count(pixels, rows, self._tone_keys, self._votes, self._keys, self._sums, *self._spare, self._state)

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
            _take_out(self._tone_keys, self._votes, self._keys, self._sums, self._state, is_tone)
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
    _mark_alike(points, others, is_unlike)
    return is_unlike


@kernel("void(f4[:,::1], f4[:,::1], b1[::1])")
def _mark_alike(points, others, is_unlike):
    for other in range(others.shape[0]):
        for at in range(points.shape[0]):
            red = points[at, 0] - others[other, 0]
            green = points[at, 1] - others[other, 1]
            blue = points[at, 2] - others[other, 2]
            if RED * red * red + GREEN * green * green + BLUE * blue * blue < _STEP:
                is_unlike[at] = False


@inlined
def _slot(keys, key):
    slot = ((key * 0x9E3779B1) & 0xFFFFFFFF) >> 17
    while keys[slot] != key and keys[slot] != -1:
        slot = (slot + 1) & (_SLOTS - 1)
    return slot


@inlined
def _vote(tone_keys, votes, colour, weight):
    """Branchless, since the branch would be unpredictable."""
    place = ((colour * 0x9E3779B1) & 0xFFFFFFFF) >> 19
    left = votes[place] + (weight if tone_keys[place] == colour else -weight)
    tone_keys[place] = colour if left < 0 else tone_keys[place]
    votes[place] = abs(left)


@inlined
def _coarsen(tone_keys, votes, keys, sums, old_keys, old_sums, state):  # noqa: PLR0917
    """Drop one more bit per channel and merge equal entries; the first time, all entries vote."""
    for slot in range(_SLOTS):
        old_keys[slot] = keys[slot]
        for column in range(4):
            old_sums[slot, column] = sums[slot, column]
    keys[:] = -1
    sums[:] = 0
    state[0] += 1
    state[1] = 0
    channel = 255 >> state[0] << state[0]
    mask = channel << 16 | channel << 8 | channel
    for old in range(_SLOTS):
        if old_keys[old] < 0:
            continue
        if state[0] == 1:
            _vote(tone_keys, votes, np.int64(old_keys[old]), old_sums[old, 0])
        slot = _slot(keys, old_keys[old] & mask)
        state[1] += keys[slot] < 0
        keys[slot] = old_keys[old] & mask
        for column in range(4):
            sums[slot, column] += old_sums[old, column]


@kernel("void(i4[::1], i8[::1], i4[::1], i8[:,::1], i8[::1], b1[::1])")
def _take_out(tone_keys, votes, keys, sums, state, is_tone):  # noqa: PLR0917
    """Find the tones with enough votes, and subtract them from the entries that include them."""
    total = 0
    for slot in range(_SLOTS):
        total += sums[slot, 0]
    channel = 255 >> state[0] << state[0]
    for at in range(_TONES):
        if votes[at] * _SHARE_OF_TONE < total or votes[at] == 0:
            continue
        is_tone[at] = True
        colour, weight = np.int64(tone_keys[at]), np.int64(votes[at])
        slot = _slot(keys, colour & (channel << 16 | channel << 8 | channel))
        sums[slot, 0] -= weight
        sums[slot, 1] -= weight * (colour >> 16)
        sums[slot, 2] -= weight * (colour >> 8 & 255)
        sums[slot, 3] -= weight * (colour & 255)


@inlined
def _weight(red, green, blue):
    """A pixel's weight, higher the less it differs from the one before: banding shows in smooth areas."""
    return 1 + 512 // (128 + red * red + green * green + blue * blue)


@kernel("void(u1[:,:,::1], i8, i4[::1], i8[::1], i4[::1], i8[:,::1], i4[::1], i8[:,::1], i8[::1])")
def _count(pixels, rows, tone_keys, votes, keys, sums, spare_keys, spare_sums, state):  # noqa: PLR0917
    """Count one picture, or some of its rows."""
    state[2] = (state[2] + 1) % rows
    y = 0 if state[0] == 0 else state[2]
    while y < pixels.shape[0]:
        _count_row(pixels[y], tone_keys, votes, keys, sums, spare_keys, spare_sums, state)
        y += 1 if state[0] == 0 else rows


@inlined
def _count_row(pixels, tone_keys, votes, keys, sums, spare_keys, spare_sums, state):  # noqa: PLR0917
    has_alpha = pixels.shape[1] == 4
    channel = 255 >> state[0] << state[0]
    slot, last = -1, -1
    for at in range(pixels.shape[0]):
        if has_alpha and pixels[at, 3] < OPAQUE_ALPHA:
            continue
        red, green, blue = np.int64(pixels[at, 0]), np.int64(pixels[at, 1]), np.int64(pixels[at, 2])
        key = (red & channel) << 16 | (green & channel) << 8 | (blue & channel)
        if key != last:
            slot, last = _slot(keys, key), key
        if keys[slot] < 0:
            keys[slot] = key
            state[1] += 1
        before = max(at - 1, 0)
        weight = _weight(red - pixels[before, 0], green - pixels[before, 1], blue - pixels[before, 2])
        sums[slot, 0] += weight
        sums[slot, 1] += weight * red
        sums[slot, 2] += weight * green
        sums[slot, 3] += weight * blue
        if state[0] > 0:
            _vote(tone_keys, votes, red << 16 | green << 8 | blue, weight)
        while state[1] > _FULL:
            _coarsen(tone_keys, votes, keys, sums, spare_keys, spare_sums, state)
            channel = 255 >> state[0] << state[0]
            last = -1
