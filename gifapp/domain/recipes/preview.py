"""The recipe of a preview: a short loop of a clip, with everything else as in the whole GIF. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from gifapp.domain.recipes.parts import Caption, FrameEdit, Look, Segment
from gifapp.domain.recipes.preset_limits import within_preset
from gifapp.domain.recipes.recipe import MIN_TARGET_BYTES, Recipe
from gifapp.domain.timing import overlaps_s

MAX_PREVIEW_S = 1.5


class _Range(NamedTuple):
    """A range of the source, and when it begins in the GIF."""

    start_s: float
    end_s: float
    shown_at_s: float


class _Loop(NamedTuple):
    """The part of the GIF that loops.

    Attributes:
        fields: the recipe's fields that select it.
        begin_s: when it begins in the GIF.
        shown_s, whole_s: how long it and the whole GIF play, in one direction.
    """

    fields: dict[str, Any]
    begin_s: float
    shown_s: float
    whole_s: float


def preview_recipe(
    recipe: Recipe,
    at_s: float | None = None,
    *,
    duration_s: float,
    longest_s: float = MAX_PREVIEW_S,
    delays_cs: Sequence[int] = (),
) -> Recipe:
    """The recipe of a loop that plays for up to `longest_s` around the source's time `at_s`.

    `at_s` may lie outside the recipe's ranges, then the nearest is shown; None: the middle of the first.
    `duration_s` is the source's. `delays_cs` are needed if the recipe lists frames: the delays of those that
    it would show without the list.

    Captions keep their times relative to the source's frames, a target size shrinks with the duration, and
    fades show only where the loop begins or ends with the clip.
    """
    recipe = within_preset(recipe)
    ranges = list(_ranges(recipe, duration_s))
    around, at_s = _nearest(ranges, at_s)
    if recipe.frames:
        shown_at_s = around.shown_at_s + (at_s - around.start_s) / recipe.speed
        loop = _loop_of_frames(recipe.frames, shown_at_s, longest_s, delays_cs)
    else:
        loop = _loop_of_range(around, at_s, longest_s, _ends_s(ranges, recipe.speed), recipe.speed)
    begin_s = loop.begin_s
    if recipe.direction == "reverse":
        begin_s = loop.whole_s - begin_s - loop.shown_s
    return recipe.model_copy(
        update={
            **loop.fields,
            "captions": tuple(_shifted(recipe.captions, begin_s, loop.shown_s)),
            "look": _faded(recipe.look, begin_s, loop.shown_s, loop.whole_s),
            "target_bytes": _shrunk(recipe.target_bytes, loop.shown_s / loop.whole_s),
            "hold_s": 0.0,
            "loop": 0,
        }
    )


def _loop_of_range(around: _Range, at_s: float, longest_s: float, whole_s: float, speed: float) -> _Loop:
    length_s = min(longest_s * speed, around.end_s - around.start_s)
    start_s = min(max(around.start_s, at_s - length_s / 2), around.end_s - length_s)
    begin_s = around.shown_at_s + (start_s - around.start_s) / speed
    segment = Segment(start_s=start_s, end_s=start_s + length_s)
    return _Loop({"segments": (segment,), "crossfade_s": 0.0}, begin_s, length_s / speed, whole_s)


def _loop_of_frames(
    edits: Sequence[FrameEdit], shown_at_s: float, longest_s: float, delays_cs: Sequence[int]
) -> _Loop:
    """The listed frames around one that shows, without the list, at `shown_at_s`; at least one."""
    number = bisect_right(list(accumulate(delays_cs)), shown_at_s * 100)
    lengths_cs = [edit.delay_cs or delays_cs[edit.number] for edit in edits]
    middle = min(range(len(edits)), key=lambda place: abs(edits[place].number - number))
    ends_cs = list(accumulate(lengths_cs, initial=0))
    longest_cs = longest_s * 100
    begin_cs = min(ends_cs[middle] + (lengths_cs[middle] - longest_cs) / 2, ends_cs[-1] - longest_cs)
    first = bisect_left(ends_cs, begin_cs, hi=middle)
    end = max(middle + 1, bisect_right(ends_cs, ends_cs[first] + longest_cs) - 1)
    shown_s = (ends_cs[end] - ends_cs[first]) / 100
    return _Loop({"frames": tuple(edits[first:end])}, ends_cs[first] / 100, shown_s, ends_cs[-1] / 100)


def _ranges(recipe: Recipe, duration_s: float) -> Iterator[_Range]:
    parts = recipe.segments or (Segment(),)
    spans = [(part.start_s, min(part.end_s or duration_s, duration_s)) for part in parts]
    lengths_s = [(end_s - start_s) / recipe.speed for start_s, end_s in spans]
    shown_at_s = 0.0
    for span, length_s, overlap_s in zip(
        spans, lengths_s, [*overlaps_s(lengths_s, recipe.crossfade_s), 0.0], strict=True
    ):
        yield _Range(*span, shown_at_s)
        shown_at_s += length_s - overlap_s


def _nearest(ranges: Sequence[_Range], at_s: float | None) -> tuple[_Range, float]:
    """The range that contains a time or is nearest to it, and the time."""
    if at_s is None:
        return ranges[0], (ranges[0].start_s + ranges[0].end_s) / 2
    return min(ranges, key=lambda part: max(part.start_s - at_s, at_s - part.end_s, 0.0)), at_s


def _ends_s(ranges: Sequence[_Range], speed: float) -> float:
    last = ranges[-1]
    return last.shown_at_s + (last.end_s - last.start_s) / speed


def _shifted(captions: Sequence[Caption], begin_s: float, shown_s: float) -> Iterator[Caption]:
    """The captions that are visible within `shown_s` from `begin_s`."""
    for caption in captions:
        start_s = max(0.0, caption.start_s - begin_s)
        end_s = None if caption.end_s is None else caption.end_s - begin_s
        if start_s < shown_s and (end_s is None or end_s > 0):
            yield caption.model_copy(update={"start_s": start_s, "end_s": end_s})


def _faded(look: Look, begin_s: float, shown_s: float, whole_s: float) -> Look:
    is_first, is_last = begin_s <= 0, begin_s + shown_s >= whole_s
    fades = {"fade_in_s": look.fade_in_s * is_first, "fade_out_s": look.fade_out_s * is_last}
    return look.model_copy(update=fades)


def _shrunk(target_bytes: int | None, share: float) -> int | None:
    return None if target_bytes is None else max(MIN_TARGET_BYTES, round(target_bytes * share))
