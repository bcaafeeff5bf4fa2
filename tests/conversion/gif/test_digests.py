"""Whole GIFs, byte for byte: neither a faster kernel nor another processor or compiler changes one.

A change that is meant to change GIFs changes `ENGINE_VERSION` and these digests.
"""

import hashlib
from typing import Any

import numpy as np
import pytest

from tests.gifs import gif_of

FRAMES, HEIGHT_PX, WIDTH_PX = 9, 72, 96


def film() -> np.ndarray:
    """A slope that drifts, with grain: more colours than a histogram counts exactly."""
    number, y, x = np.mgrid[:FRAMES, :HEIGHT_PX, :WIDTH_PX][..., np.newaxis]
    grain = np.random.default_rng(1).integers(-9, 10, (FRAMES, HEIGHT_PX, WIDTH_PX, 3))
    return np.asarray((2 * x * [1, 0, 1] + 3 * y * [0, 1, 0] + 4 * number + grain).clip(0, 255)).astype(
        np.uint8
    )


def screen() -> np.ndarray:
    """Flat ground, lines of text that scroll by, and a gradient of 96 steps."""
    text = np.random.default_rng(2).integers(0, 2, (HEIGHT_PX + FRAMES, WIDTH_PX // 2)).astype(np.uint8)
    pictures = np.full((FRAMES, HEIGHT_PX, WIDTH_PX, 3), 240, np.uint8)
    for number, picture in enumerate(pictures):
        picture[8:16, 8:56] -= 200 * text[number : number + 8, :, np.newaxis]
        picture[-8:] = 2 * np.arange(WIDTH_PX)[:, np.newaxis] + np.array([0, 20, 40])
    return pictures


def with_holes(pictures: np.ndarray) -> np.ndarray:
    number, y, x = np.mgrid[:FRAMES, :HEIGHT_PX, :WIDTH_PX][..., np.newaxis]
    alpha = np.where((x + y + 5 * number) % 48 < 9, 0, 255).astype(np.uint8)
    return np.concatenate([pictures, alpha], axis=3)


PICTURES = {
    "film": film(),
    "film with holes": with_holes(film()),
    "still": film()[:1],
    "screen": screen(),
    "screen with holes": with_holes(screen()),
    "posterised": film() // 64 * 64,
}
STYLES: dict[str, dict[str, Any]] = {
    "default": {},
    "lossy": {"lossy": 40},
    "bayer": {"dither": "bayer", "colours": 64},
    "blue noise": {"dither": "blue_noise"},
    "no dither": {"dither": "none", "colours": 16},
    "sierra": {"dither": "sierra2_4a"},
    "global": {"palette": "global"},
    "two colours": {"colours": 2},
}
# per picture, in the order of the styles
DIGESTS = {
    "film": (
        "cb8bae4fa2113042",
        "1b2865a5fa3e12a6",
        "b4f26733dfcf7541",
        "9db8ed65fce26085",
        "566ed57cd9fd5ebb",
        "e18d6e5c33e034c7",
        "f5f1b1da03236766",
        "27182461cdc22bd3",
    ),
    "film with holes": (
        "acbfbe92296b6187",
        "480523d77237990f",
        "aa15970bf58a6fd1",
        "c69e9f50d9747f24",
        "2d363a7350fe2b36",
        "a5d52f1cfb3a7ff5",
        "9a8a6df480358a3b",
        "dbd8e1150ca02c50",
    ),
    "still": (
        "000434b3c96370aa",
        "082e0acbc0a9e606",
        "2efe716b8a4d07ad",
        "c98e31cb0f5ea0d3",
        "9805e9046e0c1893",
        "662ac0b12c467fbd",
        "000434b3c96370aa",
        "8da373df86960abd",
    ),
    "screen": (
        "6078e7e0622089ac",
        "f18260345151d96c",
        "475a9a492e25be2e",
        "6078e7e0622089ac",
        "0734cbf698c45c1b",
        "6078e7e0622089ac",
        "6078e7e0622089ac",
        "90d1b5f38342722b",
    ),
    "screen with holes": (
        "da399c972d0aae8a",
        "7ea581445d6e5264",
        "d58f9772402a0756",
        "da399c972d0aae8a",
        "c1ce24e6a513406f",
        "da399c972d0aae8a",
        "da399c972d0aae8a",
        "110c0637c7c07762",
    ),
    "posterised": (
        "858526792d252d5e",
        "63c9fc8bd999751b",
        "858526792d252d5e",
        "858526792d252d5e",
        "fa2689ffd0eb42a0",
        "858526792d252d5e",
        "858526792d252d5e",
        "a261ee64b23beaf4",
    ),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("pictures", PICTURES)
def test_the_gif_is_the_same_as_ever(pictures: str, style: str) -> None:
    frames = PICTURES[pictures]
    gif, _ = gif_of(frames, [8] * len(frames), **STYLES[style])
    assert hashlib.sha256(gif).hexdigest()[:16] == DIGESTS[pictures][list(STYLES).index(style)]
