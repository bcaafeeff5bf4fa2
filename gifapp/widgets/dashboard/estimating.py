"""Requests an estimate when the person pauses, without blocking the kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView

PAUSE_S = 0.5

Ask = Callable[[str, Recipe], EstimateView]
"""Estimates the size of a source's GIF; blocks."""

Answer = EstimateView | errors.GifappError

Wanted = tuple[str, Recipe]


class Estimating:
    """Makes one request at a time, always for the newest recipe."""

    def __init__(self, ask: Ask, show: Callable[[Answer], None]) -> None:
        """`show` is called with the answer to the newest request, or its error."""
        self._ask, self._show = ask, show
        self._wanted: Wanted | None = None
        self._task: asyncio.Task[None] | None = None

    def want(self, source_id: str, recipe: Recipe) -> bool:
        """Request an estimate soon, unless it was requested last; returns whether an answer is pending."""
        wanted = (source_id, recipe)
        if wanted != self._wanted:
            self._wanted = wanted
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._answer())
        return self._task is not None and not self._task.done()

    def forget(self) -> None:
        """Discard the current request."""
        self._wanted = None

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        answered = None
        while (wanted := self._wanted) is not None and wanted != answered:
            await asyncio.sleep(PAUSE_S)
            if wanted != self._wanted:
                continue
            answer = await asyncio.to_thread(self._answer_to, *wanted)
            answered = wanted
            if wanted == self._wanted:
                self._show(answer)

    def _answer_to(self, source_id: str, recipe: Recipe) -> Answer:
        try:
            return self._ask(source_id, recipe)
        except errors.GifappError as refused:
            return refused
