"""Asks what a recipe will weigh once a person pauses; the kernel never waits for the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from gifapp import errors
from gifapp.domain.recipe import Recipe

PAUSE_S = 0.5

Ask = Callable[[str, Recipe], int]
"""The bytes of a source's GIF by a recipe; blocks."""

Wanted = tuple[str, Recipe]

_log = logging.getLogger(__name__)


class Estimating:
    """One question at a time, and only the newest one."""

    def __init__(self, ask: Ask, show: Callable[[int | None], None]) -> None:
        """`show` is told the answer to the newest question; None is that there is none."""
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

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _answer(self) -> None:
        told = None
        while told != self._wanted:
            wanted = self._wanted
            await asyncio.sleep(PAUSE_S)
            if wanted is None or wanted != self._wanted:
                continue
            answer = await asyncio.to_thread(self._answer_to, *wanted)
            told = wanted
            if wanted == self._wanted:
                self._show(answer)

    def _answer_to(self, source_id: str, recipe: Recipe) -> int | None:
        try:
            return self._ask(source_id, recipe)
        except errors.GifappError as refused:
            _log.info("There is no estimate: %s", refused)
            return None
