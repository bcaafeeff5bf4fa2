import numpy as np
import pytest

from gifapp.conversion.dither import Canvas, Lookup, Rectangle
from gifapp.conversion.palette import Palette
from gifapp.domain.recipe import Dither

DITHERS: tuple[Dither, ...] = ("none", "bayer", "floyd_steinberg", "sierra2_4a")
BLACK_AND_WHITE = Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8), 2)


def flat(value: int, size: int = 32) -> np.ndarray:
    return np.full((size, size, 3), value, np.uint8)


def ramp() -> np.ndarray:
    return np.repeat(np.linspace(0, 255, 64, dtype=np.uint8), 3).reshape(1, 64, 3).repeat(64, axis=0)


@pytest.mark.parametrize("dither", DITHERS)
def test_colours_of_the_palette_get_no_noise(dither: Dither) -> None:
    rng = np.random.default_rng(3)
    colours = np.unique(rng.integers(0, 256, (200, 3), np.uint8), axis=0)
    chosen = rng.integers(0, len(colours), (40, 50))
    palette = Palette(colours, len(colours))
    indices, _ = Canvas(50, 40, dither).draw(colours[chosen], palette, Lookup(palette))
    assert (indices == chosen).all()


def test_the_nearest_colour_is_found_though_the_palette_is_crowded() -> None:
    greys = np.repeat(np.arange(100, 160, 2, dtype=np.uint8)[:, None], 3, axis=1)
    palette = Palette(greys, None)
    pixels = np.repeat(np.arange(100, 158, dtype=np.uint8), 3).reshape(1, -1, 3)
    canvas = Canvas(58, 1, "none")
    canvas.draw(pixels, palette, Lookup(palette))
    assert np.abs(canvas.shown.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize("dither", ["floyd_steinberg", "sierra2_4a"])
def test_diffusion_keeps_more_of_a_ramps_brightness_than_no_dither(dither: Dither) -> None:
    def error(dither: Dither) -> float:
        canvas = Canvas(64, 64, dither)
        palette = Palette(np.array([[0] * 3, [85] * 3, [170] * 3, [255] * 3], np.uint8), 4)
        canvas.draw(ramp(), palette, Lookup(palette))
        blocks = (canvas.shown[..., 0].astype(float) - ramp()[..., 0]).reshape(8, 8, 8, 8)
        return float(np.abs(blocks.mean(axis=(1, 3))).mean())

    assert error(dither) < 0.75 * error("none")


def drawn_after(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The indices of `after` where the palette has each grey of `before` and one 3 above it."""
    greys = np.unique(before)
    palette = Palette(np.repeat(np.concatenate([greys, greys + 3])[:, None], 3, axis=1), 2 * len(greys))
    canvas = Canvas(32, 32, "none")
    canvas.draw(before, palette, Lookup(palette))
    return canvas.draw(after, palette, Lookup(palette))[0]


def test_a_pixel_of_a_busy_picture_is_held_when_it_is_nearly_right_already() -> None:
    busy = flat(100)
    busy[::2, ::2] = busy[1::2, 1::2] = 140
    assert (drawn_after(busy, busy + 2)[1:, 1:] == 4).all()


def test_flat_ground_is_never_left_wrong() -> None:
    assert (drawn_after(flat(100), flat(102)) == 1).all()


def test_only_the_rectangle_that_changed_is_named() -> None:
    canvas = Canvas(32, 32, "floyd_steinberg")
    lookup = Lookup(BLACK_AND_WHITE)
    _, everything = canvas.draw(flat(0), BLACK_AND_WHITE, lookup)
    after = flat(0)
    after[5:9, 7] = after[20, 11] = 255
    indices, changed = canvas.draw(after, BLACK_AND_WHITE, lookup)
    assert everything == (0, 0, 32, 32)
    assert changed == (7, 5, 12, 21)
    assert (indices[5:9, 7] == 1).all()
    assert (indices == 2).sum() == 32 * 32 - 5


def test_without_a_transparent_index_every_pixel_is_written() -> None:
    opaque = BLACK_AND_WHITE._replace(transparent=None)
    canvas = Canvas(32, 32, "none")
    canvas.draw(flat(0), opaque, Lookup(opaque))
    indices, changed = canvas.draw(flat(0), opaque, Lookup(opaque))
    assert (indices == 0).all()
    assert changed.is_empty


def test_a_pixel_that_disappears_is_named() -> None:
    canvas = Canvas(4, 4, "none")
    seen = np.full((4, 4, 4), 255, np.uint8)
    canvas.draw(seen, BLACK_AND_WHITE, Lookup(BLACK_AND_WHITE))
    seen[1, 2, 3] = 0
    assert canvas.vanishing(seen) == (2, 1, 3, 2)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ((0, 0, 0, 0), (3, 4, 5, 6), (3, 4, 5, 6)),
        ((3, 4, 5, 6), (0, 0, 0, 0), (3, 4, 5, 6)),
        ((1, 5, 2, 6), (3, 4, 5, 6), (1, 4, 5, 6)),
    ],
)
def test_the_union_of_rectangles(one: tuple[int, ...], other: tuple[int, ...], both: tuple[int, ...]) -> None:
    assert Rectangle(*one).union(Rectangle(*other)) == both
