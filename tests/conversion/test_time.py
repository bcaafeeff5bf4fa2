"""Holds, fades and crossfades: letters and greys in, delays and greys out."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from gifapp import errors
from gifapp.conversion import pipeline
from gifapp.domain.recipes.outcome import outcome
from gifapp.domain.recipes.recipe import ChromaKey, Direction, Look, Recipe, Segment
from tests.support import clips
from tests.support.fakes import Impatient
from tests.support.gifs import seen_by_pillow
from tests.support.known_videos import convert
from tests.support.letters import read_gif, timeline_of, write_clip


@pytest.fixture
def rgbw(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"], ["BB"], ["WW"]])


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({"hold_s": 0.5}, "R10 G10 B10 W60"),
        ({"hold_s": 0.5, "direction": "reverse"}, "W10 B10 G10 R60"),
        ({"hold_s": 0.5, "direction": "boomerang"}, "R10 G10 B10 W20 B10 G10 R60"),
        ({"hold_s": 0.01, "segments": [Segment(end_s=0.1)]}, "R11"),
        ({"look": Look(fade_in_s=0.1)}, "K10 G10 B10 W10"),
        ({"look": Look(fade_out_s=0.1)}, "R10 G10 B10 K10"),
        ({"look": Look(fade_out_s=0.1), "hold_s": 1.0}, "R10 G10 B10 K110"),
        ({"look": Look(fade_in_s=0.1), "direction": "reverse"}, "K10 B10 G10 R10"),
        ({"crossfade_s": 0.1}, "R10 G10 B10 W10"),
    ],
)
def test_holds_and_fades(rgbw: Path, tmp_path: Path, recipe: dict[str, Any], expected: str) -> None:
    report = convert(rgbw, Recipe(fps=10.0, **recipe))
    assert timeline_of(read_gif(report.save(tmp_path / "a.gif"))) == expected


def test_crossfade_mixes_segments_and_shortens_the_clip(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"]] * 10 + [["BB"]] * 10)
    halves = [Segment(end_s=1.0), Segment(start_s=1.0)]
    report = convert(clip, Recipe(segments=halves, crossfade_s=0.3, fps=10.0))
    pictures, delays = seen_by_pillow(report.read_bytes())
    assert delays == [70, 10, 10, 10, 70]
    np.testing.assert_allclose(
        pictures[:, 0, 0, :3],
        [[255, 0, 0], [191, 0, 64], [128, 0, 128], [64, 0, 191], [0, 0, 255]],
        atol=2,
    )


def test_segments_may_overlap_for_their_whole_length(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"]] * 3 + [["BB"]] * 3)
    halves = [Segment(end_s=0.3), Segment(start_s=0.3)]
    report = convert(clip, Recipe(segments=halves, crossfade_s=5.0, fps=10.0))
    pictures, delays = seen_by_pillow(report.read_bytes())
    assert delays == [10, 10, 10]
    np.testing.assert_allclose(pictures[:, 0, 0, :3], [[191, 0, 64], [128, 0, 128], [64, 0, 191]], atol=2)


@pytest.mark.parametrize("crossfade_s", [0.0, 0.04, 0.31, 10.0])
@pytest.mark.parametrize("fps", [7.0, 12.5, 29.97])
@pytest.mark.parametrize("direction", ["forward", "boomerang"])
def test_delays_of_joined_segments_add_up(
    tmp_path: Path, crossfade_s: float, fps: float, direction: Direction
) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="16x16", seconds=2)
    segments = [Segment(end_s=0.8), Segment(start_s=0.3, end_s=0.5), Segment(start_s=1.0, end_s=1.93)]
    recipe = Recipe(
        segments=segments, crossfade_s=crossfade_s, fps=fps, direction=direction, hold_s=0.33, speed=1.3
    )
    report = convert(clip, recipe)
    shown_cs = sum(seen_by_pillow(report.read_bytes())[1])
    promised = outcome(recipe, width_px=16, height_px=16, duration_s=2)
    assert report.duration_s == pytest.approx(shown_cs / 100)
    assert abs(shown_cs - promised.duration_s * 100) <= (2 if direction == "boomerang" else 1)


def test_fade_in_is_even(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["WW"]] * 10)
    report = convert(clip, Recipe(look=Look(fade_in_s=0.5, fade_out_s=0.2), fps=10.0))
    pictures, _ = seen_by_pillow(report.read_bytes())
    np.testing.assert_allclose(pictures[:, 0, 0, 0], [0, 51, 102, 153, 204, 255, 128, 0], atol=2)


def test_fade_in_of_a_single_picture_takes_many_frames(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["WW"]], fps=1)
    assert convert(clip, Recipe(look=Look(fade_in_s=0.5), fps=10.0)).frames == 6
    assert convert(clip, Recipe(fps=10.0)).frames == 1


def test_cancelling_a_crossfade_leaves_no_ffmpeg() -> None:
    recipe = Recipe(segments=[Segment(end_s=3.0), Segment(start_s=1.0)], crossfade_s=3.0, width_px=64)
    heard = Impatient(cancel_at=0.5)
    with pytest.raises(errors.Cancelled):
        pipeline.convert(clips.real_clip(), recipe, on_progress=heard)
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_forward_playback_streams_without_moviepy(rgbw: Path) -> None:
    recipe = Recipe(
        segments=[Segment(), Segment()],
        crossfade_s=0.2,
        hold_s=1.0,
        look=Look(fade_in_s=0.1, blur_px=1.0),
        chroma_key=ChromaKey(),
        rotate=90,
    )
    code = (
        "import sys, gifapp; from gifapp.domain.recipes.recipe import Recipe; "
        f"gifapp.convert({str(rgbw)!r}, Recipe.model_validate_json({recipe.model_dump_json()!r})); "
        "assert not [m for m in sys.modules if m.startswith('moviepy')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
