"""Layers on frames: blended exactly, at their time, and cheaply."""

import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from gifapp.conversion.frame import Frame
from gifapp.conversion.text.compositing import composite
from gifapp.conversion.text.layer import Layer

RANDOM = np.random.default_rng(7)
PICTURE = RANDOM.integers(0, 256, (20, 30, 4), np.uint8)


def on(pixels: np.ndarray, *layers: Layer) -> np.ndarray:
    return next(composite([Frame(pixels, 10)], layers)).pixels


def seen(frames: list[int], layer: Layer) -> list[bool]:
    """Which of the frames with these delays show the layer."""
    black = np.zeros((4, 4, 3), np.uint8)
    shown = composite([Frame(black, delay_cs) for delay_cs in frames], [layer])
    return [bool(frame.pixels.any()) for frame in shown]


def white(**when: Any) -> Layer:
    return Layer(lambda: np.full((2, 2, 4), 255, np.uint8), 1, 1, **when)


def test_opaque_frames_are_blended_to_the_nearest_value() -> None:
    under = RANDOM.integers(0, 256, (50, 60, 3), np.uint8)
    shown = on(under, Layer(lambda: PICTURE, 10, 5))
    alpha = PICTURE[..., 3:].astype(int)
    total = under[5:25, 10:40].astype(int) * (255 - alpha) + PICTURE[..., :3].astype(int) * alpha
    assert np.array_equal(shown[5:25, 10:40], (total * 2 + 255) // 510)


def test_transparent_frames_are_blended_by_visible_colour() -> None:
    under = RANDOM.integers(0, 256, (50, 60, 4), np.uint8)
    shown = on(under, Layer(lambda: PICTURE, 10, 5))[5:25, 10:40].astype(int)
    mine, theirs = PICTURE / 255, under[5:25, 10:40] / 255
    alpha = mine[..., 3:] + theirs[..., 3:] * (1 - mine[..., 3:])
    over = mine[..., :3] * mine[..., 3:] + theirs[..., :3] * theirs[..., 3:] * (1 - mine[..., 3:])
    assert np.abs(shown[..., 3:] - alpha * 255).max() <= 1
    weight = np.where(alpha > 0, alpha, 1)
    assert (np.abs(shown[..., :3] - over / weight * 255) * (alpha > 0)).max() <= 2


def test_layer_order_does_not_depend_on_start_times() -> None:
    black = Layer(lambda: np.full((2, 2, 4), (0, 0, 0, 255), np.uint8), 1, 1)
    frames = [Frame(np.full((4, 4, 3), 9, np.uint8), 10)] * 2
    over, under = (
        [int(frame.pixels[1, 1, 0]) for frame in composite(frames, layers)]
        for layers in ([black, white(start_s=0.1)], [white(start_s=0.1), black])
    )
    assert (over, under) == ([0, 255], [0, 0])


def test_letters_are_opaque_on_a_transparent_picture() -> None:
    shown = on(np.zeros((4, 4, 4), np.uint8), white())
    assert shown[1:3, 1:3].tolist() == [[[255] * 4] * 2] * 2
    assert not shown[0].any()


def test_pixels_outside_the_layer_and_the_input_frame_are_unchanged() -> None:
    under = RANDOM.integers(0, 256, (50, 60, 3), np.uint8)
    original = under.copy()
    original.flags.writeable = False
    shown = on(original, Layer(lambda: PICTURE, 10, 5))
    shown[5:25, 10:40] = under[5:25, 10:40]
    assert np.array_equal(shown, under)


@pytest.mark.parametrize(("x_px", "y_px"), [(-10, -5), (50, 45), (-100, 0), (0, 100), (60, 0)])
def test_layer_may_exceed_the_frame(x_px: int, y_px: int) -> None:
    solid = np.full((20, 30, 4), 255, np.uint8)
    shown = on(np.zeros((50, 60, 3), np.uint8), Layer(lambda: solid, x_px, y_px))
    expected = np.zeros((50, 60), bool)
    expected[max(0, y_px) : max(0, y_px + 20), max(0, x_px) : max(0, x_px + 30)] = True
    assert np.array_equal(shown.any(axis=2), expected)


def test_later_layer_covers_an_earlier_one() -> None:
    red = Layer(lambda: np.full((4, 4, 4), (255, 0, 0, 255), np.uint8), 0, 0)
    assert on(np.zeros((4, 4, 3), np.uint8), red, white())[1, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [True, True, True, True]),
        ({"start_s": 0.1}, [False, True, True, True]),
        ({"start_s": 0.1, "end_s": 0.3}, [False, True, False, False]),
        ({"start_s": 0.11}, [False, False, True, True]),
        ({"start_s": 0.1 + 0.2, "end_s": 0.7 - 0.3}, [False, False, True, False]),
        ({"start_s": 5.0}, [False, False, False, False]),
    ],
)
def test_layer_shows_on_frames_that_begin_within_its_time(
    when: dict[str, float], expected: list[bool]
) -> None:
    assert seen([10, 20, 10, 5], white(**when)) == expected


def test_layer_is_painted_once_and_only_if_shown() -> None:
    drawings: list[str] = []

    def drawing(name: str) -> np.ndarray:
        drawings.append(name)
        return np.full((2, 2, 4), 255, np.uint8)

    layers = [Layer(lambda: drawing("seen"), 0, 0, 0.2, 0.5), Layer(lambda: drawing("never"), 0, 0, 9.0)]
    list(composite([Frame(np.zeros((4, 4, 3), np.uint8), 10)] * 8, layers))
    assert drawings == ["seen"]


@pytest.mark.parametrize("channels", [3, 4])
def test_caption_costs_less_than_a_millisecond_a_frame(channels: int) -> None:
    under = RANDOM.integers(0, 256, (270, 480, channels), np.uint8)
    caption = RANDOM.integers(0, 256, (70, 440, 4), np.uint8)
    begin = time.process_time()
    list(composite([Frame(under, 8)] * 100, [Layer(lambda: caption, 20, 190)]))
    assert (time.process_time() - begin) / 100 < 0.001


def test_recipe_without_text_loads_no_fonts() -> None:
    program = """
import sys
from gifapp.domain.recipes.recipe import Recipe
from tests.support.plans import a_plan, layers
assert layers(a_plan(Recipe())) == []
assert not {"uharfbuzz", "bidi", "webvtt", "gifapp.conversion.text.fonts"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
