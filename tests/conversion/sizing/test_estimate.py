from pathlib import Path

import pytest

from gifapp import errors
from gifapp.conversion.pipeline import convert
from gifapp.conversion.sizing.estimate import estimate
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Format, Recipe, Segment
from tests.conversion.encoders.test_writers import OTHERS
from tests.support import clips
from tests.support.clips import pattern
from tests.support.letters import run_ffmpeg

SMALL = Recipe(width_px=200)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real clip, hardly larger than the GIFs: to decode more is all that would take longer."""
    clip = tmp_path_factory.mktemp("film") / "clip.mp4"
    run_ffmpeg("-i", clips.real_clip(), "-an", "-vf", "scale=480:-2", "-crf", 18, "-preset", "veryfast", clip)
    return clip


@pytest.fixture(scope="module")
def long_clip(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    clip = tmp_path_factory.mktemp("long") / "clip.mp4"
    run_ffmpeg("-stream_loop", 9, "-i", film, "-c", "copy", clip)
    return clip


@pytest.mark.parametrize(
    "recipe",
    [
        SMALL,
        Recipe(width_px=240, fps=25, direction="reverse"),
        Recipe(width_px=160, segments=(Segment(start_s=1, end_s=3), Segment(end_s=2)), crossfade_s=0.5),
    ],
)
def test_a_film_weighs_about_what_was_said(film: Path, recipe: Recipe) -> None:
    told, made = estimate(film, recipe, limits=Limits()), convert(film, recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert (told.width_px, told.height_px) == (made.width_px, made.height_px)
    assert (told.frames, told.duration_s) == (made.frames, made.duration_s)


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_weighs_about_what_was_said(film: Path, name: Format) -> None:
    recipe = Recipe(width_px=240, fps=25, format=name)
    told, made = estimate(film, recipe, limits=Limits()), convert(film, recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert (told.width_px, told.height_px) == (made.width_px, made.height_px)
    assert (told.duration_s, told.notes) == (made.duration_s, made.notes)


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_that_must_fit_is_told_as_it_will_be(film: Path, name: Format) -> None:
    plain = Recipe(width_px=160, segments=(Segment(end_s=2),), format=name)
    target_bytes = convert(film, plain).bytes // 4
    recipe = plain.model_copy(update={"target_bytes": target_bytes})
    told, made = estimate(film, recipe, limits=Limits()), convert(film, recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert told.bytes <= target_bytes
    assert told.width_px == pytest.approx(made.width_px, rel=0.15)
    assert told.notes[0].startswith("To fit ")


def test_an_odd_mp4_is_told_as_even(film: Path) -> None:
    told = estimate(film, Recipe(width_px=121, height_px=81, fit="stretch", format="mp4"), limits=Limits())
    assert (told.width_px, told.height_px) == (122, 82)
    assert told.notes[0].startswith("An MP4 has even sides: ")


@pytest.mark.parametrize("name", ["webp", "avif", "mp4"])
def test_a_long_film_of_every_kind_is_told_by_runs(long_clip: Path, name: Format) -> None:
    recipe = Recipe(width_px=120, fps=8, format=name)
    told, made = estimate(long_clip, recipe, limits=Limits()), convert(long_clip, recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)


def test_a_long_film_is_told_by_runs(long_clip: Path) -> None:
    recipe = Recipe(width_px=120, fps=8)
    told, made = estimate(long_clip, recipe, limits=Limits()), convert(long_clip, recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert told.frames == made.frames
    assert told.duration_s == pytest.approx(made.duration_s, abs=0.01)


def test_a_short_clip_is_told_to_the_byte(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="64x48")
    assert estimate(clip, Recipe(), limits=Limits()).bytes == convert(clip).bytes


def test_what_must_fit_is_told_as_it_will_be(film: Path) -> None:
    recipe = Recipe(width_px=200, segments=(Segment(end_s=2),), target_bytes=80_000)
    told, made = estimate(film, recipe, limits=Limits()), convert(film, recipe)
    assert told.bytes == pytest.approx(made.bytes, rel=0.15)
    assert told.bytes <= 80_000
    assert told.width_px < 200
    assert told.width_px == pytest.approx(made.width_px, rel=0.15)
    assert told.frames == made.frames
    assert told.notes[0].startswith("To fit 80 kB: ")


def test_what_fits_anyway_gives_up_nothing(film: Path) -> None:
    estimated = estimate(film, Recipe(width_px=160, preset="github"), limits=Limits())
    assert estimated == estimate(film, Recipe(width_px=160), limits=Limits())


def test_what_can_never_fit_is_refused(film: Path, long_clip: Path) -> None:
    for clip in (film, long_clip):
        with pytest.raises(errors.TargetTooSmall) as refused:
            estimate(clip, Recipe(target_bytes=1000, width_px=160), limits=Limits())
        assert refused.value.facts["smallest_bytes"] > 1000


def test_a_long_film_that_must_fit_is_told_by_runs(long_clip: Path) -> None:
    estimated = estimate(long_clip, Recipe(target_bytes=300_000, width_px=240), limits=Limits())
    assert 255_000 <= estimated.bytes <= 300_000
    assert estimated.width_px < 240
    assert estimated.notes[0].startswith("To fit 300 kB: ")


def test_a_long_film_is_cut_to_what_a_platform_takes(long_clip: Path) -> None:
    emoji = estimate(long_clip, Recipe(preset="slack_emoji"), limits=Limits())
    assert (emoji.width_px, emoji.height_px) == (128, 128)
    assert emoji.frames <= 50
    assert emoji.bytes <= 128_000


def test_an_emoji_has_its_size_and_its_seconds(film: Path) -> None:
    recipe = Recipe(preset="slack_emoji")
    told, made = estimate(film, recipe, limits=Limits()), convert(film, recipe)
    assert (told.width_px, told.height_px) == (made.width_px, made.height_px) == (128, 128)
    assert told.duration_s == pytest.approx(made.duration_s, rel=0.25)
    assert told.bytes <= 128_000


def test_what_cannot_be_converted_cannot_be_estimated(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="320x240", seconds=20)
    with pytest.raises(errors.RangeOutsideSource):
        estimate(clip, Recipe(segments=(Segment(start_s=30),)), limits=Limits())


class Stop(Exception):
    pass


def test_it_ends_when_progress_says_so(film: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.phase == "reading":
            raise Stop

    with pytest.raises(Stop):
        estimate(film, Recipe(), limits=Limits(), on_progress=stop)
