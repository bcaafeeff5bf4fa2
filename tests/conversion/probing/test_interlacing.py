"""A bar moving to the right: in combed pictures, the even and odd rows show it at different places."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
MPEG2 = ("-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-q:v", 2)
X264 = ("-c:v", "libx264", "-crf", 10, "-pix_fmt", "yuv420p")
X264_FIELDS = (*X264, "-flags", "+ildct+ilme", "-x264-params")
PRORES = ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10")
RAW = ("-c:v", "rawvideo", "-pix_fmt", "yuv422p")
TOP, BOTTOM = "tinterlace=interleave_top", "tinterlace=interleave_bottom"
NOTE = "Interlaced"


def moving_bar(path: Path, filters: str, to: tuple[object, ...], *, size: str = "320x96") -> Path:
    """The bar moves by 4 px a picture, 50 pictures a second; `filters` are applied afterwards."""
    black, white = (f"color={colour}:s={size}:r=50:d=1" for colour in ("black", "white"))
    bar = f"[1]crop=40:ih[bar];[0][bar]overlay=x=4*n,{filters}"
    run_ffmpeg("-f", "lavfi", "-i", black, "-f", "lavfi", "-i", white, "-filter_complex", bar,
           "-fps_mode", "passthrough", *to, path)  # fmt: skip
    return path


def shown(path: Path, **recipe: Any) -> np.ndarray:
    """The frames as grey, (n, height, width)."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(fps=25, **recipe), LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return np.stack(list(frames))[..., 1].astype(int)


def edges_of(frames: np.ndarray) -> np.ndarray:
    """The column where the bar begins, (n, rows)."""
    edges: np.ndarray = np.argmax(frames[:, 8:-8] > 128, axis=2)
    return edges


def combs(edges: np.ndarray) -> float:
    """The distance between the bar in even and in odd rows, in pixels."""
    return float(abs(edges[:, ::2].mean(axis=1) - edges[:, 1::2].mean(axis=1)).max())


@pytest.mark.parametrize(
    ("name", "filters", "to"),
    [
        ("a.vob", f"{TOP},setfield=tff", MPEG2),
        ("a.ts", f"{BOTTOM},setfield=bff", MPEG2),
        ("a.mkv", f"{TOP},setfield=tff", (*X264_FIELDS, "tff=1")),
        ("a.ts", f"{BOTTOM},setfield=bff", (*X264_FIELDS, "bff=1")),
        ("a.mov", f"{TOP},setfield=prog", PRORES),
        ("a.avi", f"{BOTTOM},setfield=prog", RAW),
    ],
)
def test_interlaced_video_is_deinterlaced(
    tmp_path: Path, name: str, filters: str, to: tuple[object, ...]
) -> None:
    clip = moving_bar(tmp_path / name, filters, to)
    assert any(NOTE in note for note in probe(clip, limits=LIMITS).notes)
    edges = edges_of(shown(clip))
    assert combs(edges) <= 1.5
    np.testing.assert_allclose(np.diff(edges.mean(axis=1))[1:9], 8, atol=2)


def test_raw_dv_opens(tmp_path: Path) -> None:
    to = ("-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-aspect", "4:3")
    clip = moving_bar(tmp_path / "a.dv", f"{BOTTOM},setfield=bff", to, size="720x576")
    video = probe(clip, limits=LIMITS)
    assert (video.container, video.codec, video.fields) == ("dv", "dvvideo", "flagged")
    assert video.width_px == pytest.approx(768, abs=20)
    assert combs(edges_of(shown(clip, width_px=320))) <= 1.5


@pytest.mark.parametrize("flag", ["setfield=tff", "setfield=prog"])
@pytest.mark.parametrize("to", [MPEG2, PRORES])
def test_progressive_pictures_are_unchanged_whatever_their_flag(
    tmp_path: Path, flag: str, to: tuple[object, ...]
) -> None:
    clip = tmp_path / "a.mov"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=1", "-vf", flag, *to, clip)
    assert probe(clip, limits=LIMITS).fields == "progressive"
    assert (shown(clip) == shown(clip, deinterlace="never")).all()
    assert (shown(clip) != shown(clip, deinterlace="always")).any()


def test_motionless_video_is_judged_by_its_flag(tmp_path: Path) -> None:
    still = ("-f", "lavfi", "-i", "color=red:s=64x64:d=1")
    for flag, to, order in (("tff", MPEG2, "flagged"), ("prog", RAW, "progressive")):
        run_ffmpeg(*still, "-vf", f"setfield={flag}", *to, tmp_path / f"{flag}.mov")
        assert probe(tmp_path / f"{flag}.mov", limits=LIMITS).fields == order


def test_recipe_forces_or_disables_deinterlacing(tmp_path: Path) -> None:
    fields = moving_bar(tmp_path / "a.mpg", f"{TOP},setfield=tff", MPEG2)
    assert combs(edges_of(shown(fields, deinterlace="never"))) > 3
    assert combs(edges_of(shown(fields, deinterlace="always"))) <= 1.5
