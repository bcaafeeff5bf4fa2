"""Draws the frames of an animation by a function, in several processes."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from gifapp import errors
from gifapp.conversion.frame import Pixels
from gifapp.conversion.intake.colouring import Colouring
from gifapp.conversion.intake.figures import close_figures, open_figures
from gifapp.conversion.intake.frames import pixels_of
from gifapp.conversion.pipeline import GifReport
from gifapp.domain.recipes.recipe import Recipe
from gifapp.notebook.recording import RECORDED_FPS, record

_AHEAD = 2  # frames drawn ahead, for each process


def animate(
    function: Callable[[Any], Any],
    values: Iterable[Any],
    recipe: Recipe | None = None,
    output: str | Path | None = None,
    *,
    fps: float = RECORDED_FPS,
    cmap: Any = None,
    vmin: float | None = None,
    vmax: float | None = None,
    processes: int | None = None,
) -> GifReport:
    """Make a GIF of the frames that `function` draws, one for each value.

    Frames are drawn by several processes if the function and its values can be pickled; then it should not
    depend on earlier calls. A function that cannot be pickled, such as a lambda, is called here in order.

    Args:
        function: returns a figure, an array or an image; or draws on pyplot's current figure, returning None.
        values: one for each frame.
        recipe: how to convert the frames; its `fps` thins them.
        output: where to write the GIF; without it, the report holds it.
        fps: frames per second, at most 50.
        cmap: a matplotlib colormap or its name, for grey frames; needs `vmin` and `vmax`.
        vmin: the number in the frames that is shown as black, or as the lower end of `cmap`.
        vmax: the number that is shown as white, or as the upper end of `cmap`.
        processes: how many draw; by default one for each processor, and with 1 all are drawn here.

    Raises:
        errors.FieldInvalid: an argument cannot be used.
        errors.FramesInvalid: there are no frames, one cannot be shown, or a process that draws died.
        Exception: whatever the function raises.
    """
    if processes is not None and processes < 1:
        raise errors.FieldInvalid(field="processes", problem=f"must be 1 or more, not {processes}")
    recording = record(recipe, output, fps=fps, cmap=cmap, vmin=vmin, vmax=vmax)
    colouring = Colouring(cmap, vmin, vmax).ready()
    count = processes or os.cpu_count() or 1
    with recording as gif:
        drawn = _drawn(function, values, colouring, count)
        try:
            for pixels in drawn:
                gif.add(pixels)
        finally:
            drawn.close()
    return recording.report


def _drawn(
    function: Callable[[Any], Any], values: Iterable[Any], colouring: Colouring, processes: int
) -> Generator[Pixels]:
    if processes == 1 or not _can_fork() or _pickled(function, None) is None:
        yield from (_draw(function, value, colouring) for value in values)
        return
    with _pool(processes) as pool:
        waiting: deque[Future[Pixels]] = deque()
        for value in values:
            waiting.append(_submitted(pool, function, value, colouring))
            if len(waiting) > _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _can_fork() -> bool:
    """Only forked processes know the functions of a notebook; on macOS, forked processes crash."""
    return sys.platform == "linux"


def _pickled(function: Callable[[Any], Any], value: Any) -> bytes | None:
    try:
        return pickle.dumps((function, value))
    except (pickle.PicklingError, AttributeError, TypeError):
        return None


def _submitted(
    pool: ProcessPoolExecutor, function: Callable[[Any], Any], value: Any, colouring: Colouring
) -> Future[Pixels]:
    work = _pickled(function, value)
    if work is not None:
        return pool.submit(_draw_pickled, work, colouring)
    here: Future[Pixels] = Future()
    here.set_result(_draw(function, value, colouring))
    return here


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Forked processes, which end with the context, even in the middle of a frame."""
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        processes, mp_context=multiprocessing.get_context("fork"), initializer=_ignore_interrupts
    )
    with warnings.catch_warnings():
        # of Python 3.12 and later: the threads of a kernel hold no lock that drawing needs
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        try:
            yield pool
        except BrokenProcessPool:
            problem = "a process that drew one ended, perhaps for lack of memory; try processes=1"
            raise errors.FramesInvalid(problem=problem) from None
        except BaseException:
            _kill([child for child in multiprocessing.active_children() if child not in before])
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _kill(children: list[BaseProcess]) -> None:
    for child in children:
        child.kill()


def _ignore_interrupts() -> None:
    """Ctrl-C goes to every process of a terminal; the parent ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _draw_pickled(work: bytes, colouring: Colouring) -> Pixels:
    function, value = pickle.loads(work)  # noqa: S301  our parent's own
    return _draw(function, value, colouring)


def _draw(function: Callable[[Any], Any], value: Any, colouring: Colouring) -> Pixels:
    """One frame; figures that the function opens are closed again."""
    open_before = open_figures()
    frame = function(value)
    if frame is None and "matplotlib.pyplot" in sys.modules:
        frame = sys.modules["matplotlib.pyplot"].gcf()
    pixels = pixels_of(frame, colouring)
    close_figures(open_figures() - open_before)
    return pixels
