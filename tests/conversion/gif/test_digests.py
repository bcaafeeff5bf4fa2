"""Digests of whole GIFs: kernels, processors and compilers must not change a byte.

A change that is meant to change GIFs changes `ENGINE_VERSION` and these digests.
"""

import hashlib
from typing import Any

import numpy as np
import pytest

from tests.support.gifs import gif_of

FRAMES, HEIGHT_PX, WIDTH_PX = 9, 72, 96


def film() -> np.ndarray:
    """A drifting gradient with grain: more colours than a histogram counts exactly."""
    number, y, x = np.mgrid[:FRAMES, :HEIGHT_PX, :WIDTH_PX][..., np.newaxis]
    grain = np.random.default_rng(1).integers(-9, 10, (FRAMES, HEIGHT_PX, WIDTH_PX, 3))
    return np.asarray((2 * x * [1, 0, 1] + 3 * y * [0, 1, 0] + 4 * number + grain).clip(0, 255)).astype(
        np.uint8
    )


def screen() -> np.ndarray:
    """Flat areas, scrolling lines of text, and a gradient of 96 steps."""
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
    "effort 1": {"effort": 1},
    "effort 3": {"effort": 3, "is_lossless": False},
    "exact": {"exact": True},
}
# per picture, in the order of the styles
DIGESTS = {
    "film": (
        "385311d6097ba744",
        "417325cf5256833b",
        "4a023ba09ffca7df",
        "e394fd9a8f61ff22",
        "d6e434b21fe5064e",
        "1ee2673f2a4d78f9",
        "d7be4dfd073661f8",
        "263068e7499d1497",
        "6ff4d4929b08574b",
        "8408ca3f63b54268",
        "312df1e89569ffaf",
    ),
    "film with holes": (
        "8a14991118357bb7",
        "771f0f8edb894811",
        "4922ee517d779927",
        "83eda8f749ca8d13",
        "de24457c14565f11",
        "843c59559294d9c6",
        "3bd1f8e26a3f0226",
        "dbd8e1150ca02c50",
        "266847bad7984669",
        "0ecb1f060af23eb4",
        "b31c980141e53d15",
    ),
    "still": (
        "cb88d722bde88f95",
        "b19cc93556d10a7e",
        "da5707f8eb45bd65",
        "e01326d0d670491d",
        "860f5db874eb140a",
        "797a35cd3158d8dc",
        "cb88d722bde88f95",
        "7b84bb6bd52a6740",
        "cb88d722bde88f95",
        "fed0c462dcd0464b",
        "4d20f2b52571834c",
    ),
    "screen": (
        "6078e7e0622089ac",
        "0319b17ac92918d6",
        "366b3a8c5a5d523f",
        "6078e7e0622089ac",
        "09d75800bcaf79d9",
        "6078e7e0622089ac",
        "6078e7e0622089ac",
        "bc00914a1fdc38e8",
        "6078e7e0622089ac",
        "ada470759f47b1c3",
        "6078e7e0622089ac",
    ),
    "screen with holes": (
        "da399c972d0aae8a",
        "6a3b9b36b62d4425",
        "e41ddbcc860c53ad",
        "da399c972d0aae8a",
        "47edb45dd1746495",
        "da399c972d0aae8a",
        "da399c972d0aae8a",
        "110c0637c7c07762",
        "da399c972d0aae8a",
        "89a2224f2c114c8d",
        "da399c972d0aae8a",
    ),
    "posterised": (
        "858526792d252d5e",
        "63c9fc8bd999751b",
        "858526792d252d5e",
        "858526792d252d5e",
        "fa2689ffd0eb42a0",
        "858526792d252d5e",
        "858526792d252d5e",
        "23980bc188646ff3",
        "858526792d252d5e",
        "63c9fc8bd999751b",
        "858526792d252d5e",
    ),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("pictures", PICTURES)
def test_gif_has_its_recorded_digest(pictures: str, style: str) -> None:
    frames = PICTURES[pictures]
    gif, _ = gif_of(frames, [8] * len(frames), **STYLES[style])
    assert hashlib.sha256(gif).hexdigest()[:16] == DIGESTS[pictures][list(STYLES).index(style)]
