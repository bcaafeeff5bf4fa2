"""The benchmark clips: four kinds, three sizes, 10 to 25 frames a second."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks import videos
from benchmarks.videos import ffmpeg, made

Frames = NDArray[np.uint8]
"""uint8 (n, height, width, 3) RGB."""

Kind = Literal["film", "animation", "screen", "noise", "other"]
KINDS = get_args(Kind)[:4]


@dataclass(frozen=True)
class Clip:
    """A video file, and the width and frame rate of the GIF that every engine makes."""

    kind: Kind
    path: Path
    width_px: int
    fps: float
    seconds: float | None = None

    @property
    def name(self) -> str:
        return f"{self.path.stem} {self.width_px} px {self.fps:g} fps"

    @property
    def filters(self) -> str:
        """The ffmpeg filters that produce the GIF's frames."""
        scaler = "flags=bicubic+accurate_rnd+full_chroma_int"
        return f"fps={self.fps},scale='min({self.width_px},iw)':-2:{scaler}"


def for_looks() -> list[Clip]:
    """Three clips of each kind, two to six seconds long."""
    return [
        Clip("film", made(videos.bunny), 480, 12.5),
        Clip("film", made(videos.bikes), 640, 25, 2.4),
        Clip("film", made(videos.bikes), 320, 10, 6),
        Clip("animation", made(videos.cartoon), 480, 15),
        Clip("animation", made(videos.cartoon), 640, 10),
        Clip("animation", made(videos.cartoon), 320, 25),
        Clip("screen", made(videos.scrolling), 640, 12.5),
        Clip("screen", made(videos.typing), 640, 10),
        Clip("screen", made(videos.typing), 480, 25, 4),
        Clip("noise", made(videos.night), 480, 12.5, 4),
        Clip("noise", made(videos.night), 320, 25, 2.4),
        Clip("noise", made(videos.dusk), 640, 10, 4),
    ]


def for_costs() -> list[Clip]:
    """One clip of each kind; whole files, because engines read the file themselves."""
    return [
        Clip("film", made(videos.bunny), 480, 12.5),
        Clip("animation", made(videos.cartoon), 480, 15),
        Clip("screen", made(videos.typing), 640, 10),
        Clip("noise", made(videos.dusk), 320, 25),
    ]


def of_ten_seconds() -> list[Clip]:
    longer = (videos.bikes, videos.bunny_20_s, videos.bunny_1080p_10_s)
    return [Clip("film", made(video), 480, 12.5) for video in longer]


def of_folder(folder: Path, width_px: int, fps: float) -> list[Clip]:
    """The first five seconds of each video in `folder`."""
    return [Clip("other", path, width_px, fps, 5) for path in sorted(folder.iterdir()) if path.is_file()]


def reference(clip: Clip) -> Frames:
    """The frames that a perfect GIF would show."""
    limit = [] if clip.seconds is None else ["-t", clip.seconds]
    wanted = ["-map", "0:V:0", "-vf", clip.filters, "-f", "image2pipe", "-c:v", "ppm", "-"]
    raw = ffmpeg(*limit, "-i", clip.path, *wanted)
    _, size, _, _ = raw.split(b"\n", 3)
    width_px, height_px = map(int, size.split())
    head_bytes, picture_bytes = len(f"P6\n{width_px} {height_px}\n255\n"), width_px * height_px * 3
    pictures = np.frombuffer(raw, np.uint8).reshape(-1, head_bytes + picture_bytes)[:, head_bytes:]
    return pictures.reshape(-1, height_px, width_px, 3)


def write_pictures(frames: Frames, folder: Path) -> list[Path]:
    """Write the frames as PNG files, for gifski."""
    folder.mkdir()
    paths = [folder / f"{number:05}.png" for number in range(len(frames))]
    for frame, path in zip(frames, paths, strict=True):
        Image.fromarray(frame).save(path, compress_level=1)
    return paths
