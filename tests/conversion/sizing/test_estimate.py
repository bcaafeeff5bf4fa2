from pathlib import Path

import pytest

from gifapp import errors
from gifapp.conversion.report import Estimate
from gifapp.conversion.sizing.estimate import estimate
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Format, Recipe, Segment
from tests.conversion.encoders.test_writers import OTHERS
from tests.support import clips
from tests.support.clips import pattern
from tests.support.known_videos import convert, facts_of
from tests.support.letters import run_ffmpeg

SMALL = Recipe(width_px=200)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real clip scaled to about the size of the GIFs, because decoding more would only take longer."""
    clip = tmp_path_factory.mktemp("film") / "clip.mp4"
    run_ffmpeg("-i", clips.real_clip(), "-an", "-vf", "scale=480:-2", "-crf", 18, "-preset", "veryfast", clip)
    return clip


@pytest.fixture(scope="module")
def long_clip(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    clip = tmp_path_factory.mktemp("long") / "clip.mp4"
    run_ffmpeg("-stream_loop", 9, "-i", film, "-c", "copy", clip)
    return clip


def estimate_known(clip: Path, recipe: Recipe) -> Estimate:
    """As the service asks: the clip has been probed."""
    return estimate(clip, recipe, limits=Limits(), video=facts_of(clip))


@pytest.mark.parametrize(
    "recipe",
    [
        SMALL,
        Recipe(width_px=240, fps=25, direction="reverse"),
        Recipe(width_px=160, segments=(Segment(start_s=1, end_s=3), Segment(end_s=2)), crossfade_s=0.5),
    ],
)
def test_estimate_of_a_film_is_close(film: Path, recipe: Recipe) -> None:
    estimated, made = estimate_known(film, recipe), convert(film, recipe)
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)
    assert (estimated.width_px, estimated.height_px) == (made.width_px, made.height_px)
    assert (estimated.frames, estimated.duration_s) == (made.frames, made.duration_s)


@pytest.mark.parametrize("name", OTHERS)
def test_estimate_of_every_format_is_close(film: Path, name: Format) -> None:
    recipe = Recipe(width_px=240, fps=25, format=name)
    estimated, made = estimate_known(film, recipe), convert(film, recipe)
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)
    assert (estimated.width_px, estimated.height_px) == (made.width_px, made.height_px)
    assert (estimated.duration_s, estimated.notes) == (made.duration_s, made.notes)


@pytest.mark.parametrize("name", OTHERS)
def test_estimate_with_a_target_size_matches_every_format(film: Path, name: Format) -> None:
    plain = Recipe(width_px=160, segments=(Segment(end_s=2),), format=name)
    target_bytes = convert(film, plain).bytes // 4
    recipe = plain.model_copy(update={"target_bytes": target_bytes})
    estimated, made = estimate_known(film, recipe), convert(film, recipe)
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)
    assert estimated.bytes <= target_bytes
    assert estimated.width_px == pytest.approx(made.width_px, rel=0.15)
    assert estimated.notes[0].startswith("To fit ")


def test_estimate_of_an_odd_mp4_has_even_dimensions(film: Path) -> None:
    estimated = estimate_known(film, Recipe(width_px=121, height_px=81, fit="stretch", format="mp4"))
    assert (estimated.width_px, estimated.height_px) == (122, 82)
    assert estimated.notes[0].startswith("An MP4 has even sides: ")


@pytest.mark.parametrize("name", ["webp", "avif", "mp4"])
def test_long_film_of_every_format_is_estimated_from_samples(long_clip: Path, name: Format) -> None:
    recipe = Recipe(width_px=120, fps=8, format=name)
    estimated, made = estimate_known(long_clip, recipe), convert(long_clip, recipe)
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)


def test_long_film_is_estimated_from_samples(long_clip: Path) -> None:
    recipe = Recipe(width_px=120, fps=8)
    estimated, made = estimate_known(long_clip, recipe), convert(long_clip, recipe)
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)
    assert estimated.frames == made.frames
    assert estimated.duration_s == pytest.approx(made.duration_s, abs=0.01)


def test_short_clip_is_estimated_exactly(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="64x48")
    assert estimate(clip, Recipe(), limits=Limits()).bytes == convert(clip).bytes


def test_estimate_with_a_target_size_matches_the_gif(film: Path) -> None:
    recipe = Recipe(width_px=200, segments=(Segment(end_s=2),), target_bytes=80_000)
    estimated, made = estimate_known(film, recipe), convert(film, recipe)
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)
    assert estimated.bytes <= 80_000
    assert estimated.width_px < 200
    assert estimated.width_px == pytest.approx(made.width_px, rel=0.15)
    assert estimated.frames == made.frames
    assert estimated.notes[0].startswith("To fit 80 kB: ")


def test_target_that_is_met_anyway_costs_no_quality(film: Path) -> None:
    estimated = estimate_known(film, Recipe(width_px=160, preset="github"))
    assert estimated == estimate_known(film, Recipe(width_px=160))


def test_impossible_target_is_refused(film: Path, long_clip: Path) -> None:
    for clip in (film, long_clip):
        with pytest.raises(errors.TargetTooSmall) as refused:
            estimate(clip, Recipe(target_bytes=1000, width_px=160), limits=Limits())
        assert refused.value.facts["smallest_bytes"] > 1000


def test_long_film_with_a_target_size_is_estimated_from_samples(long_clip: Path) -> None:
    estimated = estimate_known(long_clip, Recipe(target_bytes=300_000, width_px=240))
    assert 255_000 <= estimated.bytes <= 300_000
    assert estimated.width_px < 240
    assert estimated.notes[0].startswith("To fit 300 kB: ")


def test_long_film_is_cut_to_the_platforms_duration(long_clip: Path) -> None:
    emoji = estimate_known(long_clip, Recipe(preset="slack_emoji"))
    assert (emoji.width_px, emoji.height_px) == (128, 128)
    assert emoji.frames <= 50
    assert emoji.bytes <= 128_000


def test_emoji_estimate_has_the_platforms_size_and_duration(film: Path) -> None:
    recipe = Recipe(preset="slack_emoji")
    estimated, made = estimate_known(film, recipe), convert(film, recipe)
    assert (estimated.width_px, estimated.height_px) == (made.width_px, made.height_px) == (128, 128)
    assert estimated.duration_s == pytest.approx(made.duration_s, rel=0.25)
    assert estimated.bytes <= 128_000


def test_invalid_recipe_cannot_be_estimated(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="320x240", seconds=20)
    with pytest.raises(errors.RangeOutsideSource):
        estimate(clip, Recipe(segments=(Segment(start_s=30),)), limits=Limits())


class Stop(Exception):
    pass


def test_progress_callback_can_stop_the_estimate(film: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.phase == "reading":
            raise Stop

    with pytest.raises(Stop):
        estimate(film, Recipe(), limits=Limits(), on_progress=stop)
