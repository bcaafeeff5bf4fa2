import pytest

from gifapp.conversion.sizing.ladder_search import ladder_of, mildest_fitting
from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, Stage
from gifapp.domain.recipes.recipe import Recipe

PLAIN = EncodeSettings(0, 256)
STAGE = Stage((PLAIN, EncodeSettings(100, 256), EncodeSettings(200, 256)))


def even(knobs: EncodeSettings) -> float:
    return 1000 - 4.0 * knobs.lossy


def steep(knobs: EncodeSettings) -> float:
    """A size curve that hardly changes until the very end."""
    return 1000 - knobs.lossy if knobs.lossy < 180 else 10


@pytest.mark.parametrize("max_bytes", [300, 500, 700, 900])
def test_search_comes_close_in_a_few_steps(max_bytes: int) -> None:
    size_bytes = even(mildest_fitting([STAGE], max_bytes, even, max_steps=7))
    assert 0.95 * max_bytes <= size_bytes <= max_bytes


def test_search_does_not_approach_a_cliff_from_one_side_only() -> None:
    assert mildest_fitting([STAGE], 500, steep, max_steps=7).lossy <= 190


def test_first_stage_that_fits_is_chosen_or_else_the_last() -> None:
    fewer = Stage((EncodeSettings(0, 16), EncodeSettings(200, 16)))
    assert mildest_fitting([STAGE, fewer], 500, even, max_steps=7).colours == 256
    assert mildest_fitting([STAGE, fewer], 100, even, max_steps=7) == fewer.at(1)


def test_recipes_content_type_overrides_detection() -> None:
    before = GifStats(0, 256, 12.5, 480, 270, 10.0)
    film = ladder_of(Recipe(), before, looks_like_screen=False)
    assert ladder_of(Recipe(content="film"), before, looks_like_screen=True) == film
    assert ladder_of(Recipe(content="screen"), before, looks_like_screen=False) != film
