"""How long each frame of the finished GIF is shown, including the hold. Pure."""

from __future__ import annotations

from gifapp.conversion.plan import Plan
from gifapp.domain.timing import MIN_DELAY_CS, STANDARD_FPS, delays_cs


def played_cs(plan: Plan) -> list[int]:
    """Without the hold; a frame keeps its delay whichever way the clip plays."""
    forward = list(plan.delays_cs)
    backward = forward[::-1]
    both = {"forward": forward, "reverse": backward, "boomerang": forward + backward}
    return both[plan.recipe.direction]


def held_cs(plan: Plan) -> list[int]:
    """How much longer the last frame stays: in pieces, where words may come and go on it."""
    hold_cs = round(plan.recipe.hold_s * 100)
    if hold_cs < MIN_DELAY_CS or not (plan.recipe.captions or plan.recipe.subtitles):
        return [hold_cs]
    return list(delays_cs(hold_cs / 100, plan.recipe.fps or STANDARD_FPS))


def shown_cs(plan: Plan) -> list[int]:
    """With the hold."""
    played, held = played_cs(plan), held_cs(plan)
    return [*played[:-1], played[-1] + held[0], *held[1:]]
