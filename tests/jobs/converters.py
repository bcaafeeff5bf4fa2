"""Scripted converters for the fork server, each with one kind of failure."""

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from gifapp import errors, processes
from gifapp.domain.job import Progress

Tell = Callable[[Progress], None]
KILLS_THE_WORKER = "kills-the-worker"  # a file in the scratch directory
POISON = (14).to_bytes(4, "big") + b"freepoison"  # MP4 allows this box to be appended


class Report(NamedTuple):
    bytes: int = 6
    width_px: int = 2
    height_px: int = 1
    frames: int = 3
    duration_s: float = 0.5
    notes: tuple[str, ...] = ("To fit 1.0 MB: 8.3 fps (was 12.5).",)


def quick(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    on_progress(Progress(phase="reading", fraction=0.5))
    out.write_bytes(b"GIF89a")
    return Report()


def slow(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    """Works until stopped, with a helper process in its own session, as ffmpeg is."""
    helper = processes.spawn([sys.executable, "-c", "import time; time.sleep(600)"])
    (out.parent / "unfinished").write_bytes(b"x")
    for step in range(6000):
        on_progress(Progress(phase="writing", fraction=min(1, (step + 1) / 100)))
        time.sleep(0.02)
    helper.wait()
    return Report()


def silent(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    time.sleep(600)
    return Report()


def in_half_a_second(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    time.sleep(0.5)
    return quick(path, recipe, out, video=video, limits=limits, on_progress=on_progress)


def refuses(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    raise errors.SourceCodecUnsupported(codec="prores")


def fails_for_a_while(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    raise errors.ServiceUnavailable(service="the weather")


def raises_nonsense(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    raise KeyError("nonsense")


def dies(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    os.kill(os.getpid(), signal.SIGKILL)
    return Report()


def poisoned(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    """If the video is poison, has the test kill the worker: a conversion may not send signals."""
    if POISON in path.read_bytes():
        (out.parent / KILLS_THE_WORKER).touch()
        time.sleep(600)
    return quick(path, recipe, out, video=video, limits=limits, on_progress=on_progress)


def eats_memory(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    bytearray(limits.memory_bytes)
    return Report()


def fills_the_disk(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    subprocess.run(["true"], check=True)
    with out.open("wb") as file:
        file.truncate(2 * max(limits.max_gif_bytes, limits.memory_bytes))
    return Report()


def finds_no_room(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def writes_much(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    out.write_bytes(bytes(1_000_000))
    return Report()


def tells_its_niceness(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    return Report(bytes=os.nice(0))


def looks_around(path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell) -> Report:
    """Fails with what a conversion can see of its surroundings."""
    secrets = [name for name in os.environ if name.startswith("GIFAPP_")]
    raise errors.SourceCodecUnsupported(
        codec=f"{Path.cwd() == out.parent} {secrets} {os.getpgid(0) == os.getpid()} {reaches_out()}"
    )


def reaches_out() -> bool:
    try:
        socket.socket().close()
    except PermissionError:
        return False
    return True


def counts_the_files_beside_the_source_that_it_can_read(
    path: Path, recipe: Any, out: Path, *, video: Any, limits: Any, on_progress: Tell
) -> Report:
    path.read_bytes()
    out.write_bytes(b"GIF89a")
    return Report(bytes=sum(can_read(path.with_name(name)) for name in ("secret", "other.mp4")))


def can_read(path: Path) -> bool:
    try:
        path.read_bytes()
    except PermissionError:
        return False
    return True
