"""The still of a GIF: its first frame, small enough for a page with many GIFs."""

from pathlib import Path

import pytest
from PIL import Image

from gifapp.conversion.first_frame import MAX_PX
from gifapp.conversion.pipeline import convert_file
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Format, Recipe
from tests.support.clips import pattern, real_clip


@pytest.mark.parametrize("file_format", ["gif", "webp", "mp4"])
def test_still_is_the_first_frame(tmp_path: Path, file_format: Format) -> None:
    clip, out, still = pattern(tmp_path / "clip.mp4", size="96x64"), tmp_path / "out", tmp_path / "still"
    recipe = Recipe(format=file_format)
    convert_file(clip, recipe, out, limits=Limits(), on_progress=lambda _: None, still=still)
    with Image.open(still) as picture:
        assert (picture.format, picture.size) == ("WEBP", (96, 64))
        shown = picture.convert("RGB")
    if file_format != "mp4":
        with Image.open(out) as made:
            first = made.convert("RGB")
        pairs = zip(shown.resize((8, 8)).tobytes(), first.resize((8, 8)).tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) < 40


def test_still_is_never_large(tmp_path: Path) -> None:
    still = tmp_path / "still"
    recipe = Recipe(width_px=1280, target_bytes=900_000, format="gif", fps=2)
    convert_file(
        real_clip(), recipe, tmp_path / "out", limits=Limits(), on_progress=lambda _: None, still=still
    )
    with Image.open(still) as picture:
        assert picture.size == (MAX_PX[0], 270)
    assert still.stat().st_size < 60_000
