from typing import Any

import pytest

from gifapp.domain.recipes.preset_limits import within_preset
from gifapp.domain.recipes.recipe import Crop, Recipe


@pytest.mark.parametrize(
    ("fields", "limited"),
    [
        ({"preset": "github"}, {"target_bytes": 10_000_000, "width_px": None, "height_px": None}),
        ({"preset": "github", "target_bytes": 2_000_000}, {"target_bytes": 2_000_000}),
        ({"preset": "bitbucket", "target_bytes": 2_000_000}, {"target_bytes": 1_000_000}),
        ({"preset": "x"}, {"width_px": None, "height_px": None}),
        ({"preset": "x", "width_px": 2000}, {"width_px": 1280, "height_px": 1080, "fit": "contain"}),
        ({"preset": "x", "height_px": 700, "fit": "cover"},
         {"width_px": 1280, "height_px": 700, "fit": "contain"}),
        ({"preset": "x", "width_px": 600, "height_px": 1200, "fit": "cover"},
         {"width_px": 600, "height_px": 1080, "fit": "cover"}),
        ({"preset": "slack_emoji"}, {"width_px": 128, "height_px": 128, "fit": "cover"}),
        ({"preset": "slack_emoji", "width_px": 64}, {"width_px": 128, "height_px": 128, "fit": "cover"}),
        ({"preset": "slack_emoji", "fit": "stretch"}, {"fit": "stretch"}),
        ({"preset": "slack_emoji", "aspect": "16:9"}, {"fit": "contain"}),
        ({"preset": "discord_sticker", "crop": Crop(width_px=9, height_px=7)},
         {"width_px": 320, "height_px": 320, "fit": "contain"}),
    ],
)  # fmt: skip
def test_preset_lowers_limits_and_keeps_stricter_ones(
    fields: dict[str, Any], limited: dict[str, Any]
) -> None:
    within = within_preset(Recipe(**fields))
    assert {name: getattr(within, name) for name in limited} == limited


def test_recipe_without_a_preset_is_unchanged() -> None:
    recipe = Recipe(width_px=4000, target_bytes=5000)
    assert within_preset(recipe) is recipe
