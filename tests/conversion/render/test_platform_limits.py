"""Presets end to end: any clip becomes a GIF that the platform accepts."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from gifapp.conversion.frame import Frame
from gifapp.conversion.pipeline import convert, convert_file
from gifapp.conversion.render.platform_limits import within
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.presets import PRESETS, PresetName
from gifapp.domain.recipes.recipe import Crop, Recipe
from tests.support.clips import pattern, real_clip


def seconds(gif: Path) -> float:
    with Image.open(gif) as frames:
        return float(sum(frame.info["duration"] for frame in ImageSequence.Iterator(frames))) / 1000


@pytest.mark.parametrize("name", ["slack_emoji", "discord_sticker"])
def test_emoji_preset_accepts_any_clip(tmp_path: Path, name: PresetName) -> None:
    preset = PRESETS[name]
    report = convert(real_clip(), Recipe(preset=name), tmp_path / "emoji.gif")
    with Image.open(tmp_path / "emoji.gif") as gif:
        assert gif.size == (preset.width_px, preset.height_px)
        assert gif.n_frames <= (preset.most_frames or 1000)
        assert np.asarray(gif.convert("RGBA"))[..., 3].min() == 255
    assert report.bytes <= preset.most_bytes
    assert report.duration_s == pytest.approx(seconds(tmp_path / "emoji.gif"))
    assert report.duration_s <= (preset.most_s or 100)


def test_sticker_is_cut_to_five_seconds_with_a_note(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="64x36", seconds=7)
    report = convert(clip, Recipe(preset="discord_sticker"), tmp_path / "sticker.gif")
    assert report.duration_s <= 5
    assert report.notes[0] == "Discord sticker: its first 5.0 of 7.0 s; choose a range for others."


def test_no_frame_of_a_shortened_clip_is_too_fast_for_browsers() -> None:
    delays_cs = [249, 250, 10]
    frames = (Frame(np.zeros((8, 8, 3), np.uint8), delay_cs) for delay_cs in delays_cs)
    rendering = Rendering(8, 8, has_alpha=False, delays_cs=delays_cs, frames=frames, notes=())
    cut = within(rendering, PRESETS["discord_sticker"])
    assert [frame.delay_cs for frame in cut.frames] == cut.delays_cs == [249, 250]


def test_cropped_picture_is_padded_to_a_transparent_square(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="320x240")
    recipe = Recipe(preset="slack_emoji", crop=Crop(width_px=320, height_px=160))
    convert(clip, recipe, tmp_path / "emoji.gif")
    with Image.open(tmp_path / "emoji.gif") as gif:
        alpha = np.asarray(gif.convert("RGBA"))[..., 3]
    assert not alpha[:32].any()
    assert not alpha[96:].any()
    assert alpha[32:96].all()


def test_tiny_clip_fills_the_emoji(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="40x30")
    convert(clip, Recipe(preset="slack_emoji"), tmp_path / "emoji.gif")
    with Image.open(tmp_path / "emoji.gif") as gif:
        assert gif.size == (128, 128)
        assert np.asarray(gif.convert("RGBA"))[..., 3].all()


def test_limit_on_frames_keeps_the_duration(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="32x32", seconds=4)
    report = convert(clip, Recipe(preset="slack_emoji", fps=25), tmp_path / "emoji.gif")
    assert report.frames <= 50
    assert report.notes[0] == "Slack emoji: 50 of 100 frames."
    assert seconds(tmp_path / "emoji.gif") == report.duration_s == 4


def test_long_clip_keeps_moving_and_is_cut(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="64x64", seconds=13, fps=10)
    report = convert(clip, Recipe(preset="slack_emoji"), tmp_path / "emoji.gif")
    assert report.notes[0] == "Slack emoji: its first 10.0 of 13.0 s; choose a range for others."
    assert report.frames <= 50


def test_target_that_is_met_anyway_changes_no_byte(tmp_path: Path) -> None:
    clip = pattern(tmp_path / "clip.mp4", size="64x48")
    plain = convert(clip, Recipe())
    fitting = convert(clip, Recipe(target_bytes=plain.bytes))
    assert fitting.read_bytes() == plain.read_bytes()
    assert fitting.notes == plain.notes


def test_real_film_fits_half_a_megabyte(tmp_path: Path) -> None:
    out = tmp_path / "out.gif"
    recipe = Recipe(target_bytes=500_000)
    report = convert_file(real_clip(), recipe, out, limits=Limits(), on_progress=lambda _: None)
    assert 425_000 <= out.stat().st_size == report.bytes <= 500_000
    assert report.notes[-1].startswith("To fit 500 kB: ")
    assert seconds(out) == report.duration_s == 5.28
