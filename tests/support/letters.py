"""Clips written as letters, and GIFs read back as letters.

A letter is a pixel and a frame is its rows: `[["RR", "GG"], ["BB", "WW"]]` is two frames of 2 x 2.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

COLOURS = {
    "K": (0, 0, 0, 255),
    "W": (255, 255, 255, 255),
    "R": (255, 0, 0, 255),
    "G": (0, 255, 0, 255),
    "B": (0, 0, 255, 255),
    "Y": (255, 255, 0, 255),
    "C": (0, 255, 255, 255),
    "M": (255, 0, 255, 255),
    ".": (0, 0, 0, 0),
}
Rows = Sequence[str]


def pixels(frames: Sequence[Rows]) -> np.ndarray:
    """The pixels of a frame, uint8 (n, height, width, 4)."""
    return np.array([[[COLOURS[letter] for letter in row] for row in rows] for rows in frames], np.uint8)


def write_clip(path: Path, frames: Sequence[Rows], *, fps: float = 10, before: Sequence[str] = ()) -> Path:
    """Store the letters losslessly in the container that the name implies; `before` are encoder options."""
    rows = tuple(tuple(frame) for frame in frames)
    path.write_bytes(_clip(path.suffix, rows, fps, tuple(before)))
    return path


@cache
def _clip(suffix: str, frames: tuple[Rows, ...], fps: float, before: tuple[str, ...]) -> bytes:
    picture = pixels(frames)
    has_alpha = bool((picture[..., 3] == 0).any())
    codec = ["-c:v", "ffv1", "-pix_fmt", "bgra" if has_alpha else "bgr0"]
    if suffix in (".mp4", ".mov"):
        codec = ["-c:v", "png", "-pix_fmt", "rgba" if has_alpha else "rgb24"]
    size = f"{picture.shape[2]}x{picture.shape[1]}"
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, f"clip{suffix}")
        run_ffmpeg("-f", "rawvideo", "-s", size, "-pix_fmt", "rgba", "-r", fps, "-i", "pipe:0",
               *codec, *before, path,
               stdin=picture.tobytes())  # fmt: skip
        return path.read_bytes()


def run_ffmpeg(*words: object, stdin: bytes = b"") -> None:
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", *map(str, words)]
    subprocess.run(argv, input=stdin, check=True)


def read_gif(path: Path) -> list[tuple[list[str], int]]:
    """Each frame's rows as shown, and its delay in centiseconds."""
    with Image.open(path) as gif:
        return [_shown(gif, number) for number in range(getattr(gif, "n_frames", 1))]


def _shown(gif: Image.Image, number: int) -> tuple[list[str], int]:
    gif.seek(number)
    picture = np.asarray(gif.convert("RGBA")).astype(int)
    rows = ["".join(_letter(pixel) for pixel in row) for row in picture]
    return rows, round(gif.info.get("duration", 0) / 10)


def _letter(pixel: np.ndarray) -> str:
    if pixel[3] == 0:
        return "."
    return min(COLOURS.keys() - {"."}, key=lambda letter: int(((pixel - COLOURS[letter])[:3] ** 2).sum()))


def timeline_of(gif: list[tuple[list[str], int]]) -> str:
    """One-colour frames as one line: `R10 G20`."""
    return " ".join(f"{rows[0][0]}{delay_cs}" for rows, delay_cs in gif)
