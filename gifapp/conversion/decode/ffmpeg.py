"""Decodes a plan's frames, upright and at their timestamps, with one sandboxed ffmpeg per range."""

from __future__ import annotations

import math
import os
import resource
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import groupby, islice
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gifapp import errors, processes
from gifapp.conversion.decode import look, stabilising
from gifapp.conversion.decode.blend import mixed
from gifapp.conversion.decode.chroma_key import tables
from gifapp.conversion.decode.filters import filter_chain, measuring_chain
from gifapp.conversion.decode.tone_mapping import tone_table
from gifapp.conversion.images.decoder_process import ImageDecoderProcess, open_image_stream
from gifapp.conversion.plan import Cut, Plan
from gifapp.conversion.probing.container_formats import FORMATS
from gifapp.conversion.seeking import seek_to_s
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.ffmpeg_program import ffmpeg_program
from gifapp.os_errors import translating_os_errors

Pixels = NDArray[np.uint8]

CHECKPOINT_S = 0.2
THREADS = min(4, os.cpu_count() or 1)  # each thread buffers its own pictures
MEMORY_BYTES = 2 * 1024**3  # of address space: 8K in 10 bits with six reference pictures takes 1.7 GB
PIPE_BYTES = 1024**2
STDERR_BYTES = 4096
LARGE_PICTURE_PX = 4096 * 2304
OUT_OF_MEMORY = (b"Cannot allocate memory", b"get_buffer() failed", b"pthread_create() failed")
# others, such as missing references, occur in intact files too: after a seek, or where a recording begins
DAMAGE = (b"Error submitting packet to decoder", b"Decoding error", b"error while decoding MB")
_LONGEST_WORDS = max(map(len, OUT_OF_MEMORY + DAMAGE))


def _ignore() -> None: ...


def frames(
    path: Path,
    video: Video,
    plan: Plan,
    *,
    limits: Limits,
    checkpoint: Callable[[], None],
    on_damage: Callable[[], None] = _ignore,
) -> Generator[Pixels]:
    """The plan's frames in order, uint8 of `plan.shape`; neighbours may be the same array.

    Exhaust or `close()` the generator: ffmpeg runs until then. `checkpoint` is called at least every
    `CHECKPOINT_S` while waiting for ffmpeg; if it raises, reading ends. `on_damage` is called when a part of
    the video cannot be decoded: pictures are then missing, or show what the decoder could guess.

    Raises:
        errors.SourceDamaged: a range of the plan yielded no picture.
        errors.ConversionTooBig, errors.ConversionTooSlow: ffmpeg exceeded the limits.
        errors.ConversionCrashed: ffmpeg failed in another way.
    """
    with ExitStack() as open_parts:
        plan = replace(
            plan,
            key_tables=open_parts.enter_context(tables(plan.recipe.chroma_key)),
            tone_table=open_parts.enter_context(tone_table(video.colours)),
        )
        parts = [
            open_parts.enter_context(
                closing(
                    _part(path, video, plan, cut, limits=limits, checkpoint=checkpoint, on_damage=on_damage)
                )
            )
            for cut in plan.cuts
        ]
        yield from _joined(parts, plan.cuts)


