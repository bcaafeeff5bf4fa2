from typing import get_args

import pytest

from gifapp.domain.recipes.presets import PRESETS, PresetName
from gifapp.domain.recipes.recipe import Recipe


@pytest.mark.parametrize(
    ("name", "most_bytes", "sides", "most_frames", "most_s"),
    [
        ("github", 10_000_000, (None, None), None, None),
        ("discord", 10 * 1024 * 1024, (None, None), None, None),
        ("discord_emoji", 256_000, (128, 128), None, None),
        ("discord_sticker", 512_000, (320, 320), None, 5.0),
        ("x", 15_000_000, (1280, 1080), 350, None),
        ("slack_emoji", 128_000, (128, 128), 50, None),
        ("bitbucket", 1_000_000, (None, None), None, None),
        ("mastodon", 16_000_000, (None, None), None, None),
    ],
)
def test_presets_have_their_platforms_limits(
    name: PresetName,
    most_bytes: int,
    sides: tuple[int | None, int | None],
    most_frames: int | None,
    most_s: float | None,
) -> None:
    preset = PRESETS[name]
    assert preset.most_bytes == most_bytes
    assert (preset.width_px, preset.height_px) == sides
    assert (preset.most_frames, preset.most_s) == (most_frames, most_s)


def test_every_preset_name_of_the_recipe_exists() -> None:
    assert set(get_args(PresetName)) == set(PRESETS)
    assert all(Recipe(preset=name).preset == name for name in PRESETS)
