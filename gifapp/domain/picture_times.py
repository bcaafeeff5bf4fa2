"""Times the pictures of an animation or sequence: by their own delays, or resampled evenly. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from statistics import median
from typing import NamedTuple

from gifapp.domain.recipes.outcome import is_animated
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.timing import MAX_FPS, MIN_DELAY_CS, STANDARD_FPS

_MAX_LATE_CS = 1
_MIN_DELAY_S = 0.0101  # browsers show delays of 10 ms or less for 100 ms
_ROUNDING_S = 1e-6  # timestamps are sums of floats


class Piece(NamedTuple):
    """Picture `number` of a source (from 0), shown for `length_s` in the GIF."""

    number: int
    length_s: float


def thinned_fps(recipe: Recipe, delays_s: Sequence[float], speed: float) -> float | None:
    """The rate at which pictures are resampled, or None if they keep their own times.

    They are resampled if they come faster than `fps` or than a GIF can play, or if ranges crossfade: then
    both ranges need frames at the same times. Without `fps`, the rate is a whole fraction of their own.
    """
    played_s = [delay_s / speed for delay_s in delays_s]
    if recipe.fps is not None:
        is_too_fast = min(played_s) < 1 / recipe.fps - _ROUNDING_S
        return recipe.fps if recipe.crossfade_s or is_too_fast else None
    own_fps = 1 / median(played_s)
    if own_fps > MAX_FPS * (1 + _ROUNDING_S):
        return own_fps / math.ceil(own_fps / MAX_FPS - _ROUNDING_S)
    return min(MAX_FPS, 1 / min(played_s)) if recipe.crossfade_s else None


def longest_piece_s(recipe: Recipe) -> float:
    """The longest time for one frame; limited if captions, subtitles or fades may change it."""
    if not is_animated(recipe):
        return math.inf
    return 1 / (STANDARD_FPS if recipe.fps is None else recipe.fps)


def pieces(
    delays_s: Sequence[float], start_s: float, end_s: float, *, speed: float, max_s: float
) -> Iterator[Piece]:
    """The pictures shown between two times of the source, each with its time in the GIF.

    A picture that is shown for longer than `max_s` is split into equal pieces.
    """
    for number, (begin_s, over_s) in enumerate(pairwise(accumulate(delays_s, initial=0.0))):
        length_s = (min(over_s, end_s) - max(begin_s, start_s)) / speed
        if length_s > _ROUNDING_S:
            count = max(1, math.ceil(length_s / max_s - _ROUNDING_S))
            yield from [Piece(number, length_s / count)] * count


def timed(parts: Sequence[Sequence[Piece]]) -> tuple[list[list[int]], list[int]]:
    """The picture numbers of each part, and the delays of all of them in centiseconds.

    A piece too short for a GIF gets a delay of 2, taken from the next one. It is dropped if the next one
    would then start more than 1 late, or if it lasts 10 ms or less (a range that begins or ends inside a
    picture leaves such slivers). The delays add up to the rounded total as long as one can be shortened.
    """
    numbers: list[list[int]] = [[] for _ in parts]
    delays_cs: list[int] = []
    passed_s, shown_cs = 0.0, 0
    for part_numbers, part in zip(numbers, parts, strict=True):
        for piece in part:
            passed_s += piece.length_s
            delay_cs = _centiseconds(passed_s) - shown_cs
            late_cs = _MAX_LATE_CS if piece.length_s > _MIN_DELAY_S else 0
            if delay_cs >= MIN_DELAY_CS - late_cs:
                part_numbers.append(piece.number)
                delays_cs.append(max(MIN_DELAY_CS, delay_cs))
                shown_cs += delays_cs[-1]
    if not delays_cs:  # every piece is too short
        numbers[0].append(parts[0][0].number)
        return numbers, [MIN_DELAY_CS]
    _settle(delays_cs, _centiseconds(passed_s) - shown_cs)
    return numbers, delays_cs


def _settle(delays_cs: list[int], missing_cs: int) -> None:
    """Correct the sum of the delays at the end, since a short last piece has no next one to take from."""
    min_cs = MIN_DELAY_CS - min(0, missing_cs)
    for number in reversed(range(len(delays_cs))):
        if delays_cs[number] >= min_cs:
            delays_cs[number] += missing_cs
            return


def _centiseconds(seconds: float) -> int:
    """Rounded half up, with a margin for floating-point error."""
    return math.floor(seconds * 100 + 0.5 + _ROUNDING_S)


def sampled(delays_s: Sequence[float], start_s: float, frames: int, step_s: float) -> list[int]:
    """Which picture each of `frames` frames shows; the first begins at `start_s`, each lasts `step_s`.

    Both are times of the source. A frame shows the picture at its middle. If a picture ends exactly there,
    the frame shows that one and not the next, so that a whole fraction of the source's rate thins it evenly.
    """
    starts_s = list(accumulate(delays_s[:-1], initial=0.0))
    middles_s = (start_s + (number + 0.5) * step_s - _ROUNDING_S for number in range(frames))
    return [max(0, bisect_right(starts_s, middle_s) - 1) for middle_s in middles_s]
