"""Makes estimates, previews, layers and proxies while users edit, in child processes with resource limits."""

from __future__ import annotations

import contextlib
import contextvars
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Empty, LifoQueue
from typing import TypeVar

from gifapp import errors
from gifapp.conversion.report import Estimate
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.layers import LayersView
from gifapp.jobs.attempts.conversion_process import ConversionRequest, Done, Failed
from gifapp.jobs.attempts.forkserver import CONVERT, ForkServer
from gifapp.processes import surplus_nice
from gifapp.storage.blobs import Blobs

DEADLINE_S = 20.0
AT_ONCE = 3
_LOOK_EVERY_S = 1.0
_ESTIMATE = "gifapp.jobs.attempts.estimate_process:estimate_requested"
_LAYERS = "gifapp.jobs.attempts.stage_process:draw_layers"
_PROXY = "gifapp.jobs.attempts.stage_process:convert_to_proxy"

Result = TypeVar("Result")


@dataclass(frozen=True)
class Preview:
    """The file of a preview, and its size in pixels."""

    data: bytes
    width_px: int
    height_px: int
    duration_s: float


class QuickConversions:
    """Does quick work, `AT_ONCE` at a time; processes start on demand or by `warm_up`."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        quick = replace(limits, deadline_s=min(limits.deadline_s, DEADLINE_S))
        self._forks = [_Fork(blobs, quick, _ESTIMATE, CONVERT, _LAYERS) for _ in range(AT_ONCE)]
        self._idle: LifoQueue[_Fork] = LifoQueue()  # the warm one first
        for fork in reversed(self._forks):
            self._idle.put(fork)

    def warm_up(self) -> None:
        """Start one fork server in the background, so that the first estimate does not wait for it."""
        self._forks[0].warm_up()

    def estimate(self, path: Path, video: Video, recipe: Recipe) -> Estimate:
        """Estimate the GIF's size; blocks for about a second, longer while `AT_ONCE` others run.

        Raises:
            errors.GifappError: see `conversion.sizing.estimate.estimate`.
        """
        return self._run(lambda fork: fork.estimate(path, video, recipe))

    def preview(self, path: Path, video: Video, recipe: Recipe) -> Preview:
        """Convert a short clip; blocks like `estimate`.

        Raises:
            errors.GifappError: see `conversion.pipeline.convert_file`.
        """
        return self._run(lambda fork: fork.preview(path, video, recipe))

    def layers(self, path: Path, video: Video, recipe: Recipe) -> LayersView:
        """Draw a recipe's captions, subtitles and overlay; blocks likewise, for a few tenths of a second.

        Raises:
            errors.GifappError: see `conversion.text.layer_pictures`.
        """
        return self._run(lambda fork: fork.layers(path, video, recipe))

    def _run(self, work: Callable[[_Fork], Result]) -> Result:
        fork = self._idle.get()
        self._warm_up_next()
        try:
            return work(fork)
        finally:
            self._idle.put(fork)

    def _warm_up_next(self) -> None:
        """Start the next idle fork server, so that a concurrent request does not wait for it."""
        with contextlib.suppress(Empty):
            fork = self._idle.get_nowait()
            fork.warm_up()
            self._idle.put(fork)

    def close(self) -> None:
        for fork in self._forks:
            fork.close()


class ProxyConversions:
    """Makes proxies, one at a time; no process starts before the first."""

    def __init__(self, blobs: Blobs, limits: Limits) -> None:
        self._fork = _Fork(blobs, limits, _PROXY)

    def proxy(self, path: Path, video: Video, keep: Callable[[Path], None]) -> None:
        """Make a proxy of the whole video, and pass its file to `keep`, which may move it.

        Raises:
            errors.GifappError: see `conversion.proxy.make_proxy`.
        """
        self._fork.proxy(path, video, keep)

    def close(self) -> None:
        self._fork.close()


class _Fork:
    """Runs one request at a time, on its own thread with its own fork server."""

    def __init__(self, blobs: Blobs, limits: Limits, *converters: str) -> None:
        self._blobs = blobs
        self._limits = limits
        self._server = ForkServer(*converters)
        self._thread = ThreadPoolExecutor(1, "quick")  # the fork server dies with this thread

    def warm_up(self) -> None:
        self._thread.submit(self._server.ensure_running)  # an error shows up again with the first request

    def estimate(self, path: Path, video: Video, recipe: Recipe) -> Estimate:
        def estimated(done: Done, _: Path) -> Estimate:
            return Estimate(
                done.bytes, done.frames, done.width_px, done.height_px, done.duration_s, done.notes
            )

        return self._on_thread(_ESTIMATE, path, video, recipe, estimated)

    def preview(self, path: Path, video: Video, recipe: Recipe) -> Preview:
        def preview(done: Done, out: Path) -> Preview:
            return Preview(out.read_bytes(), done.width_px, done.height_px, done.duration_s)

        return self._on_thread(CONVERT, path, video, recipe, preview)

    def layers(self, path: Path, video: Video, recipe: Recipe) -> LayersView:
        def layers(_: Done, out: Path) -> LayersView:
            return LayersView.model_validate_json(out.read_bytes())

        return self._on_thread(_LAYERS, path, video, recipe, layers)

    def proxy(self, path: Path, video: Video, keep: Callable[[Path], None]) -> None:
        self._on_thread(_PROXY, path, video, Recipe(), lambda _, out: keep(out))

    def _on_thread(
        self, converter: str, path: Path, video: Video, recipe: Recipe, result: Callable[[Done, Path], Result]
    ) -> Result:
        context = contextvars.copy_context()
        return self._thread.submit(
            context.run, self._convert, converter, path, video, recipe, result
        ).result()

    def _convert(
        self, converter: str, path: Path, video: Video, recipe: Recipe, result: Callable[[Done, Path], Result]
    ) -> Result:
        self._server.ensure_running()
        with self._blobs.workspace.scratch(f"quick-{secrets.token_hex(8)}") as scratch:
            request = ConversionRequest(path, video, recipe, scratch, self._limits, nice=surplus_nice.get())
            return result(self._done(request, converter), request.out)

    def _done(self, request: ConversionRequest, converter: str) -> Done:
        end = time.monotonic() + request.limits.deadline_s + _LOOK_EVERY_S
        with self._server.convert(request, converter) as running:
            while time.monotonic() < end:
                match running.receive(_LOOK_EVERY_S):
                    case Done() as done:
                        return done
                    case Failed() as failed:
                        raise failed.error
        raise errors.ConversionTooSlow(limit_s=request.limits.deadline_s)

    def close(self) -> None:
        self._thread.submit(self._server.stop)
        self._thread.shutdown()
