"""Subtitle cues: text, time and place, and the mapping from the source's time to the GIF's."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from gifapp import errors
from gifapp.conversion.plan import Plan
from gifapp.conversion.text.layout import BOTTOM, Place


@dataclass(frozen=True)
class Cue:
    """A text of a subtitle file, with its time in the source and its place."""

    text: str
    start_s: float
    end_s: float
    place: Place = BOTTOM


@dataclass(frozen=True)
class Subtitles:
    """The cues of a file in its order; `notes` are sentences about what was left out."""

    cues: tuple[Cue, ...]
    notes: tuple[str, ...] = ()


def refused(problem: str) -> errors.RecipeInvalid:
    """The error of subtitles that cannot be read."""
    return errors.RecipeInvalid(problems=f"subtitles: {problem}", fields={"subtitles": problem})


def shown_s(cue: Cue, plan: Plan) -> list[tuple[float, float]]:
    """When the cue is shown in the GIF: with its source pictures, in every direction and repetition.

    A cue on the last picture stays as long as that picture is held.
    """
    one_way, whole_s = [*_shown_forward_s(cue, plan)], plan.starts_s[-1]
    back = [(whole_s - end_s, whole_s - start_s) for start_s, end_s in reversed(one_way)]
    by_direction = {
        "forward": one_way,
        "reverse": back,
        "boomerang": one_way + [(whole_s + start_s, whole_s + end_s) for start_s, end_s in back],
    }
    last_cs = plan.delays_cs[-1 if plan.recipe.direction == "forward" else 0]
    last_s = whole_s * (2 if plan.recipe.direction == "boomerang" else 1) - last_cs / 200
    shown = _joined(by_direction[plan.recipe.direction])
    return [(start_s, math.inf if end_s > last_s else end_s) for start_s, end_s in shown]


def _shown_forward_s(cue: Cue, plan: Plan) -> Iterator[tuple[float, float]]:
    """The parts of the cue that are shown, in the GIF's time when playing forward."""
    for span in _forward_s(cue, plan):
        yield from plan.edited_times.spans(*span) if plan.edited_times else (span,)


def _forward_s(cue: Cue, plan: Plan) -> Iterator[tuple[float, float]]:
    """The parts of the cue within the cuts, in the time of the frames read."""
    firsts = accumulate((cut.frames - cut.overlap for cut in plan.cuts), initial=plan.skipped)
    for cut, first in zip(plan.cuts, firsts, strict=False):
        begin_s, end_s = (plan.read_starts_s[first - cut.overlap + frames] for frames in (0, cut.frames))
        start_s, stop_s = (
            begin_s + (at_s - plan.lead_s - cut.start_s) / plan.recipe.speed
            for at_s in (cue.start_s, cue.end_s)
        )
        if start_s < end_s and stop_s > begin_s:
            yield max(start_s, begin_s), min(stop_s, end_s)


def _joined(ranges: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Join touching ranges, so that a cue continues across a cut and at the turn of a boomerang."""
    joined: list[tuple[float, float]] = []
    for start_s, end_s in sorted(ranges):
        if joined and start_s <= joined[-1][1] + 1e-6:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((start_s, end_s))
    return joined
