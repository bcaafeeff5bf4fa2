"""Half a second of red, opaque at first, whose left half is clear at the end or never."""

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
    """Ten pictures; from `clear_from` on the left half is transparent."""
    hole = f"drawbox=w=iw/2:h=ih:color=red@0:replace=1:t=fill:enable='gte(n,{clear_from})'"
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=64x48:r=20:d=0.5", "-vf", f"format=rgba,{hole}", *to, path)
    return path


def alphas(path: Path) -> list[list[int]]:
    """Of each frame, at the left and at the right."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(fps=20), LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return [frame[24, [10, 54], 3].tolist() for frame in frames]


@pytest.mark.parametrize("name", CODECS)
def test_what_is_clear_only_at_the_end_is_transparent(tmp_path: Path, name: str) -> None:
    shown = alphas(red(tmp_path / name, CODECS[name], clear_from=8))
    np.testing.assert_allclose(shown, [[255, 255]] * 8 + [[0, 255]] * 2, atol=6)


@pytest.mark.parametrize("name", CODECS)
def test_an_alpha_channel_with_nothing_in_it_is_opaque(tmp_path: Path, name: str) -> None:
    video = probe(red(tmp_path / name, CODECS[name], clear_from=99), limits=LIMITS)
    assert not video.has_alpha
    assert video.notes == ()
    assert video.decoder is None


@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
def test_the_alpha_layer_of_hevc_is_kept(tmp_path: Path, name: str) -> None:
    tag = () if name.endswith("mkv") else ("-tag:v", "hvc1")
    shown = alphas(red(tmp_path / name, (*X265, *tag), clear_from=0))
    np.testing.assert_allclose(shown, [[0, 255]] * 10, atol=6)


def test_hevc_without_an_alpha_layer_is_opaque(tmp_path: Path) -> None:
    to = ("-c:v", "libx265", "-pix_fmt", "yuv420p", "-x265-params", "log-level=none")
    assert not probe(red(tmp_path / "a.mp4", to, clear_from=0), limits=LIMITS).has_alpha


@pytest.mark.parametrize("alpha", [0, 0.5])
def test_the_fourth_byte_of_plain_pixels_in_an_avi_means_nothing(tmp_path: Path, alpha: float) -> None:
    unused = ("-vf", f"format=bgra,colorchannelmixer=aa={alpha}", "-c:v", "rawvideo", "-pix_fmt", "bgra")
    run_ffmpeg("-f", "lavfi", "-i", "color=red:s=64x48:r=5:d=1", *unused, tmp_path / "a.avi")
    video = probe(tmp_path / "a.avi", limits=LIMITS)
    assert not video.has_alpha
    frames = ffmpeg.frames(
        tmp_path / "a.avi", video, make_plan(video, Recipe(), LIMITS), limits=LIMITS, checkpoint=lambda: None
    )
    np.testing.assert_allclose(next(frames)[20, 20], [254, 0, 0], atol=2)
