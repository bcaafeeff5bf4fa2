"""A small thread pool for slow work, shared fairly between users; see `domain.fair_queue`."""

from __future__ import annotations

import asyncio
import contextvars
from asyncio import Future
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from gifapp import errors
from gifapp.domain.fair_queue import FairQueue
from gifapp.processes import surplus_nice

Result = TypeVar("Result")

SURPLUS_NICE = 10
_RETRY_AFTER_S = 2


class FairPool:
    """Runs blocking tasks, at most `slots` at a time; one slot is reserved for users with none running.

    A task whose owner has more waiting runs at a lower CPU priority. Everything but the tasks themselves
    runs on one event loop.
    """

    def __init__(self, name: str, *, slots: int, max_waiting: int, per_owner: int | None = None) -> None:
        self._max_waiting = max_waiting
        self._queue: FairQueue[Future[None]] = FairQueue(slots, max_waiting=max_waiting, per_owner=per_owner)
        self._threads = ThreadPoolExecutor(slots, name)

    async def run(self, owner_id: str, work: Callable[[], Result]) -> Result:
        """Run `work` on a thread once it is the owner's turn.

        If the caller is cancelled meanwhile, `work` goes on and keeps its slot until it ends.

        Raises:
            errors.TooManyAtOnce: the owner has the maximum number of requests waiting.
        """
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        if not self._queue.join(owner_id, turn):
            raise errors.TooManyAtOnce(limit=self._max_waiting, retry_after_s=_RETRY_AFTER_S)
        self._start()
        try:
            await turn
        except asyncio.CancelledError:
            self._leave(owner_id, turn)
            raise
        context = contextvars.copy_context()  # the log's request id
        if self._queue.count_waiting(owner_id):
            context.run(surplus_nice.set, SURPLUS_NICE)
        running = loop.run_in_executor(self._threads, partial(context.run, work))
        running.add_done_callback(lambda _: self._leave(owner_id, turn))
        return await asyncio.shield(running)

    @property
    def is_idle(self) -> bool:
        """Whether no task waits or runs."""
        return self._queue.is_empty

    def _leave(self, owner_id: str, turn: Future[None]) -> None:
        self._queue.leave(owner_id, turn)
        self._start()

    def _start(self) -> None:
        while (turn := self._queue.start_next()) is not None:
            if not turn.done():  # a cancelled request's future is done before it leaves the queue
                turn.set_result(None)
