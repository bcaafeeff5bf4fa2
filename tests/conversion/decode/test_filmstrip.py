"""Filmstrips: small pictures of a whole video side by side."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.decode import filmstrip as module
from gifapp.conversion.decode.filmstrip import filmstrip
from gifapp.conversion.probing.probe import probe
from gifapp.domain.filmstrip import MAX_BYTES, TILES, time_of
from gifapp.domain.limits import Limits
from tests.support.clips import pattern
from tests.support.letters import run_ffmpeg

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def strip_of(path: Path) -> Image.Image:
    jpeg = filmstrip(path, probe(path, limits=Limits()), limits=Limits())
    assert len(jpeg) <= MAX_BYTES
    return Image.open(BytesIO(jpeg))


def brightness(path: Path) -> list[float]:
    """The mean brightness of each tile."""
    strip: NDArray[np.uint8] = np.asarray(strip_of(path).convert("L"))
    return [float(tile.mean()) for tile in np.split(strip, TILES, axis=1)]


def brightening(path: Path, *, key_every: int) -> Path:
    """Ten seconds that fade from black to white."""
    picture = "color=black:size=320x240:rate=25:duration=10,geq=lum='16+219*T/10':cb=128:cr=128"
    run_ffmpeg("-f", "lavfi", "-i", picture, *H264, "-g", key_every, "-sc_threshold", 0, path)
    return path


def test_each_tile_shows_the_middle_of_its_share(tmp_path: Path) -> None:
    shown = brightness(brightening(tmp_path / "clip.mp4", key_every=250))
    expected = [255 * time_of(tile, 10) / 10 for tile in range(TILES)]
    assert np.abs(np.array(shown) - expected).max() < 3


def test_long_video_is_read_by_its_key_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_QUICK_PX", 0)
    shown = brightness(brightening(tmp_path / "clip.mp4", key_every=25))
    assert shown == sorted(shown)
    assert len({round(tile) for tile in shown}) == 10


def test_short_video_with_few_key_frames_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_QUICK_PX", 0)
    clip = brightening(tmp_path / "clip.mp4", key_every=250)
    assert len({round(tile) for tile in brightness(clip)}) > 25
    monkeypatch.setattr(module, "_MAX_PX", 0)
    assert len({round(tile) for tile in brightness(clip)}) == 1


def test_filmstrip_of_a_day_long_video(tmp_path: Path) -> None:
    picture = "color=black:size=16x12:rate=1/3600:duration=86400,geq=lum='16+9*N':cb=128:cr=128"
    run_ffmpeg("-f", "lavfi", "-i", picture, *H264, tmp_path / "day.mp4")
    shown = brightness(tmp_path / "day.mp4")
    assert shown == sorted(shown)
    assert len({round(tile) for tile in shown}) > 20


def test_tiles_keep_the_videos_aspect_ratio(tmp_path: Path) -> None:
    assert strip_of(pattern(tmp_path / "wide.mp4", size="640x360")).size == (128 * TILES, 72)
    assert strip_of(pattern(tmp_path / "tall.mp4", size="360x640")).size == (40 * TILES, 72)


def test_animation_has_a_filmstrip(tmp_path: Path) -> None:
    frames = [Image.new("L", (40, 30), 8 * number) for number in range(32)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=50)
    shown = brightness(tmp_path / "a.gif")
    assert shown == sorted(shown)
    assert len(set(shown)) > 25


def test_filmstrip_of_noise_stays_under_the_size_limit(tmp_path: Path) -> None:
    noise = "nullsrc=size=640x360:rate=10:duration=4,geq=random(1)*255:128:128"
    run_ffmpeg("-f", "lavfi", "-i", noise, *H264, "-qp", 1, tmp_path / "noise.mp4")
    strip_of(tmp_path / "noise.mp4")
