"""Computes the delay of each frame of the finished GIF, including the hold. Pure."""

from __future__ import annotations

from gifapp.conversion.plan import Plan
from gifapp.domain.timing import MIN_DELAY_CS, STANDARD_FPS, delays_cs


def played_cs(plan: Plan) -> list[int]:
    """The delays without the hold; a frame keeps its delay in either direction."""
    forward = list(plan.delays_cs)
    backward = forward[::-1]
    both = {"forward": forward, "reverse": backward, "boomerang": forward + backward}
    return both[plan.recipe.direction]


def held_cs(plan: Plan) -> list[int]:
    """The hold of the last frame, in pieces if text may appear or disappear on it."""
    hold_cs = round(plan.recipe.hold_s * 100)
    if hold_cs < MIN_DELAY_CS or not (plan.recipe.captions or plan.recipe.subtitles):
        return [hold_cs]
    return list(delays_cs(hold_cs / 100, plan.recipe.fps or STANDARD_FPS))


def shown_cs(plan: Plan) -> list[int]:
    """The delays with the hold."""
    played, held = played_cs(plan), held_cs(plan)
    return [*played[:-1], played[-1] + held[0], *held[1:]]
