"""Captions, subtitles and overlays from the recipe to the finished file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gifapp import convert, errors
from gifapp.domain.recipes.recipe import Caption, Overlay, Recipe, Segment
from tests.support.plans import GREY

FRAMES = np.full((20, 60, 100, 3), GREY, np.uint8)
CUE = "1\n00:00:00,500 --> 00:00:01,000\nHi\n"


def lit(path: Path, recipe: Recipe) -> list[int]:
    """The times in the GIF, in tenths of a second, at which something is white."""
    tenths_lit: list[int] = []
    shown = 0
    convert(FRAMES, recipe, path)
    with Image.open(path) as gif:
        for frame in ImageSequence.Iterator(gif):
            tenths = round(frame.info["duration"] / 100)
            is_lit = np.asarray(frame.convert("RGB")).max() > 200
            tenths_lit += range(shown, shown + tenths) if is_lit else ()
            shown += tenths
    return tenths_lit


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({"captions": (Caption(text="Hi", start_s=0.5, end_s=1.0),)}, range(5, 10)),
        ({"captions": (Caption(text="Hi", start_s=0.5, end_s=1.0),), "direction": "reverse"}, range(5, 10)),
        ({"captions": (Caption(text="Hi", start_s=2.2),), "hold_s": 0.5}, range(22, 25)),
        ({"subtitles": CUE}, range(5, 10)),
        ({"subtitles": CUE, "direction": "reverse"}, range(10, 15)),
        ({"subtitles": CUE, "segments": (Segment(start_s=0.3, end_s=0.8),)}, range(2, 5)),
        ({"subtitles": CUE, "segments": (Segment(end_s=1.0),), "hold_s": 0.5}, range(5, 15)),
    ],
)
def test_captions_follow_the_gif_and_subtitles_follow_their_pictures(
    tmp_path: Path, recipe: dict[str, Any], expected: range
) -> None:
    assert lit(tmp_path / "out.gif", Recipe(fps=10.0, **recipe)) == [*expected]


@pytest.mark.parametrize("times", ["00:00:00,520 --> 00:00:00,540", "00:00:00,520 --> 00:00:00,520"])
@pytest.mark.parametrize("speed", [1.0, 0.5, 2.0])
def test_cue_shorter_than_a_frame_shows_on_one_frame(tmp_path: Path, times: str, speed: float) -> None:
    subtitles = f"1\n{times}\nHi\n"
    assert lit(tmp_path / "out.gif", Recipe(fps=10.0, subtitles=subtitles, speed=speed)) == [int(5.2 / speed)]


def test_unreadable_overlay_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    overlay = Overlay(image="iVBORw0KGgoAAAA=")
    with pytest.raises(errors.RecipeInvalid, match=r"overlay\.image"):
        convert(FRAMES, Recipe(overlay=overlay), tmp_path / "out.gif")
    assert not list(tmp_path.iterdir())
