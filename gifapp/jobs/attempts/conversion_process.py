"""One conversion in a child process that reports its progress as JSON over a pipe: both ends.

The worker believes nothing else that comes from there: no pickles, and every value is validated.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from pydantic import TypeAdapter

from gifapp import errors, processes
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.os_errors import from_errno

_REPORT_EVERY_S = 0.1


class Report(Protocol):
    """What a converter answers; `conversion.report.GifReport` is one."""

    @property
    def bytes(self) -> int: ...
    @property
    def width_px(self) -> int: ...
    @property
    def height_px(self) -> int: ...
    @property
    def frames(self) -> int: ...
    @property
    def duration_s(self) -> float: ...
    @property
    def notes(self) -> Sequence[str]: ...


class Converter(Protocol):
    """`conversion.pipeline.convert_file` is one."""

    def __call__(
        self,
        path: Path,
        recipe: Recipe,
        out: Path,
        *,
        video: Video,
        limits: Limits,
        on_progress: Callable[[Progress], None],
    ) -> Report: ...


@dataclass(frozen=True)
class ConversionRequest:
    """A conversion asked for: the file, what the probe said of it, what to make of it, where to work."""

    source: Path
    video: Video
    recipe: Recipe
    scratch: Path
    limits: Limits
    nice: int = 5  # whoever waits at a form is answered before a conversion goes on

    @property
    def out(self) -> Path:
        """Where the GIF goes, or what the recipe's format is instead."""
        return self.scratch / "out"


@dataclass(frozen=True)
class ProgressMessage:
    """The conversion came this far."""

    progress: Progress


@dataclass(frozen=True)
class Done:
    """The GIF is written; `notes` are the report's sentences."""

    bytes: int
    width_px: int
    height_px: int
    frames: int
    duration_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """An error of ours, as what crosses processes."""

    code: str
    facts: dict[str, Any]
    trace: str = ""  # of what was none of our errors: for the log

    @property
    def error(self) -> errors.GifappError:
        return errors.GifappError.from_code(self.code, self.facts)


Message = ProgressMessage | Done | Failed

ORDER: TypeAdapter[ConversionRequest] = TypeAdapter(ConversionRequest)
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


# --- in the worker ---------------------------------------------------------------------------


class Conversion:
    """A running conversion; leaving the context kills what still runs of it."""

    def __init__(
        self, pid: int, connection: Connection, *, exit_code: Callable[[], int | None], limit_s: float
    ) -> None:
        self.pid = pid
        self._connection = connection
        self._exit_code = exit_code
        self._limit_s = limit_s
        self._code: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def receive(self, timeout_s: float) -> Message | None:
        """What it reports next; None when nothing came in time.

        Raises:
            errors.ConversionTooSlow, errors.ConversionCrashed: it ended without a word.
        """
        if not self._connection.poll(timeout_s):
            return None
        try:
            return MESSAGE.validate_json(self._connection.recv_bytes())
        except (EOFError, ConnectionError):
            raise _untimely(self._end(), self._limit_s) from None

    def _end(self) -> int | None:
        if not self._connection.closed:
            processes.kill_group(self.pid)
            self._connection.close()
            self._code = self._exit_code()
        return self._code


def _untimely(code: int | None, limit_s: float) -> errors.GifappError:
    """Why a conversion ended; no code when the fork server died before it could tell."""
    if code == -signal.SIGXCPU:
        return errors.ConversionTooSlow(limit_s=limit_s)
    if code is None:
        return errors.ConversionCrashed(reason="the fork server was killed")
    if code < 0:
        return errors.ConversionCrashed(reason=f"killed by {signal.Signals(-code).name}")
    return errors.ConversionCrashed(reason=f"exit status {code}")


# --- in the child ----------------------------------------------------------------------------


def work(connection: Connection, converter: Converter) -> None:
    """Take one order from `connection`, carry it out, and report until it is done or failed."""
    order = ORDER.validate_json(connection.recv_bytes())
    processes.apply_limits(replace(_bounds(order.limits), nice=order.nice))
    _work_in(order.scratch)
    try:
        message: Message = _convert(order, converter, connection)
    except Exception as error:  # noqa: BLE001
        message = _failed(error)
    _send(connection, message)


def _convert(order: ConversionRequest, converter: Converter, connection: Connection) -> Done:
    report = converter(
        order.source,
        order.recipe,
        order.out,
        video=order.video,
        limits=order.limits,
        on_progress=_Reporter(connection),
    )
    return Done(
        report.bytes, report.width_px, report.height_px, report.frames, report.duration_s, tuple(report.notes)
    )


def _bounds(limits: Limits) -> processes.ProcessLimits:
    return processes.for_strangers_files(
        memory_bytes=limits.memory_bytes,
        cpu_s=round(limits.deadline_s * (os.cpu_count() or 1)),
        # a clip that plays backwards is spilt to the disk
        file_bytes=max(limits.max_gif_bytes, limits.memory_bytes),
    )


def _work_in(scratch: Path) -> None:
    # whatever anybody writes without asking where, goes when the scratch directory goes
    tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
    os.chdir(scratch)


class _Reporter:
    """Sends progress, but not more often than anybody could want to see it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sent_at = 0.0
        self._phase = ""

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase == self._phase and now - self._sent_at < _REPORT_EVERY_S:
            return
        self._phase, self._sent_at = progress.phase, now
        _send(self._connection, ProgressMessage(progress))


def _failed(error: Exception) -> Failed:
    ours = _in_our_words(error)
    is_strange = isinstance(ours, errors.ConversionCrashed)
    return Failed(ours.code, ours.facts, "".join(traceback.format_exception(error)) if is_strange else "")


def _in_our_words(error: Exception) -> errors.GifappError:
    if isinstance(error, errors.GifappError):
        return error
    if isinstance(error, MemoryError):
        return errors.ConversionTooBig()
    # PyAV's errors have a number, too, and not all of them are OSErrors
    ours = from_errno(getattr(error, "errno", None))
    return ours or errors.ConversionCrashed(reason=type(error).__name__)


def _send(connection: Connection, message: Message) -> None:
    # facts may hold anything; as text they still make the sentence
    connection.send_bytes(MESSAGE.dump_json(message, fallback=str))
