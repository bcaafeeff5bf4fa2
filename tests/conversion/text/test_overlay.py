"""The overlay: an untrusted picture on every frame."""

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gifapp import errors
from gifapp.domain.recipes.recipe import Overlay, Recipe
from tests.support.plans import GREY, a_plan, box, first_picture, layers

RANDOM = np.random.default_rng(11)


def in_base64(picture: Image.Image, kind: str = "PNG", **how: Any) -> str:
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return base64.b64encode(file.getvalue()).decode()


def red(width_px: int = 20, height_px: int = 10, alpha: int = 255) -> Image.Image:
    return Image.new("RGBA", (width_px, height_px), (255, 0, 0, alpha))


def shown(image: str, **overlay: Any) -> np.ndarray:
    return first_picture(Recipe(overlay=Overlay(image=image, **overlay)), width_px=200, height_px=100)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_overlay_of_every_format_has_its_share_of_the_width(kind: str) -> None:
    picture = shown(in_base64(red().convert("RGB"), kind), scale=0.3)
    rows, columns = box(picture)
    assert (columns.stop - columns.start, rows.stop - rows.start) == (60, 30)
    assert picture[rows, columns].reshape(-1, 3).mean(axis=0) == pytest.approx([255, 0, 0], abs=3)


@pytest.mark.parametrize("level", [0x0000, 0x4000, 0xFFFF])
def test_sixteen_bit_grey_keeps_its_brightness(level: int) -> None:
    picture = shown(in_base64(Image.new("I;16", (20, 10), level)), position="centre")
    assert picture[50, 100].tolist() == [level >> 8] * 3


POSITIONS = {
    "top_left": (3, 3), "top": (80, 3), "top_right": (157, 3),
    "left": (3, 40), "centre": (80, 40), "right": (157, 40),
    "bottom_left": (3, 77), "bottom": (80, 77), "bottom_right": (157, 77),
}  # fmt: skip


@pytest.mark.parametrize("position", POSITIONS)
def test_overlay_is_at_its_position_with_a_margin(position: str) -> None:
    rows, columns = box(shown(in_base64(red()), scale=0.2, position=position))
    assert (columns.start, rows.start) == POSITIONS[position]


def test_overlay_as_wide_as_the_picture_has_no_margin() -> None:
    rows, columns = box(shown(in_base64(red(40, 20)), scale=1.0))
    assert (rows, columns) == (slice(0, 100), slice(0, 200))


def test_tall_overlay_shrinks_until_it_fits() -> None:
    rows, columns = box(shown(in_base64(red(10, 100)), scale=1.0, position="centre"))
    assert (rows.stop - rows.start, columns.stop - columns.start) == (100, 10)


@pytest.mark.parametrize(("alpha", "opacity"), [(255, 0.5), (128, 1.0)])
def test_opacity_of_picture_and_recipe_multiply(alpha: int, opacity: float) -> None:
    picture = shown(in_base64(red(alpha=alpha)), opacity=opacity)
    rows, columns = box(picture)
    assert picture[rows, columns][5, 5].tolist() == pytest.approx([178, 50, 50], abs=1)


def test_scaled_transparent_edge_has_no_dark_rim() -> None:
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (25, 25, 75, 75))
    assert shown(in_base64(picture), scale=0.17).min() >= GREY


def test_photo_of_a_rotated_camera_is_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    rows, columns = box(shown(in_base64(red(20, 10).convert("RGB"), "JPEG", exif=exif), scale=0.1))
    assert (columns.stop - columns.start, rows.stop - rows.start) == (20, 40)


def test_animation_shows_its_first_picture() -> None:
    blue = Image.new("RGB", (20, 10), (0, 0, 255))
    image = in_base64(red().convert("RGB"), "GIF", save_all=True, append_images=[blue])
    assert shown(image)[90, 190].tolist() == pytest.approx([255, 0, 0], abs=3)


def bomb(width_px: int, height_px: int) -> str:
    """A PNG of a few bytes that announces huge dimensions."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode()


@pytest.mark.parametrize("size", [(5_000, 5_000), (100_000, 100_000), (2_000_000_000, 1)])
def test_picture_that_unpacks_to_too_much_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(errors.RecipeInvalid, match=r"overlay\.image has more than 16,777,216 pixels"):
        shown(bomb(*size))


def damaged() -> list[str]:
    files = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        whole = base64.b64decode(in_base64(Image.effect_noise((60, 40), 60).convert("RGB"), kind))
        files.append(whole[: len(whole) // 2])
        noise = bytearray(whole)
        for at in RANDOM.integers(12, len(noise), len(noise) // 8):
            noise[at] = int(RANDOM.integers(0, 256))
        files.append(bytes(noise))
        files.append(whole[:16])
    return [base64.b64encode(file).decode() for file in files]


@pytest.mark.parametrize("image", damaged(), ids=range(12))
def test_damaged_picture_is_shown_or_refused_by_name(image: str) -> None:
    try:
        layers(a_plan(Recipe(overlay=Overlay(image=image))))
    except errors.RecipeInvalid as refused:
        assert set(refused.facts["fields"]) == {"overlay.image"}  # noqa: PT017


def test_half_of_a_picture_is_refused() -> None:
    with pytest.raises(errors.RecipeInvalid, match=r"overlay\.image is damaged"):
        shown(damaged()[0])


def test_file_that_only_resembles_a_picture_is_refused() -> None:
    wave = base64.b64encode(b"RIFF\x24\0\0\0WAVEfmt " + bytes(30)).decode()
    with pytest.raises(errors.RecipeInvalid, match=r"overlay\.image is damaged"):
        shown(wave)
