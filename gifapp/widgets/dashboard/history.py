"""Undo and redo of a form's recipes. Pure."""

from __future__ import annotations

import time
from collections.abc import Callable

from gifapp.domain.recipes.recipe import Recipe

MAX_STEPS = 100
SAME_CHANGE_S = 1.5
_STEPS_OF_THEIR_OWN = frozenset({"frames"})


class History:
    """The recipes of one source since it was chosen.

    Changes of the same fields that follow each other within `SAME_CHANGE_S`, as while a slider is dragged,
    are one step; but each change of single frames is one.
    """

    def __init__(self, recipe: Recipe, now: Callable[[], float] = time.monotonic) -> None:
        self._steps = [recipe]
        self._at = 0  # the step that is shown
        self._now = now
        self._last: tuple[frozenset[str], float] = (frozenset(), 0.0)

    @property
    def shown(self) -> Recipe:
        """The recipe that is shown."""
        return self._steps[self._at]

    @property
    def can_undo(self) -> bool:
        return self._at > 0

    @property
    def can_redo(self) -> bool:
        return self._at + 1 < len(self._steps)

    def note(self, recipe: Recipe) -> None:
        """Add the recipe, unless it is shown already."""
        changed = _changed(self._steps[self._at], recipe)
        if not changed:
            return
        (fields, at_s), now_s = self._last, self._now()
        is_slide = not changed & _STEPS_OF_THEIR_OWN
        is_same_change = is_slide and changed == fields and now_s - at_s < SAME_CHANGE_S
        steps = self._steps[: self._at + (not is_same_change)]
        self._steps = [*steps, recipe][-MAX_STEPS:]
        self._at = len(self._steps) - 1
        self._last = (changed, now_s)

    def undo(self) -> Recipe:
        """The recipe before the one shown."""
        return self._go(max(0, self._at - 1))

    def redo(self) -> Recipe:
        """The recipe after the one shown."""
        return self._go(min(len(self._steps) - 1, self._at + 1))

    def _go(self, to: int) -> Recipe:
        self._at = to
        self._last = (frozenset(), 0.0)
        return self._steps[to]


def _changed(before: Recipe, after: Recipe) -> frozenset[str]:
    """The names of the fields that differ; of the look, of each of its own."""
    names = {name for name in Recipe.model_fields if getattr(before, name) != getattr(after, name)}
    if "look" in names:
        names = (names - {"look"}) | {
            f"look.{name}"
            for name in type(before.look).model_fields
            if getattr(before.look, name) != getattr(after.look, name)
        }
    return frozenset(names)