def denoised(
    pixels: Pixels, amount: float, *, limits: Limits, checkpoint: Callable[[], None]
) -> NDArray[np.uint8]:
    """Frames, uint8 (n, height, width, 3 or 4), denoised as by `Look.denoise`.

    Raises:
        errors.GifappError: see `frames`.
    """
    frames, height, width, channels = pixels.shape
    kind = "rgba" if channels == 4 else "rgb24"
    command = [
        ffmpeg_program(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-protocol_whitelist", "pipe"),
        *("-f", "rawvideo", "-pixel_format", kind, "-video_size", f"{width}x{height}", "-i", "pipe:0"),
        *("-vf", ",".join(look.denoised(amount, has_alpha=channels == 4))),
        *("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", kind, "pipe:1"),
    ]
    result = np.empty_like(pixels)
    with tempfile.TemporaryFile(prefix="gifapp-") as stored:
        stored.write(pixels.tobytes())
        stored.seek(0)
        with closing(_Ffmpeg(command, stored, [], limits, checkpoint)) as ffmpeg:
            if not ffmpeg.fill(result):
                raise _failure(ffmpeg.ending(), frames, limits)
    return result


def _joined(parts: list[Generator[Pixels]], cuts: Sequence[Cut]) -> Iterator[Pixels]:
    """The parts in order; where they overlap, two are read at once and mixed."""
    overlaps = [*(cut.overlap for cut in cuts[1:]), 0]
    for part, after, cut, overlap in zip(parts, [*parts[1:], parts[-1]], cuts, overlaps, strict=True):
        yield from islice(part, cut.frames - cut.overlap - overlap)
        for number in range(1, overlap + 1):
            yield mixed(next(part), next(after), number / (overlap + 1))
        part.close()


def _part(
    path: Path,
    video: Video,
    plan: Plan,
    cut: Cut,
    *,
    limits: Limits,
    checkpoint: Callable[[], None],
    on_damage: Callable[[], None],
) -> Generator[Pixels]:
    """The frames of one cut; ffmpeg starts when the first is read."""
    numbers = [number for number, _ in groupby(cut.pictures)]
    with (
        _motion(path, video, plan, cut, limits=limits, checkpoint=checkpoint) as motion,
        open_image_stream(path, video, numbers, limits) as feed,
    ):
        plan = replace(plan, motion=motion)
        filters = filter_chain(video, plan, cut)
        command = _command(path, video, plan, cut, limits, filters=filters)
        stdin = feed.pipe if feed else subprocess.DEVNULL
        running = _Ffmpeg(command, stdin, [path, *plan.files], limits, checkpoint, on_damage=on_damage)
        with closing(running) as ffmpeg:
            read = _read(ffmpeg, feed, plan, len(numbers) or cut.frames, limits)
            yield from _repeated(read, cut.pictures) if feed else read


@contextmanager
def _motion(
    path: Path, video: Video, plan: Plan, cut: Cut, *, limits: Limits, checkpoint: Callable[[], None]
) -> Iterator[Path | None]:
    """A temporary file with the camera's motion in a cut; None if the cut is not stabilised."""
    if not stabilising.is_wanted(video, plan):
        yield None
        return
    command = _command(path, video, plan, cut, limits, filters=measuring_chain(video, plan, cut), to="null")
    numbers = [number for number, _ in groupby(cut.pictures)]
    with tempfile.NamedTemporaryFile(prefix="gifapp-") as motion:
        with open_image_stream(path, video, numbers, limits) as feed:
            stdin = feed.pipe if feed else subprocess.DEVNULL
            running = _Ffmpeg(command, stdin, [path, *plan.files], limits, checkpoint)
            with closing(running) as ffmpeg, translating_os_errors():
                written_bytes = ffmpeg.copy_to(motion, stabilising.MAX_MOTION_BYTES)
                if feed:
                    feed.check()
                if not written_bytes:
                    raise _failure(ffmpeg.ending(), 0, limits)
                motion.flush()
        yield Path(motion.name)


def _repeated(pictures: Iterator[Pixels], numbers: Sequence[int]) -> Iterator[Pixels]:
    """Repeat each picture as often as its number occurs in succession."""
    for picture, (_, same) in zip(pictures, groupby(numbers), strict=True):
        yield from (picture for _ in same)


def _command(
    path: Path, video: Video, plan: Plan, cut: Cut, limits: Limits, *, filters: str, to: str = "rawvideo"
) -> list[str]:
    threads = 1 if video.stored_width_px * video.stored_height_px > LARGE_PICTURE_PX else THREADS
    return [
        ffmpeg_program(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-max_error_rate", "1"),
        *("-filter_threads", "2", "-noautorotate", "-reinit_filter", "0", "-copyts"),
        *_seek(video, cut),
        *(("-skip_frame", "nokey") if plan.key_frames_only else ()),
        *("-max_pixels", str(limits.max_pixels), "-threads", str(threads)),
        *(("-c:v", video.decoder) if video.decoder else ()),
        # browsers ignore cropping by the container, and the probe does not report it
        *("-apply_cropping", "codec"),
        *_input(path, video),
        *("-map", f"0:{video.stream}", "-an", "-sn", "-dn"),
        *("-vf", filters, *_frames(cut), "-fps_mode", "passthrough"),
        *("-f", to, "-pix_fmt", "rgba" if plan.has_alpha else "rgb24", "pipe:1"),
    ]


def _frames(cut: Cut) -> list[str]:
    """Limit the number of frames; for pictures, the decoder process sends the right number."""
    return [] if cut.pictures else ["-frames:v", str(cut.frames)]


def _input(path: Path, video: Video) -> list[str]:
    """Let ffmpeg open only the file, or the stream of decoded pictures on stdin."""
    if video.is_pictures:
        size = f"{video.stored_width_px}x{video.stored_height_px}"
        pixels = ["-pixel_format", "rgba" if video.has_alpha else "rgb24", "-video_size", size]
        return ["-protocol_whitelist", "pipe", "-f", "rawvideo", *pixels, "-i", "pipe:0"]
    whitelists = ["-protocol_whitelist", "file", "-format_whitelist", ",".join(FORMATS)]
    return [*whitelists, "-i", f"file:{path.resolve()}"]


def _seek(video: Video, cut: Cut) -> list[str]:
    """Seek to well before the cut; the filters use absolute timestamps, so an inexact seek does no harm."""
    to_s = seek_to_s(video, cut.start_s)
    if to_s is None:
        return []
    return ["-noaccurate_seek", "-seek_timestamp", "1", "-ss", f"{video.start_s + to_s:.3f}"]


@dataclass(frozen=True)
class _Ending:
    """The exit status of ffmpeg, and whether its memory or its CPU time was used up."""

    status: int
    is_out_of_memory: bool
    is_out_of_time: bool


class _Ffmpeg:
    """A running ffmpeg; both pipes are read together, since 64 KB of unread errors would block it."""

    def __init__(
        self,
        argv: list[str],
        stdin: IO[bytes] | int,
        readable: Sequence[Path],
        limits: Limits,
        checkpoint: Callable[[], None],
        *,
        on_damage: Callable[[], None] = _ignore,
    ) -> None:
        self._cpu_s = _cpu_s(limits)
        bounds = processes.untrusted_file_limits(
            memory_bytes=min(limits.memory_bytes, MEMORY_BYTES), cpu_s=self._cpu_s
        )
        self._process = processes.spawn(
            argv,
            limits=bounds,
            readable=readable,
            env=processes.environment_without_secrets(),
            bufsize=0,
            pipesize=PIPE_BYTES,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        pipes: tuple[Any, Any] = (self._process.stdout, self._process.stderr)
        self._out, self._err = pipes
        self._poll = select.poll()
        for pipe in pipes:
            self._poll.register(pipe.fileno(), select.POLLIN)
        self._checkpoint = checkpoint
        self._on_damage = on_damage
        self._last_error = b""
        self._is_out_of_memory = False

    def fill(self, pixels: Pixels) -> bool:
        """Read one whole frame; False at the end of the stream."""
        rest = pixels.data.cast("B")
        while rest:
            if self._out.fileno() in self._ready():
                count = self._out.readinto(rest)
                if count == 0:
                    return False
                rest = rest[count:]
        return True

    def copy_to(self, file: IO[bytes], max_bytes: int) -> int:
        """Write all output to `file`, and return the number of bytes.

        Raises:
            errors.ConversionTooBig: there is more than `max_bytes`, or ffmpeg ran out of memory.
        """
        count = 0
        while count <= max_bytes:
            if self._out.fileno() in self._ready():
                block = self._out.read(PIPE_BYTES)
                if not block:
                    return count
                count += file.write(block)
                self._checkpoint()
        raise errors.ConversionTooBig

    def _ready(self) -> list[int]:
        """The pipes that can be read, after a wait of up to `CHECKPOINT_S`."""
        ready = [pipe for pipe, _ in self._poll.poll(CHECKPOINT_S * 1000)]
        if not ready:
            self._checkpoint()
        if self._err.fileno() in ready and not self._read_stderr():
            self._poll.unregister(self._err.fileno())
        if self._is_out_of_memory:  # ffmpeg continues without those pictures: the rest would stand still
            raise errors.ConversionTooBig
        return ready

    def _read_stderr(self) -> bytes:
        """The next errors; none at the end of the stream."""
        data: bytes = self._err.read(STDERR_BYTES)
        text = self._last_error + data
        self._is_out_of_memory |= any(words in text for words in OUT_OF_MEMORY)
        if any(words in text for words in DAMAGE):
            self._on_damage()
        self._last_error = text[-_LONGEST_WORDS:]  # a read may end within the words
        return data

    def ending(self) -> _Ending:
        """Wait for ffmpeg to end."""
        while self._read_stderr():
            pass
        _, status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        cpu_s = used.ru_utime + used.ru_stime
        return _Ending(
            self._process.returncode,
            is_out_of_memory=self._is_out_of_memory,
            is_out_of_time=cpu_s > self._cpu_s - 1.1,
        )

    def close(self) -> None:
        processes.stop(self._process, grace_s=0, sig=signal.SIGKILL)
        self._out.close()
        self._err.close()


def _cpu_s(limits: Limits) -> int:
    """The CPU time that ffmpeg may use: its own limit, or this process's if that is lower."""
    bound_s = math.ceil(limits.deadline_s * THREADS)
    _, ours_s = resource.getrlimit(resource.RLIMIT_CPU)
    return bound_s if ours_s == resource.RLIM_INFINITY else min(bound_s, ours_s)


def _read(
    ffmpeg: _Ffmpeg, feed: ImageDecoderProcess | None, plan: Plan, frames: int, limits: Limits
) -> Iterator[Pixels]:
    for number in range(frames):
        pixels = np.empty(plan.shape, np.uint8)
        is_filled = ffmpeg.fill(pixels)
        if feed:
            feed.check()
        if not is_filled:
            raise _failure(ffmpeg.ending(), number, limits)
        yield pixels


def _failure(ending: _Ending, frames_read: int, limits: Limits) -> errors.GifappError:
    # the status is ambiguous: at the soft limit ffmpeg exits by itself, and SIGKILL has other causes too
    if ending.is_out_of_time:
        return errors.ConversionTooSlow(limit_s=limits.deadline_s)
    if ending.is_out_of_memory:
        return errors.ConversionTooBig()
    if frames_read == 0 and ending.status >= 0:
        return errors.SourceDamaged()
    return errors.ConversionCrashed(reason=f"ffmpeg ended with status {ending.status}")
