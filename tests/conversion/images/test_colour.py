"""Colours equal those of a colour-managed browser; the expected values are Chromium's."""

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from gifapp import Recipe, convert
from gifapp.conversion.images.colour_profile import of_code_points
from gifapp.conversion.text.overlay import overlay_layer
from gifapp.domain.recipes.recipe import Overlay
from tests.conversion.images.seen import frames, written
from tests.support.pictures import chunk, png, saved

PLAIN, WIDE = (200, 100, 50), (215, 93, 32)  # a colour in Display P3, and its sRGB value
DISPLAY_P3 = of_code_points(12, 13) or b""
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
COLOUR = np.full((4, 4, 3), PLAIN, np.uint8)
EXACT = {"quality": 100, "lossless": True, "subsampling": "4:4:4"}


def flat(colour: tuple[int, ...] = PLAIN, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (16, 16), colour)


def middle(data: bytes) -> list[int]:
    return [int(value) for value in frames(data)[-1][2, 2]]


def near(shown: list[int], right: tuple[int, ...], within: int = 3) -> bool:
    return max(abs(level - other) for level, other in zip(shown, right, strict=False)) <= within


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("profile", "right"),
    [(DISPLAY_P3, WIDE), (SRGB, PLAIN), (DISPLAY_P3[:200], PLAIN), (b"rubbish", PLAIN), (b"", PLAIN)],
    ids=["P3", "sRGB", "cut", "rubbish", "none"],
)
def test_profile_is_applied_and_a_broken_one_ignored(
    kind: str, profile: bytes, right: tuple[int, ...]
) -> None:
    assert near(middle(saved(flat(), kind, icc_profile=profile, **EXACT)), right)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_srgb_profile_changes_nothing(kind: str) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.fromarray(np.stack([ramp, ramp[::-1], ramp.T], -1))
    assert (frames(saved(image, kind, icc_profile=SRGB, lossless=True))[0][..., :3] == image).all()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_profile_applies_to_every_frame_of_an_animation(kind: str) -> None:
    options = {"save_all": True, "append_images": [flat()], "duration": 100, "lossless": True}
    assert near(middle(saved(flat((0, 0, 0)), kind, icc_profile=DISPLAY_P3, **options)), WIDE)


def test_profile_applies_with_alpha_and_palettes() -> None:
    half = middle(saved(flat((*PLAIN, 128), "RGBA"), "PNG", icc_profile=DISPLAY_P3))
    assert near(half, WIDE)
    assert half[3] == 128
    assert near(middle(saved(flat().quantize(2), "PNG", icc_profile=DISPLAY_P3)), WIDE)


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_rgb_profile_does_not_change_a_grey_picture(mode: str) -> None:
    shown = middle(saved(flat((100, 255)[: len(mode)], mode), "PNG", icc_profile=DISPLAY_P3))
    assert shown == [100, 100, 100, 255]


def grey_profile(gamma: float) -> bytes:
    """An ICC profile of version 2 for greys."""
    text = b"desc\0\0\0\0\0\0\0\2g\0" + bytes(78)
    curve = b"curv\0\0\0\0\0\0\0\1" + struct.pack(">H2x", round(gamma * 256))
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"desc": text.ljust(96, b"\0"), b"wtpt": white, b"kTRC": curve, b"cprt": b"text\0\0\0\0-\0\0\0"}
    table, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        table += struct.pack(">4s2I", name, 132 + 12 * len(tags) + len(bodies), len(body))
        bodies += body
    head = struct.pack(">I4xI12s12x4s", 128 + len(table + bodies), 0x02100000, b"mntrGRAYXYZ ", b"acsp")
    return (head.ljust(68, b"\0") + white[8:]).ljust(128, b"\0") + table + bodies


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_grey_profile_is_applied_to_grey_pictures_only(kind: str) -> None:
    """A linear 100 of 255 is 168 in sRGB."""
    profile = grey_profile(1.0)
    assert near(middle(saved(flat((100,), "L"), kind, icc_profile=profile, quality=100)), (168, 168, 168))
    assert near(middle(saved(flat(), kind, icc_profile=profile, **EXACT)), PLAIN)


def test_cmyk_is_converted() -> None:
    """Adobe's JPEGs store it inverted."""
    assert near(middle(saved(flat((0, 255, 255, 0), "CMYK"), "JPEG", quality=100)), (255, 0, 0))
    assert near(middle(saved(flat((0, 0, 0, 0), "CMYK"), "JPEG", quality=100)), (255, 255, 255))
    assert near(middle(saved(flat((0, 0, 0, 0), "CMYK"), "JPEG", icc_profile=SRGB)), (255, 255, 255))


CHROMATICITIES = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


@pytest.mark.parametrize(
    ("extra", "right"),
    [
        (chunk(b"gAMA", struct.pack(">I", 100_000)), (229, 168, 122)),
        (chunk(b"gAMA", struct.pack(">I", 45_455)), PLAIN),
        (chunk(b"gAMA", bytes(4)), PLAIN),
        (chunk(b"cHRM", CHROMATICITIES), PLAIN),
        (chunk(b"gAMA", struct.pack(">I", 45_455)) + chunk(b"cHRM", CHROMATICITIES), (216, 92, 24)),
        (chunk(b"gAMA", struct.pack(">I", 45_455)) + chunk(b"cHRM", bytes(32)), PLAIN),
        (chunk(b"sRGB", b"\0") + chunk(b"gAMA", struct.pack(">I", 100_000)), PLAIN),
        (chunk(b"cICP", bytes((12, 13, 0, 1))), WIDE),
        (chunk(b"cICP", bytes((9, 13, 0, 1))), (241, 76, 29)),
        (chunk(b"cICP", bytes((1, 8, 0, 1))), (229, 168, 122)),
        (chunk(b"cICP", bytes((2, 2, 0, 1))), PLAIN),
        (chunk(b"iCCP", b"p\0\0" + zlib.compress(DISPLAY_P3)) + chunk(b"gAMA", struct.pack(">I", 1)), WIDE),
        (chunk(b"iCCP", b"p\0\0" + zlib.compress(DISPLAY_P3)) + chunk(b"cICP", bytes((1, 13, 0, 1))), PLAIN),
    ],
)
def test_png_colours_given_by_code_points_are_converted(extra: bytes, right: tuple[int, ...]) -> None:
    assert near(middle(png(COLOUR, 2, extra=extra)), right)


def test_gif_shows_the_converted_colours(tmp_path: Path) -> None:
    source = written(tmp_path / "a.jpg", saved(flat(), "JPEG", icc_profile=DISPLAY_P3, **EXACT))
    convert(source, Recipe(dither="none"), tmp_path / "out.gif")
    assert near(middle((tmp_path / "out.gif").read_bytes()), WIDE)


def test_overlay_colours_are_converted() -> None:
    image = base64.b64encode(saved(flat(), "PNG", icc_profile=DISPLAY_P3)).decode()
    pixels = overlay_layer(Overlay(image=image), 64, 64).paint()
    assert near([int(value) for value in pixels[4, 4]], WIDE)
