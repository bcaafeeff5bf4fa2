"""Runs ffmpeg as an encoder over stdin, with resource limits and guaranteed clean-up."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from gifapp import errors, processes
from gifapp.domain.limits import Limits
from gifapp.ffmpeg_program import ffmpeg_program
from gifapp.os_errors import from_errno

CHECKPOINT_S = 0.2
PIPE_BYTES = 1024**2
THREADS = 4  # fixed, since x264's output depends on it


class FfmpegEncoder:
    """A running ffmpeg that reads Matroska from its stdin; the caller closes it.

    Args:
        arguments: ffmpeg's options for codec and format.
        out: the output file, which is overwritten.
        checkpoint: called at least every `CHECKPOINT_S`; it should be quick.
    """

    def __init__(
        self, arguments: Sequence[str], out: Path, *, limits: Limits, checkpoint: Callable[[], None]
    ) -> None:
        self._limits = limits
        self._checkpoint = checkpoint
        self._process = processes.spawn(
            _command(arguments, out),
            limits=processes.untrusted_file_limits(
                memory_bytes=limits.memory_bytes,
                cpu_s=math.ceil(limits.deadline_s * THREADS),
                file_bytes=limits.max_gif_bytes,
            ),
            env=processes.environment_without_secrets(),
            bufsize=0,
            pipesize=PIPE_BYTES,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdin is not None  # noqa: S101  stdin=PIPE
        self._in = self._process.stdin.fileno()
        os.set_blocking(self._in, False)
        self._poll = select.poll()
        self._poll.register(self._in, select.POLLOUT)

    def send(self, data: bytes | memoryview) -> None:
        """Write all of `data`.

        Raises:
            errors.GifappError: ffmpeg ended early, with the errors of `finish`.
        """
        rest = memoryview(data).cast("B")
        while rest:
            self._checkpoint()  # here too, since ffmpeg may read a large frame in many small chunks
            if not self._poll.poll(CHECKPOINT_S * 1000):
                continue
            try:
                rest = rest[os.write(self._in, rest) :]
            except BrokenPipeError:
                raise self._failure(self._process.wait()) from None

    def finish(self) -> None:
        """Close ffmpeg's input and wait until the file is written.

        Raises:
            errors.ConversionTooBig, errors.ConversionTooSlow, errors.DiskFull: ffmpeg exceeded a limit.
            errors.ConversionCrashed: ffmpeg failed in another way.
        """
        self._close_input()
        while (status := self._ended()) is None:
            self._checkpoint()
        if status != 0:
            raise self._failure(status)

    def close(self) -> None:
        """Kill ffmpeg if it still runs."""
        processes.stop(self._process, grace_s=0, sig=signal.SIGKILL)
        self._close_input()

    def _ended(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(CHECKPOINT_S)
        return None

    def _close_input(self) -> None:
        assert self._process.stdin is not None  # noqa: S101
        self._process.stdin.close()

    def _failure(self, status: int) -> errors.GifappError:
        if status == -signal.SIGXCPU:
            return errors.ConversionTooSlow(limit_s=self._limits.deadline_s)
        if status == -signal.SIGXFSZ:
            return errors.ConversionTooBig()
        # ffmpeg exits with a negative errno, of which the system keeps the low byte
        return from_errno(256 - status) or errors.ConversionCrashed(
            reason=f"ffmpeg ended with status {status}"
        )


def _command(arguments: Sequence[str], out: Path) -> list[str]:
    return [
        ffmpeg_program(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "quiet", "-y"),
        *("-protocol_whitelist", "pipe", "-f", "matroska", "-i", "pipe:0"),
        *("-fps_mode", "passthrough", "-threads", str(THREADS), "-fflags", "+bitexact"),
        *(*arguments, f"file:{out.resolve()}"),
    ]
