"""Files fitted to a size: small synthetic clips, the real encoder, sizes and durations read back."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gifapp import errors
from gifapp.conversion.frame import Frame
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import Rendering
from gifapp.conversion.sizing.fit import MAX_ENCODES, MIN_SHARE, Fitted, fit
from gifapp.domain.job import Progress
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Format, Recipe
from tests.conversion.encoders.test_writers import OTHERS, seen
from tests.support.letters import COLOURS

Pictures = np.ndarray[Any, np.dtype[np.uint8]]
WIDTH, HEIGHT, COUNT = 96, 64, 30


def noise() -> Pictures:
    return np.random.default_rng(1).integers(0, 256, (COUNT, HEIGHT, WIDTH, 3), np.uint8)


def gradient() -> Pictures:
    y, x, number = np.mgrid[:HEIGHT, :WIDTH, :COUNT].astype(float)
    planes = [127 + 127 * np.sin(x / 17 + number / 5), 2.6 * x, 3.9 * y]
    return np.stack(planes, -1).astype(np.uint8).transpose(2, 0, 1, 3)


def letters() -> Pictures:
    """Rows of small blocks in the letters' colours, each row moving at its own pace."""
    colours = np.array([colour[:3] for colour in COLOURS.values()], np.uint8)
    blocks = colours[np.random.default_rng(2).integers(0, len(colours), (HEIGHT // 4, WIDTH // 4))]
    picture = blocks.repeat(4, axis=0).repeat(4, axis=1)
    paces = np.arange(HEIGHT) // 4 % 5
    across = (np.arange(WIDTH) + np.arange(COUNT)[:, None, None] * paces[:, None]) % WIDTH
    film: Pictures = picture[np.arange(HEIGHT)[:, None], across]
    return film


def cut_out() -> Pictures:
    """The gradient inside a disc, transparent around it."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = (255 * ((y - 32) ** 2 + (x - 48) ** 2 < 900)).astype(np.uint8)
    return np.concatenate([gradient(), np.broadcast_to(disc[None, ..., None], (COUNT, HEIGHT, WIDTH, 1))], -1)


def rendering(pictures: Pictures, delays_cs: list[int] | None = None) -> Rendering:
    delays_cs = delays_cs or [8] * len(pictures)
    frames = (Frame(pixels, delay_cs) for pixels, delay_cs in zip(pictures, delays_cs, strict=True))
    height, width, channels = pictures.shape[1:]
    return Rendering(width, height, channels == 4, delays_cs, frames, ())


def fitted(
    pictures: Pictures,
    target_bytes: int,
    *,
    delays_cs: list[int] | None = None,
    recipe: Recipe | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> tuple[Fitted, bytes]:
    out = io.BytesIO()
    result = fit(
        rendering(pictures, delays_cs),
        out,
        recipe or Recipe(),
        target_bytes=target_bytes,
        limits=Limits(),
        reporter=Reporter(on_progress, 60),
    )
    return result, out.getvalue()


@cache
def plain_bytes(clip: Callable[[], Pictures]) -> int:
    return len(fitted(clip(), 10**9)[1])


@pytest.mark.parametrize("clip", [noise, gradient, cut_out])
@pytest.mark.parametrize("share", [0.7, 0.4, 0.15])
def test_fitted_gif_is_close_below_the_target(clip: Callable[[], Pictures], share: float) -> None:
    target_bytes = round(plain_bytes(clip) * share)
    result, gif = fitted(clip(), target_bytes)
    assert MIN_SHARE * target_bytes <= len(gif) <= target_bytes
    assert result.written.bytes == len(gif)
    assert result.encodes <= MAX_ENCODES
    assert result.written.notes[0].startswith("To fit ")


@pytest.mark.parametrize("share", [0.7, 0.4, 0.15])
def test_hard_edges_that_grow_when_scaled_still_fit(share: float) -> None:
    target_bytes = round(plain_bytes(letters) * share)
    _, gif = fitted(letters(), target_bytes)
    assert 0.5 * target_bytes <= len(gif) <= target_bytes


def test_target_that_is_met_anyway_costs_no_quality() -> None:
    result, gif = fitted(letters(), 1_000_000)
    assert (result.encodes, result.written.notes) == (1, ())
    assert (result.written.width_px, result.written.height_px) == (WIDTH, HEIGHT)
    assert getattr(Image.open(io.BytesIO(gif)), "n_frames", 1) == COUNT


def test_dropped_frames_keep_the_duration() -> None:
    delays_cs = [5 + number % 7 for number in range(COUNT)]
    target_bytes = plain_bytes(noise) // 8
    result, gif = fitted(noise(), target_bytes, delays_cs=delays_cs)
    shown = [frame.info["duration"] // 10 for frame in ImageSequence.Iterator(Image.open(io.BytesIO(gif)))]
    assert len(shown) < COUNT
    assert sum(shown) == sum(delays_cs) == result.written.duration_cs


def test_report_has_the_dimensions_of_the_picture() -> None:
    result, gif = fitted(noise(), plain_bytes(noise) // 8)
    assert Image.open(io.BytesIO(gif)).size == (result.written.width_px, result.written.height_px)
    assert result.written.width_px < WIDTH


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("share", [0.6, 0.3])
def test_every_format_is_close_below_the_target(name: Format, share: float) -> None:
    recipe = Recipe(format=name)
    target_bytes = round(len(fitted(noise(), 10**9, recipe=recipe)[1]) * share)
    result, made = fitted(noise(), target_bytes, recipe=recipe)
    assert MIN_SHARE * target_bytes <= len(made) <= target_bytes
    assert result.written.bytes == len(made)
    assert result.encodes <= MAX_ENCODES
    assert result.written.notes[0].startswith("To fit ")


@pytest.mark.parametrize("name", OTHERS)
def test_every_format_keeps_its_duration_and_reports_its_dimensions(tmp_path: Path, name: Format) -> None:
    recipe, delays_cs = Recipe(format=name), [5 + number % 7 for number in range(COUNT)]
    target_bytes = len(fitted(noise(), 10**9, recipe=recipe)[1]) // 12
    result, made = fitted(noise(), target_bytes, delays_cs=delays_cs, recipe=recipe)
    (tmp_path / f"a.{name}").write_bytes(made)
    shown = seen(tmp_path / f"a.{name}")
    assert sum(shown.delays_cs) == sum(delays_cs) == result.written.duration_cs
    assert shown.frames.shape[1:3] == (result.written.height_px, result.written.width_px)
    assert result.written.width_px < WIDTH
    if name == "mp4":
        assert result.written.width_px % 2 == result.written.height_px % 2 == 0


def test_apng_reduces_only_dimensions_and_frames() -> None:
    recipe = Recipe(format="apng")
    target_bytes = len(fitted(noise(), 10**9, recipe=recipe)[1]) // 12
    result, _ = fitted(noise(), target_bytes, recipe=recipe)
    assert "px (was " in result.written.notes[0]
    assert "fps (was " in result.written.notes[0]
    assert "compression" not in result.written.notes[0]
    assert "colours" not in result.written.notes[0]


def test_exact_picture_keeps_its_dimensions() -> None:
    result, gif = fitted(noise(), plain_bytes(noise) // 8, recipe=Recipe(preset="slack_emoji"))
    assert Image.open(io.BytesIO(gif)).size == (WIDTH, HEIGHT)
    assert len(gif) <= plain_bytes(noise) // 8
    assert result.written.notes


@pytest.mark.parametrize(
    ("clip", "recipe", "is_as_wide"),
    [
        (letters, Recipe(), True),
        (gradient, Recipe(content="screen"), True),
        (gradient, Recipe(), False),
    ],
)
def test_screen_recording_keeps_its_dimensions_where_a_film_shrinks(
    clip: Callable[[], Pictures], recipe: Recipe, *, is_as_wide: bool
) -> None:
    target_bytes = round(plain_bytes(clip) * 0.4)
    result, gif = fitted(clip(), target_bytes, recipe=recipe)
    assert len(gif) <= target_bytes
    assert (result.written.width_px == WIDTH) == is_as_wide


def test_impossible_target_reports_the_smallest_size() -> None:
    with pytest.raises(errors.TargetTooSmall) as refused:
        fitted(noise(), 1000)
    smallest_bytes = refused.value.facts["smallest_bytes"]
    assert 1000 < smallest_bytes < plain_bytes(noise) // 10
    assert len(fitted(noise(), smallest_bytes)[1]) <= smallest_bytes


class Stop(Exception):
    pass


def test_progress_callback_can_stop_the_fit() -> None:
    target_bytes = plain_bytes(noise) // 4
    reports: list[Progress] = []
    fitted(noise(), target_bytes, on_progress=reports.append)
    assert {report.phase for report in reports} == {"reading", "optimising"}
    assert [report.fraction for report in reports] == sorted(report.fraction for report in reports)

    def stop_when_optimising(progress: Progress) -> None:
        if progress.phase == "optimising":
            raise Stop

    with pytest.raises(Stop):
        fitted(noise(), target_bytes, on_progress=stop_when_optimising)
