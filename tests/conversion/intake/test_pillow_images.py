"""Pillow images of every mode as frames."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from gifapp import convert
from gifapp.conversion.images.colour_profile import of_code_points
from gifapp.conversion.intake.frames import pixels_of


def grey(*levels: int, dtype: str = "u2") -> Image.Image:
    return Image.fromarray(np.array([levels], dtype))


def filled(mode: str, colour: Any, **info: Any) -> Image.Image:
    image = Image.new(mode, (1, 1), colour)
    image.info.update(info)
    return image


def quantized(*colours: tuple[int, ...]) -> Image.Image:
    image = Image.new("RGBA", (len(colours), 1))
    image.putdata(colours)
    return image.quantize()


def with_alpha(image: Image.Image, alpha: int) -> Image.Image:
    image.putalpha(alpha)
    return image


def with_a_transparent_index(index: int) -> Image.Image:
    image = filled("RGB", (255, 0, 0)).quantize()
    image.info["transparency"] = index
    return image


RED, RED_GONE, BLUE = (255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 255, 255)
PICTURES = {
    "1": (filled("1", 1), [(255, 255, 255)]),
    "L": (filled("L", 77), [(77, 77, 77)]),
    "L with a transparent grey": (filled("L", 77, transparency=77), [(77, 77, 77, 0)]),
    "LA": (filled("LA", (77, 128)), [(77, 77, 77, 128)]),
    "La": (filled("LA", (77, 255)).convert("La"), [(77, 77, 77, 255)]),
    "I;16": (grey(0, 255, 256, 0x8080, 65535), [(level,) * 3 for level in (0, 0, 1, 128, 255)]),
    "I;16B": (filled("I;16B", 0x8080), [(128, 128, 128)]),
    "I;16L": (filled("I;16L", 0x8080), [(128, 128, 128)]),
    "I;16N": (filled("I;16N", 0x8080), [(128, 128, 128)]),
    "I;16 with a transparent grey": (filled("I;16", 0x8080, transparency=0x8080), [(128, 128, 128, 0)]),
    "I": (grey(0, 0x8080, 65535, dtype="i4"), [(level,) * 3 for level in (0, 128, 255)]),
    "P": (quantized(RED, BLUE).convert("RGB").quantize(), [RED[:3], BLUE[:3]]),
    "P with alpha in its palette": (quantized(RED, RED_GONE, BLUE), [RED, RED_GONE, BLUE]),
    "P with a transparent index": (with_a_transparent_index(0), [RED_GONE]),
    "PA": (with_alpha(quantized(RED, BLUE), 128), [(*RED[:3], 128), (*BLUE[:3], 128)]),
    "RGB": (filled("RGB", (10, 20, 30)), [(10, 20, 30)]),
    "RGB with a transparent colour": (
        filled("RGB", (10, 20, 30), transparency=(10, 20, 30)),
        [(10, 20, 30, 0)],
    ),
    "RGBA": (filled("RGBA", (10, 20, 30, 40)), [(10, 20, 30, 40)]),
    "RGBa": (filled("RGBA", (200, 100, 50, 255)).convert("RGBa"), [(200, 100, 50, 255)]),
    "RGBX": (filled("RGBX", (10, 20, 30, 40)), [(10, 20, 30)]),
    "CMYK": (filled("CMYK", (255, 0, 0, 0)), [(0, 255, 255)]),
    "YCbCr": (filled("RGB", (200, 200, 200)).convert("YCbCr"), [(200, 200, 200)]),
    "HSV": (filled("HSV", (0, 255, 255)), [(255, 0, 0)]),
    "LAB": (filled("LAB", (255, 128, 128)), [(255, 255, 255)]),
}


@pytest.mark.parametrize(("image", "shown"), PICTURES.values(), ids=PICTURES)
def test_pillow_images_of_every_mode_have_the_right_colours(image: Image.Image, shown: list[Any]) -> None:
    assert pixels_of(image)[0].tolist() == [pytest.approx(pixel, abs=1) for pixel in shown]


def test_exif_orientation_does_not_rotate_pillow_images() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.array([[RED[:3], BLUE[:3]]], np.uint8))
    image.info["exif"] = exif.tobytes()
    assert pixels_of(image).tolist() == [[[*RED[:3]], [*BLUE[:3]]]]
    assert "exif" in image.info


DISPLAY_P3 = of_code_points(12, 13)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    ("mode", "colour", "profile", "shown"),
    [
        ("RGB", (200, 100, 50), DISPLAY_P3, (215, 93, 32)),
        ("RGBA", (200, 100, 50, 128), DISPLAY_P3, (215, 93, 32, 128)),
        ("RGB", (200, 100, 50), SRGB, (200, 100, 50)),
        ("RGB", (200, 100, 50), b"rubbish", (200, 100, 50)),
        ("L", 100, DISPLAY_P3, (100, 100, 100)),
    ],
    ids=["P3", "P3 with alpha", "sRGB", "rubbish", "grey"],
)
def test_icc_profiles_of_pillow_images_are_applied(
    mode: str, colour: Any, profile: bytes, shown: tuple[int, ...]
) -> None:
    assert pixels_of(filled(mode, colour, icc_profile=profile))[0, 0].tolist() == pytest.approx(shown, abs=2)


def test_table_covers_every_mode_of_pillow() -> None:
    assert {image.mode for image, _ in PICTURES.values()} >= set(Image.MODES) - {"F"}


@pytest.mark.parametrize("grey_of", ["a file", "Pillow"])
def test_16_bit_grey_is_as_bright_as_in_a_png(grey_of: str, tmp_path: Path) -> None:
    image = Image.fromarray(np.full((8, 8), 0x8080, np.uint16))
    image.save(tmp_path / "grey.png")
    convert(tmp_path / "grey.png" if grey_of == "a file" else [image], output=tmp_path / "out.gif")
    with Image.open(tmp_path / "out.gif") as shown:
        assert shown.convert("RGB").getpixel((4, 4)) == (128, 128, 128)
