"""Efforts and exact GIFs, measured on clips that resemble a film and a screen recording."""

import numpy as np
import pytest
from PIL import Image

from gifapp.conversion.gif.style import Style
from gifapp.domain.recipes.recipe import Recipe
from tests.support.gifs import gif_of, seen_by_pillow


def film() -> np.ndarray:
    """A picture of soft shapes with texture that moves slowly, with grain that is new in every frame."""
    random = np.random.default_rng(4)
    coarse = (random.integers(40, 200, (9, 12, 1)) + random.integers(-20, 20, (9, 12, 3))).astype(np.uint8)
    wide = np.asarray(Image.fromarray(coarse).resize((200, 120), Image.Resampling.BICUBIC), int)
    texture = random.normal(0, 6, wide.shape)
    frames = [np.roll(wide + texture, -number, axis=1)[:, :160] for number in range(10)]
    return (
        np.stack([frame + random.normal(0, 2, frame.shape) for frame in frames]).clip(0, 255).astype(np.uint8)
    )


def psnr_db(gif: bytes, frames: np.ndarray) -> float:
    shown, _ = seen_by_pillow(gif)
    assert len(shown) == len(frames)
    error = shown[..., :3].astype(float) - frames
    return float(10 * np.log10(255**2 / np.mean(error**2)))


@pytest.mark.parametrize("lossy", [0, 40])
def test_effort_3_is_smaller_and_no_worse(lossy: int) -> None:
    frames = film()
    two, three = (gif_of(frames, effort=effort, lossy=lossy, is_lossless=False)[0] for effort in (2, 3))
    assert len(three) < 0.98 * len(two)
    assert psnr_db(three, frames) > psnr_db(two, frames) - 0.05


@pytest.mark.parametrize("effort", [1, 2, 3])
def test_every_effort_shows_few_colours_exactly(effort: int) -> None:
    frames = film() // 64 * 64
    shown, _ = seen_by_pillow(gif_of(frames, effort=effort)[0])
    assert (shown[..., :3] == frames).all()


def test_exact_recording_of_few_colours_is_exact_after_a_video_codec() -> None:
    frames = film() // 64 * 64
    shown, _ = seen_by_pillow(gif_of(frames, exact=True, is_lossless=False)[0])
    assert (shown[..., :3] == frames).all()


def test_exact_film_is_nearer_to_its_frames() -> None:
    frames = film()
    default, exact = (gif_of(frames, exact=exact, is_lossless=False)[0] for exact in (False, True))
    assert psnr_db(exact, frames) > psnr_db(default, frames) + 0.4


def test_exact_gif_corrects_the_slightest_change() -> None:
    frames = np.full((2, 20, 30, 3), 100, np.uint8)
    frames[:, 5:10, 5:10] = 200
    frames[1, 12:] += 1
    assert gif_of(frames, is_lossless=False)[1].frames == 1
    shown, _ = seen_by_pillow(gif_of(frames, exact=True, is_lossless=False)[0])
    assert (shown[..., :3] == frames).all()


def test_style_takes_effort_and_exactness_from_its_recipe() -> None:
    style = Style.of(Recipe(effort=3, exact=True, colours=64), is_lossless=False)
    assert style == Style(colours=64, effort=3, exact=True, is_lossless=False)
