"""One conversion in a child process that reports its progress over a pipe: both ends of it.

The worker does not trust the child: messages are JSON, never pickles, and every value is validated.
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

from gifapp import confinement, errors, processes
from gifapp.conversion.video import Video
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.os_errors import from_errno

STILL = "still.webp"
_REPORT_EVERY_S = 0.1


class Report(Protocol):
    """What a converter returns, for example a `conversion.report.GifReport`."""

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
    """The signature of a converter, such as `conversion.pipeline.convert_file`."""

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
    """The request for a conversion: the file, its probe result, the recipe, and the scratch directory."""

    source: Path
    video: Video
    recipe: Recipe
    scratch: Path
    limits: Limits
    nice: int = 0

    @property
    def out(self) -> Path:
        """The path of the GIF, or of the recipe's other format."""
        return self.scratch / "out"

    @property
    def still(self) -> Path:
        """The path of the first frame, if the converter keeps one."""
        return self.scratch / STILL


@dataclass(frozen=True)
class ProgressMessage:
    """The conversion's progress so far."""

    progress: Progress


@dataclass(frozen=True)
class Done:
    """The GIF is written; `notes` are the sentences of the report."""

    bytes: int
    width_px: int
    height_px: int
    frames: int
    duration_s: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Failed:
    """A gifapp error in the form that is sent between processes."""

    code: str
    facts: dict[str, Any]
    trace: str = ""  # for the log, if the error was not one of gifapp's

    @property
    def error(self) -> errors.GifappError:
        return errors.GifappError.from_code(self.code, self.facts)


Message = ProgressMessage | Done | Failed

REQUEST: TypeAdapter[ConversionRequest] = TypeAdapter(ConversionRequest)
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


# --- in the worker ---------------------------------------------------------------------------


class Conversion:
    """A running conversion; leaving the context kills any of its processes that still run."""

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
        """The next message; None when none arrived in time.

        Raises:
            errors.ConversionTooSlow, errors.ConversionCrashed: the process ended without a result.
        """
        if not self._connection.poll(timeout_s):
            return None
        try:
            return MESSAGE.validate_json(self._connection.recv_bytes())
        except (EOFError, ConnectionError):
            raise _early_end(self._end(), self._limit_s) from None

    def _end(self) -> int | None:
        if not self._connection.closed:
            processes.kill_group(self.pid)
            self._connection.close()
            self._code = self._exit_code()
        return self._code


def _early_end(code: int | None, limit_s: float) -> errors.GifappError:
    """The error for a conversion that ended early; `code` is None when the fork server died first."""
    if code == -signal.SIGXCPU:
        return errors.ConversionTooSlow(limit_s=limit_s)
    if code is None:
        return errors.ConversionCrashed(reason="the fork server was killed")
    if code < 0:
        return errors.ConversionCrashed(reason=f"killed by {signal.Signals(-code).name}")
    return errors.ConversionCrashed(reason=f"exit status {code}")


# --- in the child ----------------------------------------------------------------------------


def work(connection: Connection, converter: Converter) -> None:
    """Read one request from `connection`, carry it out, and send messages until it is done or has failed."""
    request = REQUEST.validate_json(connection.recv_bytes())
    processes.apply_limits(replace(_bounds(request.limits), nice=request.nice))
    _work_in(request.scratch)
    confinement.confine([request.source], [request.scratch])
    try:
        message: Message = _convert(request, converter, connection)
    except Exception as error:  # noqa: BLE001
        message = _failed(error)
    _send(connection, message)


def _convert(request: ConversionRequest, converter: Converter, connection: Connection) -> Done:
    report = converter(
        request.source,
        request.recipe,
        request.out,
        video=request.video,
        limits=request.limits,
        on_progress=_Reporter(connection),
    )
    return Done(
        report.bytes, report.width_px, report.height_px, report.frames, report.duration_s, tuple(report.notes)
    )


def _bounds(limits: Limits) -> processes.ProcessLimits:
    return processes.untrusted_file_limits(
        memory_bytes=limits.memory_bytes,
        cpu_s=round(limits.deadline_s * (os.cpu_count() or 1)),
        # frames of a reversed clip spill to disk
        file_bytes=max(limits.max_gif_bytes, limits.memory_bytes),
    )


def _work_in(scratch: Path) -> None:
    # files that libraries write to the default directories are removed with the scratch directory
    tempfile.tempdir = os.environ["TMPDIR"] = str(scratch)
    os.chdir(scratch)


class _Reporter:
    """Sends progress, limited to one message per `_REPORT_EVERY_S` within a phase."""

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
    translated = _translated(error)
    is_crash = isinstance(translated, errors.ConversionCrashed)
    return Failed(
        translated.code, translated.facts, "".join(traceback.format_exception(error)) if is_crash else ""
    )


def _translated(error: Exception) -> errors.GifappError:
    if isinstance(error, errors.GifappError):
        return error
    if isinstance(error, MemoryError):
        return errors.ConversionTooBig()
    # PyAV's errors have an errno, too, and not all of them are OSErrors
    translated = from_errno(getattr(error, "errno", None))
    return translated or errors.ConversionCrashed(reason=type(error).__name__)


def _send(connection: Connection, message: Message) -> None:
    # facts may hold any type; as text they still fit the error's sentence
    connection.send_bytes(MESSAGE.dump_json(message, fallback=str))
