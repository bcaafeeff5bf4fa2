"""Starts and monitors the child process that decodes pictures for ffmpeg."""

from __future__ import annotations

import json
import math
import select
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from gifapp import children, errors, processes
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits

_DECODER = "gifapp.conversion.images.decoder"


class ImageDecoderProcess:
    """A stream of decoded pictures.

    Attributes:
        pipe: its output, to be ffmpeg's stdin.
    """

    def __init__(self, process: subprocess.Popen[Any], limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self.pipe: IO[bytes] = process.stdout  # type: ignore[assignment]

    def check(self) -> None:
        """Raise the decoder's error, if any: ffmpeg would replace missing pictures by repeating the last one.

        Raises:
            errors.SourceRefused: a picture cannot be decoded, or not within the limits.
        """
        stderr: IO[bytes] = self._process.stderr  # type: ignore[assignment]
        if not select.select([stderr], [], [], 0)[0]:
            return
        words, status = stderr.read(), self._process.wait()
        if status in (0, -signal.SIGPIPE):
            return
        if status == -signal.SIGXCPU:
            raise errors.ConversionTooSlow(limit_s=self._limits.deadline_s)
        raise _refusal(words)

    def close(self) -> None:
        processes.stop(self._process, grace_s=0, sig=signal.SIGKILL)
        self.pipe.close()
        self._process.stderr.close()  # type: ignore[union-attr]


def _refusal(words: bytes) -> errors.GifappError:
    try:
        refusal = json.loads(words)
    except ValueError:  # a traceback: it ran out of memory
        return errors.ConversionTooBig()
    return errors.GifappError.from_code(refusal["refused"], refusal["facts"])


@contextmanager
def open_image_stream(
    path: Path, video: Video, numbers: Sequence[int], limits: Limits
) -> Iterator[ImageDecoderProcess | None]:
    """Stream the pictures with these ascending numbers; without any, ffmpeg opens the file itself."""
    if not numbers:
        yield None
        return
    feed = ImageDecoderProcess(_started(path, video, numbers, limits), limits)
    try:
        yield feed
    finally:
        feed.close()


def _started(path: Path, video: Video, numbers: Sequence[int], limits: Limits) -> subprocess.Popen[Any]:
    size = (str(video.stored_width_px), str(video.stored_height_px))
    pix_fmt = "rgba" if video.has_alpha else "rgb24"
    bounds = processes.untrusted_file_limits(
        memory_bytes=limits.memory_bytes, cpu_s=math.ceil(limits.deadline_s)
    )
    return processes.spawn(
        children.command(_DECODER, str(path.resolve()), *size, pix_fmt, ",".join(map(str, numbers))),
        limits=bounds,
        readable=[path],
        env=processes.environment_without_secrets(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
