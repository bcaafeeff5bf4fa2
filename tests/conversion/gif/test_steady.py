"""Looking ahead: pixels that hardly change are drawn as the mean of the coming frames."""

import numpy as np
import pytest

from gifapp.conversion.gif.steady import MAX_FOLLOWING, steady, with_following
from gifapp.conversion.gif.tolerance import EXACT
from tests.support.gifs import gif_of, seen_by_pillow

FLOOR, SHARE, MAX_EXCESS = 30, 100, 90
RULES = np.array([FLOOR, SHARE, MAX_EXCESS, -1, *EXACT.channels], np.int32)


def clip(channels: int, seed: int = 1) -> list[np.ndarray]:
    """Frames of grain, some of it strong, on a gradient wider than one block of the kernel."""
    rng = np.random.default_rng(seed)
    ground = np.arange(300)[np.newaxis, :, np.newaxis] // 2 + np.arange(7)[:, np.newaxis, np.newaxis]
    grain = [rng.normal(0, 3, (7, 300, channels)) * rng.integers(1, 4, (7, 300, 1)) for _ in range(5)]
    frames = [np.clip(ground + 40 + each, 0, 255).astype(np.uint8) for each in grain]
    for frame in frames:
        frame[..., 3:] = rng.choice([0, 127, 128, 255], (7, 300, channels - 3), p=[0.1, 0.1, 0.4, 0.4])
    return frames


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return np.asarray((first[..., :3].astype(int) - second[..., :3]) ** 2 @ EXACT.weights)


def mean_of(frames: list[np.ndarray]) -> np.ndarray:
    """The pixelwise mean of frames."""
    first, *following = frames
    left = np.concatenate([first[:, :1], first[:, :-1]], axis=1)
    above = np.concatenate([first[:1], first[:-1]])
    allowance = np.minimum(
        (distance(first, left) + distance(first, above)) * SHARE // 256 + FLOOR, MAX_EXCESS
    )
    counts = first[..., 3] >= 128 if first.shape[2] == 4 else np.ones(first.shape[:2], bool)
    total, number = first[..., :3].astype(float), np.ones(first.shape[:2], int)
    for frame in following:
        counts = counts & (distance(first, frame) <= allowance * 3 // 2)
        counts &= frame[..., 3] >= 128 if frame.shape[2] == 4 else True
        total += frame[..., :3] * counts[..., np.newaxis]
        number += counts
    return np.dstack([np.floor(total / number[..., np.newaxis] + 0.5), first[..., 3:]]).astype(np.uint8)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("count", range(MAX_FOLLOWING + 1))
def test_pixel_is_the_mean_of_coming_frames_until_it_changes(channels: int, count: int) -> None:
    first, *following = clip(channels)
    means = steady(first, following[:count], RULES)
    assert (means == mean_of([first, *following[:count]])).all()
    assert (means != first).any() == (count > 0)


def test_mean_is_the_same_beside_a_part_that_stands_still() -> None:
    frames = clip(3)
    for frame in frames:
        frame[:, 256:] = 90
        frame[4] = 90
    first, *following = frames
    assert (steady(first, following, RULES) == mean_of(frames)).all()


def test_each_frame_comes_with_the_next_ones() -> None:
    assert list(with_following("abcdef")) == [
        ("a", list("bcde")),
        ("b", list("cdef")),
        ("c", list("def")),
        ("d", list("ef")),
        ("e", ["f"]),
        ("f", []),
    ]


def test_grainy_still_is_drawn_with_less_grain() -> None:
    rng = np.random.default_rng(8)
    clean = np.add.outer(np.arange(60), np.arange(80))[..., np.newaxis].repeat(3, axis=2) // 4 + 90.0
    grain = rng.normal(0, 1.5, (6, 60, 80, 1))
    frames = np.clip(clean + grain, 0, 255).round().astype(np.uint8)
    first = [
        seen_by_pillow(gif_of(some, is_lossless=False)[0])[0][0, ..., :3] for some in (frames, frames[:1])
    ]
    ahead, alone = (np.abs(shown - clean).mean() for shown in first)
    assert ahead < 0.8 * alone
