"""Extracts a video's own text tracks with ffmpeg, in a limited child process."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gifapp import children, errors, processes
from gifapp.conversion.probing.container_formats import FORMATS
from gifapp.conversion.text.cues import refused
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe, track_number
from gifapp.domain.wording import size
from gifapp.ffmpeg_program import ffmpeg_program

_LISTING = "gifapp.conversion.text.track_listing"
CHECKPOINT_S = 0.1
LISTING_S = 20.0
MEMORY_BYTES = 1024**3
MAX_BYTES = 1_000_000  # of text; a long film has a tenth of this
SHOWN = 40  # characters of a title

# ffmpeg's encoder and format for each text codec; "copy" loses nothing
TEXTS = {
    "subrip": ("copy", "srt"),
    "webvtt": ("copy", "webvtt"),
    "ass": ("copy", "ass"),
    "ssa": ("copy", "ass"),
    "mov_text": ("srt", "srt"),
    "text": ("srt", "srt"),
}
PICTURES = {
    "hdmv_pgs_subtitle": "PGS",
    "dvd_subtitle": "VobSub",
    "dvb_subtitle": "DVB subtitles",
    "xsub": "XSUB",
}


class _Track(NamedTuple):
    codec: str
    language: str
    title: str

    def __str__(self) -> str:
        kind = PICTURES.get(self.codec, self.codec)
        return ", ".join(filter(None, (kind, self.language, repr(self.title[:SHOWN]) if self.title else "")))


def with_text_track(recipe: Recipe, path: Path, *, limits: Limits, checkpoint: Callable[[], None]) -> Recipe:
    """If the recipe's subtitles name a text track of the video, replace them by the track's text.

    `checkpoint` is called at least every `CHECKPOINT_S`; if it raises, the child processes are stopped.

    Raises:
        errors.RecipeInvalid: the track does not exist, or has pictures instead of text.
        errors.ConversionTooSlow: the file is too long to read the whole track in time.
    """
    number = track_number(recipe.subtitles or "")
    if number is None:
        return recipe
    track = _chosen(_tracks(path, checkpoint), number)
    return recipe.model_copy(update={"subtitles": _text(path, track, number, limits, checkpoint)})


def _tracks(path: Path, checkpoint: Callable[[], None]) -> list[_Track]:
    listed = _output(children.command(_LISTING, str(path.resolve())), path, LISTING_S, checkpoint)
    return [_Track(*track) for track in json.loads(listed or b"[]")]


def _chosen(tracks: Sequence[_Track], number: int) -> _Track:
    if not tracks:
        raise refused(f"track:{number}: the video has no subtitle tracks")
    if number > len(tracks):
        listing = "; ".join(f"track:{at} ({track})" for at, track in enumerate(tracks, 1))
        raise refused(f"track:{number}: the video has only {listing}")
    track = tracks[number - 1]
    if track.codec not in TEXTS:
        kind = "pictures, not words" if track.codec in PICTURES else "no text that can be read"
        raise refused(f"track:{number} ({track}) has {kind}; use a subtitle file instead")
    return track


def _text(path: Path, track: _Track, number: int, limits: Limits, checkpoint: Callable[[], None]) -> str:
    encoder, form = TEXTS[track.codec]
    argv = [
        ffmpeg_program(),
        *("-nostdin", "-hide_banner", "-nostats", "-loglevel", "error"),
        *(
            "-protocol_whitelist",
            "file",
            "-format_whitelist",
            ",".join(FORMATS),
            "-i",
            f"file:{path.resolve()}",
        ),
        *("-map", f"0:s:{number - 1}", "-c:s", encoder, "-fs", str(2 * MAX_BYTES), "-f", form, "pipe:1"),
    ]
    data = _output(argv, path, limits.deadline_s, checkpoint)
    if len(data) > MAX_BYTES:
        raise refused(f"track:{number} has more than {size(MAX_BYTES)} of text")
    if not data.strip():
        raise refused(f"track:{number} ({track}) has no words that can be read")
    return data.decode(errors="replace")


def _output(argv: list[str], path: Path, deadline_s: float, checkpoint: Callable[[], None]) -> bytes:
    """The child's stdout; empty if it fails."""
    bounds = processes.untrusted_file_limits(memory_bytes=MEMORY_BYTES, cpu_s=math.ceil(deadline_s))
    child = processes.spawn(
        argv,
        limits=bounds,
        readable=[path],
        env=processes.environment_without_secrets(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + deadline_s
    try:
        while time.monotonic() < end:
            checkpoint()
            with contextlib.suppress(subprocess.TimeoutExpired):
                data: bytes = child.communicate(timeout=CHECKPOINT_S)[0]
                return data if child.returncode == 0 else b""
        raise errors.ConversionTooSlow(limit_s=deadline_s)
    finally:
        processes.stop(child, grace_s=0)
        child.stdout.close()  # type: ignore[union-attr]
