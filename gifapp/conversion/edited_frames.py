"""Applies the recipe's list of frames: which frames show, in which order and for how long. Pure."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from gifapp import errors
from gifapp.domain.recipes.recipe import FrameEdit
from gifapp.domain.timing import split_delay
from gifapp.domain.wording import counted

Span = tuple[float, float]

_MOMENT_S = 1e-6


class ShownFrame(NamedTuple):
    """A frame of the edited clip.

    Attributes:
        number: which of the frames that are read, from 0.
        delay_cs: how long it is shown.
        covers_s: the part of the unedited clip that it stands for, in seconds.
    """

    number: int
    delay_cs: int
    covers_s: Span


def shown_frames(
    edits: Sequence[FrameEdit], delays_cs: Sequence[int], *, longest_s: float, max_duration_s: float
) -> tuple[ShownFrame, ...]:
    """The recipe's list applied to frames with these delays.

    A frame that is shown for longer than `longest_s` is split, since text or a fade may change it meanwhile.

    Raises:
        errors.RecipeInvalid: a number is too high, or the frames are shown for longer than `max_duration_s`.
    """
    _check_numbers(edits, len(delays_cs))
    shown_cs = [edit.delay_cs or delays_cs[edit.number] for edit in edits]
    _check_duration(sum(shown_cs) / 100, max_duration_s)
    spans_s = list(pairwise(start_cs / 100 for start_cs in accumulate(delays_cs, initial=0)))
    # delays at a constant rate are rounded up or down by a centisecond
    longest_cs = math.floor(min(longest_s, max_duration_s) * 100) + 1
    return tuple(
        piece
        for edit, delay_cs in zip(edits, shown_cs, strict=True)
        for piece in _pieces(edit.number, split_delay(delay_cs, longest_cs), spans_s[edit.number])
    )


class EditedTimes:
    """Finds when a time range of the unedited clip is shown in the edited one."""

    def __init__(self, frames: Sequence[ShownFrame], unedited_s: Sequence[float]) -> None:
        """`unedited_s` has the start of each unedited frame."""
        starts_cs = accumulate((frame.delay_cs for frame in frames), initial=0)
        self._frames = sorted(
            (frame.covers_s, start_cs / 100, frame.delay_cs / 100)
            for frame, start_cs in zip(frames, starts_cs, strict=False)
        )
        self._covered_from_s = [covers_s[0] for covers_s, _, _ in self._frames]
        self._unedited_s = unedited_s

    def spans(self, start_s: float, end_s: float) -> Iterator[Span]:
        """When the range shows, for each frame that shows some of it; both in seconds."""
        end_s = max(end_s, start_s + _MOMENT_S)  # a range without length is shown on one frame
        frame_s = self._unedited_s[max(0, bisect_right(self._unedited_s, start_s) - 1)]
        first, end = (bisect_left(self._covered_from_s, at_s) for at_s in (frame_s, end_s))
        for (from_s, to_s), shown_at_s, length_s in self._frames[first:end]:
            shares = [(at_s - from_s) / (to_s - from_s) for at_s in (max(start_s, from_s), min(end_s, to_s))]
            if shares[0] < shares[1]:
                yield shown_at_s + shares[0] * length_s, shown_at_s + shares[1] * length_s


def _pieces(number: int, delays_cs: Sequence[int], span: Span) -> Iterator[ShownFrame]:
    start_s, length_s = span[0], (span[1] - span[0]) / len(delays_cs)
    for place, delay_cs in enumerate(delays_cs):
        yield ShownFrame(number, delay_cs, (start_s + place * length_s, start_s + (place + 1) * length_s))


def _check_numbers(edits: Sequence[FrameEdit], frames: int) -> None:
    for place, edit in enumerate(edits):
        if edit.number >= frames:
            allowed = f"from 0 to {frames - 1}" if frames > 1 else "0"
            problem = f"must be {allowed}: the clip has {counted(frames, 'frame')} (got {edit.number})"
            raise _refused(f"frames.{place}.number", problem)


def _check_duration(duration_s: float, limit_s: float) -> None:
    if duration_s > limit_s:
        raise _refused("frames", f"must last at most {limit_s:g} s in all (got {duration_s:g} s)")


def _refused(field: str, problem: str) -> errors.RecipeInvalid:
    return errors.RecipeInvalid(problems=f"{field} {problem}", fields={field: problem})
