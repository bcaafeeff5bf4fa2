from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gifapp.domain.recipes.framing import Framing, framing
from gifapp.domain.recipes.recipe import Crop, Recipe

SIDES = st.integers(1, 5000)


def framed(**recipe: Any) -> Framing:
    """The framing of a picture of 1280 x 720."""
    return framing(Recipe(**recipe), width_px=1280, height_px=720)


def centred(width_px: int, height_px: int) -> Crop:
    return Crop(
        x_px=(1280 - width_px) // 2, y_px=(720 - height_px) // 2, width_px=width_px, height_px=height_px
    )


@pytest.mark.parametrize(
    ("aspect", "crop", "size"),
    [
        ("1:1", centred(720, 720), (480, 480)),
        ("4:3", centred(960, 720), (480, 360)),
        ("16:9", centred(1280, 720), (480, 270)),
        ("9:16", centred(405, 720), (270, 480)),
        ("3:4", centred(540, 720), (360, 480)),
    ],
)
def test_aspect_ratio_gives_the_largest_centred_crop(aspect: str, crop: Crop, size: tuple[int, int]) -> None:
    assert framed(aspect=aspect) == Framing(crop, *size)


@pytest.mark.parametrize("rotate", [90, 270])
def test_aspect_ratio_counts_after_rotation(rotate: int) -> None:
    assert framed(aspect="9:16", rotate=rotate) == Framing(centred(1280, 720), 270, 480)


@pytest.mark.parametrize(("rotate", "size"), [(0, (480, 270)), (90, (270, 480)), (180, (480, 270))])
def test_rotation_swaps_width_and_height(rotate: int, size: tuple[int, int]) -> None:
    made = framed(rotate=rotate)
    assert (made.width_px, made.height_px) == size


@pytest.mark.parametrize(
    ("fit", "sides", "crop", "size"),
    [
        ("contain", (200, 200), (1280, 720), (200, 112)),
        ("cover", (200, 200), (720, 720), (200, 200)),
        ("stretch", (200, 200), (1280, 720), (200, 200)),
        ("cover", (128, 64), (1280, 640), (128, 64)),
        ("cover", (2000, 1000), (1280, 640), (1280, 640)),
        ("stretch", (2000, 100), (1280, 720), (1280, 100)),
        ("cover", (320, None), (1280, 720), (320, 180)),
        ("stretch", (None, 90), (1280, 720), (160, 90)),
        ("cover", (None, None), (1280, 720), (480, 270)),
    ],
)
def test_fit_limits_the_dimensions(
    fit: str, sides: tuple[int, int], crop: tuple[int, int], size: tuple[int, int]
) -> None:
    made = framed(fit=fit, width_px=sides[0], height_px=sides[1])
    assert made == Framing(centred(*crop), *size)


def test_cover_crops_within_the_crop() -> None:
    crop = Crop(x_px=100, y_px=50, width_px=400, height_px=200)
    made = framed(crop=crop, fit="cover", width_px=50, height_px=50)
    assert made == Framing(Crop(x_px=200, y_px=50, width_px=200, height_px=200), 50, 50)


def test_cover_fills_the_rotated_picture() -> None:
    made = framed(rotate=90, fit="cover", width_px=100, height_px=100)
    assert made == Framing(centred(720, 720), 100, 100)


@given(
    st.builds(
        Recipe,
        width_px=st.none() | st.integers(1, 4096),
        height_px=st.none() | st.integers(1, 4096),
        fit=st.sampled_from(["contain", "cover", "stretch"]),
        aspect=st.none() | st.sampled_from(["1:1", "4:3", "16:9", "9:16", "3:4"]),
        rotate=st.sampled_from([0, 90, 180, 270]),
    ),
    SIDES,
    SIDES,
)
def test_picture_is_never_enlarged_and_the_crop_stays_within_it(
    recipe: Recipe, width_px: int, height_px: int
) -> None:
    made = framing(recipe, width_px=width_px, height_px=height_px)
    shown = made.crop
    sides = (shown.width_px, shown.height_px)
    across, down = sides[::-1] if recipe.rotate in (90, 270) else sides
    assert 1 <= made.width_px <= across
    assert 1 <= made.height_px <= down
    assert shown.x_px + shown.width_px <= width_px
    assert shown.y_px + shown.height_px <= height_px
    if recipe.fit == "cover" and across >= (recipe.width_px or 9999) and down >= (recipe.height_px or 9999):
        assert (made.width_px, made.height_px) == (recipe.width_px, recipe.height_px)
