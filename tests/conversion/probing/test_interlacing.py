"""A bar that moves to the right: its rows are combed where fields of two moments make one picture."""

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
    """4 px further in each of 50 pictures a second, before `filters`."""
    black, white = (f"color={colour}:s={size}:r=50:d=1" for colour in ("black", "white"))
    bar = f"[1]crop=40:ih[bar];[0][bar]overlay=x=4*n,{filters}"
    run_ffmpeg("-f", "lavfi", "-i", black, "-f", "lavfi", "-i", white, "-filter_complex", bar,
           "-fps_mode", "passthrough", *to, path)  # fmt: skip
    return path


def shown(path: Path, **recipe: Any) -> np.ndarray:
    """Frames (n, height, width) of grey."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(fps=25, **recipe), LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return np.stack(list(frames))[..., 1].astype(int)


def edges_of(frames: np.ndarray) -> np.ndarray:
    """Where the bar begins: (n, rows) of pixels."""
    edges: np.ndarray = np.argmax(frames[:, 8:-8] > 128, axis=2)
    return edges


def combs(edges: np.ndarray) -> float:
    """How far apart the bar is in the even and the odd rows, in pixels."""
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
def test_two_fields_become_one_picture(
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
def test_whole_pictures_stay_as_they_are_whatever_their_flag_says(
    tmp_path: Path, flag: str, to: tuple[object, ...]
) -> None:
    clip = tmp_path / "a.mov"
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x96:r=25:d=1", "-vf", flag, *to, clip)
    assert probe(clip, limits=LIMITS).fields == "progressive"
    assert (shown(clip) == shown(clip, deinterlace="never")).all()
    assert (shown(clip) != shown(clip, deinterlace="always")).any()


def test_what_never_moves_is_as_its_flag_says(tmp_path: Path) -> None:
    still = ("-f", "lavfi", "-i", "color=red:s=64x64:d=1")
    for flag, to, order in (("tff", MPEG2, "flagged"), ("prog", RAW, "progressive")):
        run_ffmpeg(*still, "-vf", f"setfield={flag}", *to, tmp_path / f"{flag}.mov")
        assert probe(tmp_path / f"{flag}.mov", limits=LIMITS).fields == order


def test_the_recipe_forces_and_forbids_it(tmp_path: Path) -> None:
    fields = moving_bar(tmp_path / "a.mpg", f"{TOP},setfield=tff", MPEG2)
    assert combs(edges_of(shown(fields, deinterlace="never"))) > 3
    assert combs(edges_of(shown(fields, deinterlace="always"))) <= 1.5
