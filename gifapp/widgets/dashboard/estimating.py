"""Requests an estimate when a person pauses; the kernel never waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView

PAUSE_S = 0.5

Ask = Callable[[str, Recipe], EstimateView]
"""What a source's GIF would weigh; blocks."""

Answer = EstimateView | errors.GifappError

Wanted = tuple[str, Recipe]


class Estimating:
    """One question at a time, and only the newest one."""

    def __init__(self, ask: Ask, show: Callable[[Answer], None]) -> None:
        """`show` is told the answer to the newest question, or why there is none."""
        self._ask, self._show = ask, show
        self._wanted: Wanted | None = None
        self._task: asyncio.Task[None] | None = None

    def want(self, source_id: str, recipe: Recipe) -> bool:
        """Ask soon, unless this was the last question; returns whether an answer will come."""
        wanted = (source_id, recipe)
        if wanted != self._wanted:
            self._wanted = wanted
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._answer())
        return self._task is not None and not self._task.done()

    def forget(self) -> None:
        """Want no answer until the next question."""
        self._wanted = None

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        told = None
        while (wanted := self._wanted) is not None and wanted != told:
            await asyncio.sleep(PAUSE_S)
            if wanted != self._wanted:
                continue
            answer = await asyncio.to_thread(self._answer_to, *wanted)
            told = wanted
            if wanted == self._wanted:
                self._show(answer)

    def _answer_to(self, source_id: str, recipe: Recipe) -> Answer:
        try:
            return self._ask(source_id, recipe)
        except errors.GifappError as refused:
            return refused
