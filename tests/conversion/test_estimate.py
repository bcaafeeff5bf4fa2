from pathlib import Path

import pytest

from gifapp import errors
from gifapp.conversion.estimate import estimate
from gifapp.conversion.pipeline import convert
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipe import Recipe, Segment
from tests.clips import pattern, real_clip
from tests.letters import ffmpeg

SMALL = Recipe(width_px=200)


@pytest.mark.parametrize(
    "recipe",
    [
        SMALL,
        Recipe(width_px=240, fps=25, direction="reverse"),
        Recipe(width_px=160, segments=(Segment(start_s=1, end_s=3), Segment(end_s=2)), crossfade_s=0.5),
    ],
)
def test_a_film_weighs_about_what_was_said(recipe: Recipe) -> None:
    told, made = estimate(real_clip(), recipe, limits=Limits()), convert(real_clip(), recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert (told.width_px, told.height_px) == (made.width_px, made.height_px)
    assert (told.frames, told.duration_s) == (made.frames, made.duration_s)


def test_a_long_film_is_told_by_runs(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    ffmpeg("-stream_loop", 3, "-i", real_clip(), "-an", "-c", "copy", clip)
    told, made = estimate(clip, SMALL, limits=Limits()), convert(clip, SMALL)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert told.frames == made.frames
    assert told.duration_s == pytest.approx(made.duration_s, abs=0.01)


def test_a_short_clip_is_told_to_the_byte(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="64x48")
    assert estimate(clip, Recipe(), limits=Limits()).bytes == convert(clip).bytes


def test_what_must_fit_will_fit(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="128x96", seconds=2)
    told = estimate(clip, Recipe(target_bytes=20_000), limits=Limits())
    assert 17_000 <= told.bytes <= 20_000


def test_an_emoji_has_its_size(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="320x180", seconds=12)
    told = estimate(clip, Recipe(preset="slack_emoji"), limits=Limits())
    assert (told.width_px, told.height_px, told.frames, told.duration_s) == (128, 128, 50, 10)
    assert told.bytes <= 128_000


def test_what_cannot_be_converted_cannot_be_estimated(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="1280x720", seconds=20)
    with pytest.raises(errors.RangeOutsideSource):
        estimate(clip, Recipe(segments=(Segment(start_s=30),)), limits=Limits())


class Stop(Exception):
    pass


def test_it_ends_when_progress_says_so() -> None:
    def stop(progress: Progress) -> None:
        if progress.phase == "reading":
            raise Stop

    with pytest.raises(Stop):
        estimate(real_clip(), Recipe(), limits=Limits(), on_progress=stop)
