"""gifapp's encoder and gifski on the same frames, without decoding and other overhead."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from benchmarks import clips, gifski, quality
from benchmarks.clips import Clip, Frames
from benchmarks.measure import run
from benchmarks.quality import Quality
from benchmarks.videos import cache_folder
from gifapp.conversion.frame import Frame
from gifapp.conversion.gif import encoder
from gifapp.conversion.gif.encoder import Style
from gifapp.domain.timing import delays_cs

MAX_LOSSY = 200


class Made(NamedTuple):
    """A GIF, its quality, its CPU time per frame, and its `lossy` if gifapp made it."""

    gif: bytes
    quality: Quality
    cpu_ms: float
    lossy: int = 0


def by_gifapp(frames: Frames, fps: float, style: Style) -> Made:
    gif, cpu_ms = encoded(frames, fps, style)
    return Made(gif, _quality(gif, frames), cpu_ms, style.lossy)


def fitted(frames: Frames, fps: float, style: Style, max_bytes: float) -> Made:
    """The best-looking GIF of at most `max_bytes` that `lossy` can reach, or else the smallest."""

    def fits(lossy: int) -> bool:
        return len(encoded(frames, fps, replace(style, lossy=lossy))[0]) <= max_bytes

    return by_gifapp(frames, fps, replace(style, lossy=smallest_where(fits, MAX_LOSSY)))


def smallest(frames: Frames, fps: float, style: Style, ssim: float) -> int:
    """The size of the smallest GIF with at least this SSIM over all `lossy`, else of the best one."""
    sizes = {}

    def falls_short(lossy: int) -> bool:
        gif, _ = encoded(frames, fps, replace(style, lossy=lossy))
        sizes[lossy] = len(gif)
        return quality.ssim(quality.frames_of(BytesIO(gif), len(frames)), frames) < ssim

    first_too_lossy = smallest_where(falls_short, MAX_LOSSY + 1)
    return sizes[max(0, first_too_lossy - 1)]


def by_gifski(frames: Frames, clip: Clip, program: Path) -> Made:
    """Convert with gifski, or take the cached GIF for the same frames."""
    key = hashlib.sha256(frames.tobytes() + f"{gifski.VERSION} {clip.fps}".encode()).hexdigest()[:16]
    gif = cache_folder() / f"gifski-{key}.gif"
    quality_file = gif.with_suffix(".json")
    if not quality_file.exists():
        cpu_ms = _run_gifski(frames, clip, program, gif)
        quality_file.write_text(json.dumps([_quality(gif.read_bytes(), frames), cpu_ms]))
    values, cpu_ms = json.loads(quality_file.read_text())
    return Made(gif.read_bytes(), Quality(*values), cpu_ms)


def smallest_where(holds: Callable[[int], bool], limit: int) -> int:
    """The smallest number from 0 to `limit` for which the monotonic `holds` is true; else `limit`."""
    low, high = 0, limit
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _run_gifski(frames: Frames, clip: Clip, program: Path, gif: Path) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        pictures = clips.write_pictures(frames, Path(scratch) / "pictures")
        cost = run(gifski.command(program, pictures, clip.fps, frames.shape[2], gif))
    return 1000 * cost.cpu_s / len(frames)


def _quality(gif: bytes, frames: Frames) -> Quality:
    return quality.compare(quality.frames_of(BytesIO(gif), len(frames)), frames)


def encoded(frames: Frames, fps: float, style: Style) -> tuple[bytes, float]:
    """The GIF, and the CPU milliseconds per frame, over all threads."""
    height_px, width_px = frames.shape[1:3]
    shown = map(Frame, frames, delays_cs(len(frames) / fps, fps))
    out = BytesIO()
    begin_s = time.process_time()
    encoder.encode(shown, out, width_px=width_px, height_px=height_px, loop=0, style=style)
    return out.getvalue(), 1000 * (time.process_time() - begin_s) / len(frames)
