"""gifapp's encoder and gifski on the same frames, without what comes before and after."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from benchmarks import clips, quality
from benchmarks.clips import Clip, Frames
from benchmarks.gifski import GIFSKI, command
from benchmarks.measure import run
from benchmarks.quality import Quality
from gifapp.conversion import encoder
from gifapp.conversion.encoder import Style
from gifapp.conversion.frame import Frame
from gifapp.domain.timing import delays_cs

MOST_LOSSY = 200


class Made(NamedTuple):
    """A GIF: what it weighs, how it looks, and the CPU that each of its frames cost."""

    bytes: int
    quality: Quality
    cpu_ms: float
    style: Style | None = None


def by_gifapp(frames: Frames, fps: float, style: Style) -> Made:
    gif, cpu_ms = _encoded(frames, fps, style)
    return Made(
        len(gif), quality.compare(quality.frames_of(BytesIO(gif), len(frames)), frames), cpu_ms, style
    )


def lightest(frames: Frames, fps: float, style: Style, most_bytes: float) -> Made:
    """The best-looking GIF of at most `most_bytes` that `lossy` can reach, or else the smallest."""
    low, high = 0, MOST_LOSSY
    while low < high:
        lossy = (low + high) // 2
        gif, _ = _encoded(frames, fps, replace(style, lossy=lossy))
        low, high = (low, lossy) if len(gif) <= most_bytes else (lossy + 1, high)
    return by_gifapp(frames, fps, replace(style, lossy=low))


def by_gifski(frames: Frames, clip: Clip, program: Path) -> Made:
    """From the cache when the same frames were there before."""
    known = hashlib.sha256(frames.tobytes() + f"{GIFSKI} {clip.fps}".encode()).hexdigest()[:16]
    path = clips.cache_folder() / f"gifski-{known}.json"
    if not path.exists():
        made = _by_gifski(frames, clip, program)
        path.write_text(json.dumps([made.bytes, made.quality, made.cpu_ms]))
    gif_bytes, seen, cpu_ms = json.loads(path.read_text())
    return Made(gif_bytes, Quality(*seen), cpu_ms)


def _by_gifski(frames: Frames, clip: Clip, program: Path) -> Made:
    with tempfile.TemporaryDirectory() as scratch:
        gif = Path(scratch) / "made.gif"
        pictures = clips.write_pictures(frames, Path(scratch) / "pictures")
        argv = command(program, pictures, clip.fps, frames.shape[2], gif)
        cpu_s = run(argv).cpu_s
        seen = quality.compare(quality.frames_of(gif, len(frames)), frames)
        return Made(gif.stat().st_size, seen, 1000 * cpu_s / len(frames))


def _encoded(frames: Frames, fps: float, style: Style) -> tuple[bytes, float]:
    """The GIF, and the milliseconds of CPU for each frame, of all threads."""
    encoder.warm_up()
    height_px, width_px = frames.shape[1:3]
    shown = map(Frame, frames, delays_cs(len(frames) / fps, fps))
    out = BytesIO()
    begin_s = time.process_time()
    encoder.encode(shown, out, width_px=width_px, height_px=height_px, loop=0, style=style)
    return out.getvalue(), 1000 * (time.process_time() - begin_s) / len(frames)
