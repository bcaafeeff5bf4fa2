"""The compared engines, each as the commands that a user would run."""

# ruff: noqa: ARG001 (all engines have the same signature)

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks import gifski
from benchmarks.clips import Clip
from benchmarks.videos import FFMPEG

Command = list[str]

DECODING = "decoding alone"
GIFAPP = "gifapp convert"
MOVIEPY = "MoviePy write_gif"
FFMPEG_FULL = "ffmpeg full + sierra2_4a"
FFMPEG_DIFF = "ffmpeg diff + bayer 5"
GIFSKI = f"gifski {gifski.VERSION} -Q 90"


class Engine(NamedTuple):
    """A name, and a function from a clip, a scratch folder and an output path to the commands."""

    name: str
    commands: Callable[[Clip, Path, Path], list[Command]]


def engines(gifski_program: Path | None) -> list[Engine]:
    return [
        Engine(DECODING, decoding),
        Engine(GIFAPP, gifapp),
        Engine(MOVIEPY, moviepy),
        Engine(FFMPEG_FULL, ffmpeg_full),
        Engine(FFMPEG_DIFF, ffmpeg_diff),
        *([gifski_at(gifski_program)] if gifski_program else []),
    ]


def decoding(clip: Clip, folder: Path, gif: Path) -> list[Command]:
    return [_ffmpeg("-i", clip.path, "-vf", clip.filters, "-pix_fmt", "rgb24", "-f", "null", "-")]


def gifapp(clip: Clip, folder: Path, gif: Path) -> list[Command]:
    size = ["--width", clip.width_px, "--fps", clip.fps]
    return [_words(sys.executable, "-m", "gifapp", "convert", clip.path, "--output", gif, *size, "--quiet")]


def moviepy(clip: Clip, folder: Path, gif: Path) -> list[Command]:
    script = (
        "import sys; from moviepy import VideoFileClip; path, gif, width, fps = sys.argv[1:];"
        "clip = VideoFileClip(path, audio=False, target_resolution=(int(width), None));"
        "clip.write_gif(gif, fps=float(fps), logger=None)"
    )
    return [_words(sys.executable, "-c", script, clip.path, gif, clip.width_px, clip.fps)]


def ffmpeg_full(clip: Clip, folder: Path, gif: Path) -> list[Command]:
    return _two_passes(clip, folder, gif, "full", "dither=sierra2_4a")


def ffmpeg_diff(clip: Clip, folder: Path, gif: Path) -> list[Command]:
    return _two_passes(clip, folder, gif, "diff", "dither=bayer:bayer_scale=5:diff_mode=rectangle")


def gifski_at(program: Path) -> Engine:
    """Gifski -Q 90, which reads PNG files; writing those is not counted."""

    def commands(clip: Clip, folder: Path, gif: Path) -> list[Command]:
        pictures = sorted((folder / "pictures").iterdir())
        return [gifski.command(program, pictures, clip.fps, clip.width_px, gif)]

    return Engine(GIFSKI, commands)


def _two_passes(clip: Clip, folder: Path, gif: Path, stats: str, use: str) -> list[Command]:
    table = folder / f"{stats}.png"
    graph = f"{clip.filters}[frames];[frames][1:v]paletteuse={use}"
    return [
        _ffmpeg("-i", clip.path, "-vf", f"{clip.filters},palettegen=stats_mode={stats}", "-update", 1, table),
        _ffmpeg("-i", clip.path, "-i", table, "-lavfi", graph, gif),
    ]


def _ffmpeg(*words: object) -> Command:
    return _words(FFMPEG, "-y", "-nostdin", "-v", "error", *words)


def _words(*words: object) -> Command:
    return [str(word) for word in words]
