"""The comparison of a file's size in the other formats."""

from pathlib import Path

import numpy as np
import pytest

import gifapp
from gifapp import errors
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Recipe
from tests.conversion.encoders.test_writers import no_ffmpeg_is_left
from tests.support import clips
from tests.support.fakes import Impatient


def test_comparison_measures_real_files(tmp_path: Path) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="64x48", seconds=0.4)
    listener = Impatient()
    compared = gifapp.convert(clip, Recipe(format="webp"), on_progress=listener, compare=True)
    assert compared.bytes == gifapp.convert(clip, Recipe(format="webp")).bytes
    assert compared.alternatives == {
        name: gifapp.convert(clip, Recipe(format=name)).bytes for name in FILE_KINDS if name != "webp"
    }
    assert compared.as_json()["alternatives"] == compared.alternatives
    fractions = [progress.fraction for progress in listener.heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


def test_comparison_is_off_by_default() -> None:
    assert gifapp.convert(np.zeros((2, 8, 8, 3), np.uint8)).alternatives == {}


def test_format_that_grows_too_large_is_left_out() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (4, 200, 200, 3), np.uint8)
    limits = Limits(max_gif_bytes=250_000)
    compared = gifapp.convert(noise, limits=limits, compare=True)
    assert compared.alternatives.keys() == FILE_KINDS.keys() - {"gif", "apng"}


def test_cancelled_comparison_leaves_nothing(tmp_path: Path) -> None:
    recipe = Recipe(width_px=120)
    out = tmp_path / "a.gif"
    with pytest.raises(errors.Cancelled):
        gifapp.convert(clips.real_clip(), recipe, out, Impatient(cancel_at=0.6), compare=True)
    assert list(tmp_path.iterdir()) == []
    assert no_ffmpeg_is_left()
