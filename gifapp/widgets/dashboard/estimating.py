"""Requests an estimate when the user pauses, without blocking the kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView

PAUSE_S = 0.5

Estimate = Callable[[str, Recipe], EstimateView]
"""Estimates the size of a source's GIF; blocks."""

Result = EstimateView | errors.GifappError

_Request = tuple[str, Recipe]


class Estimating:
    """Makes one request at a time, always for the newest recipe."""

    def __init__(self, estimate: Estimate, show: Callable[[Result], None]) -> None:
        """`show` is called with the newest request's estimate, or its error."""
        self._estimate, self._show = estimate, show
        self._newest: _Request | None = None
        self._task: asyncio.Task[None] | None = None

    def request(self, source_id: str, recipe: Recipe) -> bool:
        """Request an estimate soon, unless it was requested last; returns whether one is pending."""
        newest = (source_id, recipe)
        if newest != self._newest:
            self._newest = newest
            if self._task is None or self._task.done():
                self._task = asyncio.create_task(self._estimate_newest())
        return self._task is not None and not self._task.done()

    def withdraw(self) -> None:
        """Do not show the estimate that is pending: what it is for is no longer shown."""
        self._newest = None

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _estimate_newest(self) -> None:
        estimated = None
        while (newest := self._newest) is not None and newest != estimated:
            await asyncio.sleep(PAUSE_S)
            if newest != self._newest:
                continue
            result = await asyncio.to_thread(self._result_of, *newest)
            estimated = newest
            if newest == self._newest:
                self._show(result)

    def _result_of(self, source_id: str, recipe: Recipe) -> Result:
        try:
            return self._estimate(source_id, recipe)
        except errors.GifappError as refused:
            return refused
