"""Half a second of red whose left half becomes transparent at the end, or never."""

from pathlib import Path

import numpy as np
import pytest

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
X265 = ("-c:v", "libx265", "-pix_fmt", "yuva420p", "-x265-params", "log-level=none")
CODECS = {
    "qtrle.mov": ("-c:v", "qtrle", "-pix_fmt", "argb"),
    "png.mov": ("-c:v", "png", "-pix_fmt", "rgba"),
    "deep.mov": ("-c:v", "png", "-pix_fmt", "rgba64be"),
    "prores.mov": ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
    "ffv1.mkv": ("-c:v", "ffv1", "-pix_fmt", "bgra"),
    "deep.mkv": ("-c:v", "ffv1", "-pix_fmt", "yuva420p10le"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-deadline", "realtime"),
    "vp8.webm": ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", 0),
    "grey.mov": ("-c:v", "png", "-pix_fmt", "ya8"),
}


def red(path: Path, to: tuple[object, ...], *, clear_from: int) -> Path:
    """Ten pictures; the left half is transparent from `clear_from` on."""
    hole = f"drawbox=w=iw/2:h=ih:color=red@0:replace=1:t=fill:enable='gte(n,{clear_from})'"
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=64x48:r=20:d=0.5", "-vf", f"format=rgba,{hole}", *to, path)
    return path


def alphas(path: Path) -> list[list[int]]:
    """The alpha of each frame, at the left and at the right."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(fps=20), LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return [frame[24, [10, 54], 3].tolist() for frame in frames]


@pytest.mark.parametrize("name", CODECS)
def test_clip_that_becomes_transparent_at_its_end_is_transparent(tmp_path: Path, name: str) -> None:
    shown = alphas(red(tmp_path / name, CODECS[name], clear_from=8))
    np.testing.assert_allclose(shown, [[255, 255]] * 8 + [[0, 255]] * 2, atol=6)


@pytest.mark.parametrize("name", CODECS)
def test_unused_alpha_channel_counts_as_opaque(tmp_path: Path, name: str) -> None:
    video = probe(red(tmp_path / name, CODECS[name], clear_from=99), limits=LIMITS)
    assert not video.has_alpha
    assert video.notes == ()
    assert video.decoder is None


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
def test_alpha_layer_of_hevc_is_kept(tmp_path: Path, name: str) -> None:
    tag = () if name.endswith("mkv") else ("-tag:v", "hvc1")
    shown = alphas(red(tmp_path / name, (*X265, *tag), clear_from=0))
    np.testing.assert_allclose(shown, [[0, 255]] * 10, atol=6)


def test_hevc_without_an_alpha_layer_is_opaque(tmp_path: Path) -> None:
    to = ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none")
    assert not probe(red(tmp_path / "a.mp4", to, clear_from=0), limits=LIMITS).has_alpha


@pytest.mark.parametrize("alpha", [0, 0.5])
def test_fourth_byte_of_raw_pixels_in_avi_is_ignored(tmp_path: Path, alpha: float) -> None:
    unused = ("-vf", f"format=bgra,colorchannelmixer=aa={alpha}", "-c:v", "rawvideo", "-pix_fmt", "bgra")
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=64x48:r=5:d=1", *unused, tmp_path / "a.avi")
    video = probe(tmp_path / "a.avi", limits=LIMITS)
    assert not video.has_alpha
    frames = ffmpeg.frames(
        tmp_path / "a.avi", video, make_plan(video, Recipe(), LIMITS), limits=LIMITS, checkpoint=lambda: None
    )
    np.testing.assert_allclose(next(frames)[20, 20], [254, 0, 0], atol=2)
