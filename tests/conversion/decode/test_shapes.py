"""A white square on black stays a square, however the file stores its pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Crop, Recipe
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", 2)


def square(
    path: Path, size: str, to: tuple[object, ...] = X264, *, aspect: int = 1, start_s: float = 0
) -> Path:
    """Half a second of a square a third of the height high, with pixels `aspect` times as wide as high."""
    box = f"drawbox=x=iw/3:y=ih/3:w=ih/3/{aspect}:h=ih/3:c=white:t=fill,setsar={aspect}"
    picture = ("-f", "lavfi", "-i", f"color=black:s={size}:r=10:d=0.5", "-vf", box)
    run_ffmpeg(*picture, *to, "-output_ts_offset", start_s, path)
    return path


def joined(path: Path, *parts: Path) -> Path:
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    return path


def shown(path: Path, **recipe: Any) -> np.ndarray:
    """The frames as grey, (n, height, width)."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(fps=10, **recipe), LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return np.stack(list(frames))[..., 1]


def assert_square(picture: np.ndarray) -> None:
    rows, columns = np.nonzero(picture > 128)
    assert abs(int(np.ptp(rows)) - int(np.ptp(columns))) <= 4


SIZES = [
    ("320x240", "240x320", 1),
    ("240x320", "320x240", 1),
    ("320x240", "640x480", 1),
    ("320x180", "96x96", 1),
    ("160x240", "160x180", 2),
]


@pytest.mark.parametrize(
    ("codec", "first", "second", "aspect"),
    [
        *((codec, *sizes) for codec in (X264, MPEG2) for sizes in SIZES),
        (X264, "160x240", "240x160", 2),  # 3:1, which MPEG-2 cannot store
    ],
)
def test_pictures_of_another_size_are_letterboxed(
    tmp_path: Path, codec: tuple[object, ...], first: str, second: str, aspect: int
) -> None:
    parts = (
        square(tmp_path / "1.ts", first, codec, aspect=aspect),
        square(tmp_path / "2.ts", second, codec, aspect=aspect, start_s=0.5),
    )
    frames = shown(joined(tmp_path / "both.ts", *parts))
    assert len(frames) >= 9
    for picture in frames[[0, 3, -1]]:
        assert_square(picture)


def test_deinterlacing_survives_a_change_of_size(tmp_path: Path) -> None:
    parts = square(tmp_path / "1.ts", "320x240"), square(tmp_path / "2.ts", "240x320", start_s=0.5)
    frames = shown(joined(tmp_path / "both.ts", *parts), deinterlace="always")
    assert_square(frames[0])
    assert_square(frames[-1])


def test_crop_refers_to_the_first_size(tmp_path: Path) -> None:
    parts = square(tmp_path / "1.ts", "320x240"), square(tmp_path / "2.ts", "240x320", start_s=0.5)
    frames = shown(joined(tmp_path / "both.ts", *parts), crop=Crop(x_px=70, width_px=180, height_px=240))
    assert_square(frames[-1])


@pytest.mark.parametrize("name", ["cropped.mkv", "cropped.mp4", "cropped.mov"])
def test_container_crop_is_applied_as_in_browsers(tmp_path: Path, name: str) -> None:
    """Matroska's PixelCrop; in MP4 and MOV ffmpeg writes it as `clap`."""
    whole = square(tmp_path / "whole.mkv", "320x240", aspect=2).read_bytes()
    display = bytes.fromhex("54b08108 54ba8103 54b28103")  # width 8, height 3, counting the pixel aspect
    cropping = bytes.fromhex("54bb8128 54aa8128 54b28100")  # 40 px at the top and the bottom
    assert display in whole
    (tmp_path / "cropped.mkv").write_bytes(whole.replace(display, cropping))
    if name != "cropped.mkv":
        run_ffmpeg("-i", tmp_path / "cropped.mkv", "-c", "copy", tmp_path / name)
        assert b"clap" in (tmp_path / name).read_bytes()
    frames = shown(tmp_path / name)
    rows, columns = np.nonzero(frames[0] > 128)
    assert frames.shape[1:] == (240, 320)
    assert (int(np.ptp(rows)) // 4, int(np.ptp(columns)) // 4) == (79 // 4, 39 // 4)
