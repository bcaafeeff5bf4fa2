"""Estimates for users at the form, computed in a child process with resource limits."""

from __future__ import annotations

import contextlib
import contextvars
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from queue import Empty, LifoQueue

from gifapp import errors
from gifapp.conversion.report import Estimate
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.attempts.conversion_process import ConversionRequest, Done, Failed
from gifapp.jobs.attempts.forkserver import ForkServer
from gifapp.processes import surplus_nice
from gifapp.storage.blobs import Blobs

DEADLINE_S = 20.0
AT_ONCE = 2
_LOOK_EVERY_S = 1.0


class Estimates:
    """Computes estimates, `AT_ONCE` at a time; no process starts before `warm_up` or the first estimate."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        self._estimators = [_Estimator(blobs, limits) for _ in range(AT_ONCE)]
        self._idle: LifoQueue[_Estimator] = LifoQueue()  # the warm one first
        for estimator in reversed(self._estimators):
            self._idle.put(estimator)

    def warm_up(self) -> None:
        """Start one fork server in the background, so that the first estimate does not wait for it."""
        self._estimators[0].warm_up()

    def estimate(self, path: Path, video: Video, recipe: Recipe) -> Estimate:
        """Estimate the GIF's size; blocks for about a second, longer while `AT_ONCE` others run.

        Raises:
            errors.GifappError: see `conversion.sizing.estimate.estimate`.
        """
        estimator = self._idle.get()
        self._warm_up_next()
        try:
            return estimator.estimate(path, video, recipe)
        finally:
            self._idle.put(estimator)

    def _warm_up_next(self) -> None:
        """Start the next idle fork server, so that a concurrent request does not wait for it."""
        with contextlib.suppress(Empty):
            estimator = self._idle.get_nowait()
            estimator.warm_up()
            self._idle.put(estimator)

    def close(self) -> None:
        for estimator in self._estimators:
            estimator.close()


class _Estimator:
    """Computes one estimate at a time, on its own thread with its own fork server."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        self._blobs = blobs
        self._limits = replace(limits, deadline_s=min(limits.deadline_s, DEADLINE_S))
        self._forks = ForkServer("gifapp.jobs.attempts.estimate_process:estimate_ordered")
        self._thread = ThreadPoolExecutor(1, "estimate")  # the fork server dies with this thread

    def warm_up(self) -> None:
        self._thread.submit(self._forks.ensure_running)  # an error shows up again with the first estimate

    def estimate(self, path: Path, video: Video, recipe: Recipe) -> Estimate:
        context = contextvars.copy_context()
        return self._thread.submit(context.run, self._ordered, path, video, recipe).result()

    def _ordered(self, path: Path, video: Video, recipe: Recipe) -> Estimate:
        self._forks.ensure_running()
        with self._blobs.workspace.scratch(f"estimate-{secrets.token_hex(8)}") as scratch:
            done = self._done(
                ConversionRequest(path, video, recipe, scratch, self._limits, nice=surplus_nice.get())
            )
        return Estimate(done.bytes, done.frames, done.width_px, done.height_px, done.duration_s, done.notes)

    def _done(self, request: ConversionRequest) -> Done:
        end = time.monotonic() + request.limits.deadline_s + _LOOK_EVERY_S
        with self._forks.convert(request) as running:
            while time.monotonic() < end:
                match running.receive(_LOOK_EVERY_S):
                    case Done() as done:
                        return done
                    case Failed() as failed:
                        raise failed.error
        raise errors.ConversionTooSlow(limit_s=request.limits.deadline_s)

    def close(self) -> None:
        self._thread.submit(self._forks.stop)
        self._thread.shutdown()
