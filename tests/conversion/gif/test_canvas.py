import numpy as np
import pytest

from gifapp.conversion.gif import lzw
from gifapp.conversion.gif.canvas import Canvas, Rectangle
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.quantizer import Palette
from gifapp.conversion.gif.style import Style
from gifapp.conversion.gif.tolerance import Tolerance, tolerance
from gifapp.domain.recipes.recipe import Dither
from tests.support import reference

DITHERS: tuple[Dither, ...] = ("none", "bayer", "blue_noise", "floyd_steinberg", "sierra2_4a")
FILM, SCREEN = tolerance("film", Style()), tolerance("screen", Style())
EXACT = FILM._replace(floor=0, share=0, max_excess=0, spread=0.0)
BLACK_AND_WHITE = Palette(np.array([[0, 0, 0], [255, 255, 255]], np.uint8), 2)


def flat(value: int, size: int = 32) -> np.ndarray:
    return np.full((size, size, 3), value, np.uint8)


def ramp() -> np.ndarray:
    return np.repeat(np.linspace(0, 255, 64, dtype=np.uint8), 3).reshape(1, 64, 3).repeat(64, axis=0)


@pytest.mark.parametrize("rules", [FILM, SCREEN, EXACT])
@pytest.mark.parametrize("dither", DITHERS)
def test_exact_palette_colours_are_not_dithered(dither: Dither, rules: Tolerance) -> None:
    rng = np.random.default_rng(3)
    colours = np.unique(rng.integers(0, 12, (200, 3), np.uint8) * 23, axis=0)
    chosen = rng.integers(0, len(colours), (40, 50))
    palette = Palette(colours, len(colours))
    drawn = Canvas(50, 40, dither).draw(colours[chosen], palette, Lookup(palette), rules)
    assert (drawn.indices == chosen).all()


def test_nearest_colour_is_found_in_a_crowded_palette() -> None:
    greys = np.repeat(np.arange(100, 160, 2, dtype=np.uint8)[:, None], 3, axis=1)
    palette = Palette(greys, None)
    pixels = np.repeat(np.arange(100, 158, dtype=np.uint8), 3).reshape(1, -1, 3)
    canvas = Canvas(58, 1, "none")
    canvas.draw(pixels, palette, Lookup(palette), EXACT)
    assert np.abs(canvas.shown.astype(int) - pixels).max() <= 1


def test_each_of_256_colours_is_found_in_its_cell_and_beside_it() -> None:
    table = (
        np.stack(np.meshgrid(*[np.arange(8, 256, 16)] * 2, [100]), axis=-1).reshape(-1, 3).astype(np.uint8)
    )
    palette = Palette(table, None)
    steps = np.array([[0, 0, 0], [1, 0, 1], [-5, 0, 0]])[:, np.newaxis]
    pixels = (table + steps).astype(np.uint8)
    drawn = Canvas(256, 3, "none").draw(pixels, palette, Lookup(palette), EXACT)
    assert (drawn.indices == np.arange(256)).all()


@pytest.mark.parametrize("dither", ["floyd_steinberg", "sierra2_4a"])
def test_diffusion_keeps_a_ramps_brightness_better_than_no_dither(dither: Dither) -> None:
    def error(dither: Dither) -> float:
        canvas = Canvas(64, 64, dither)
        palette = Palette(np.array([[0] * 3, [85] * 3, [170] * 3, [255] * 3], np.uint8), 4)
        canvas.draw(ramp(), palette, Lookup(palette), tolerance("film", Style(dither=dither)))
        blocks = (canvas.shown[..., 0].astype(float) - ramp()[..., 0]).reshape(8, 8, 8, 8)
        return float(np.abs(blocks.mean(axis=(1, 3))).mean())

    assert error(dither) < 0.75 * error("none")


def left_wrong(before: np.ndarray, after: np.ndarray, rules: Tolerance) -> float:
    """The share of pixels that keep their old colour although the palette has the exact new one."""
    greys = np.unique([before, after])
    palette = Palette(np.repeat(greys[:, None], 3, axis=1), len(greys))
    canvas = Canvas(32, 32, "none")
    canvas.draw(before, palette, Lookup(palette), rules)
    canvas.draw(after, palette, Lookup(palette), rules)
    return float(np.mean(canvas.shown[1:, 1:] == before[1:, 1:]))


def test_busy_pixel_is_kept_when_it_is_nearly_right() -> None:
    busy = flat(100)
    busy[::2, ::2] = busy[1::2, 1::2] = 140
    assert left_wrong(busy, busy + 3, FILM) == 1
    assert left_wrong(busy, busy + 3, EXACT) == 0


@pytest.mark.parametrize(("rules", "step"), [(FILM, 1), (SCREEN, 1), (EXACT, 0)])
def test_flat_area_changes_when_the_error_exceeds_the_floor(rules: Tolerance, step: int) -> None:
    assert left_wrong(flat(100), flat(100 + step), rules) == 1
    assert left_wrong(flat(100), flat(101 + step), rules) == 0


def test_lzw_string_continues_where_that_is_nearly_as_good() -> None:
    """Two alternating colours form one long LZW string; slight noise must not break it."""
    rng = np.random.default_rng(7)
    stripes = np.where(np.arange(64)[:, None] % 2, 100, 160).astype(np.uint8)[None].repeat(64, axis=0)
    noisy = np.repeat(stripes + rng.integers(0, 3, stripes.shape, np.uint8), 3, axis=2)
    greys = np.unique(noisy)
    palette = Palette(np.repeat(greys[:, None], 3, axis=1), len(greys))

    def compressed(rules: Tolerance) -> int:
        return len(Canvas(64, 64, "none").draw(noisy, palette, Lookup(palette), rules).codes)

    assert compressed(FILM) < 0.6 * compressed(EXACT)


@pytest.mark.parametrize("rules", [FILM, SCREEN, EXACT])
def test_lzw_codes_match_the_indices(rules: Tolerance) -> None:
    noisy = np.random.default_rng(9).integers(0, 200, (3, 150, 90, 3), np.uint8)
    palette = Palette(noisy[0].reshape(-1, 3)[:90], 90)
    canvas = Canvas(90, 150, "auto")
    for picture in noisy:
        drawn = canvas.draw(picture, palette, Lookup(palette), rules)
        data = lzw.packed(drawn.codes, 7, lzw.AS_THEY_ARE)
        assert reference.unpacked(data).pixels == drawn.indices.ravel().tolist()


def test_excess_error_is_bounded() -> None:
    rng = np.random.default_rng(11)
    pictures = rng.integers(0, 256, (6, 48, 48, 3), np.uint8)
    greys = np.arange(0, 256, 5, dtype=np.uint8)
    palette = Palette(np.stack(np.meshgrid(*[greys[::9]] * 3), axis=-1).reshape(-1, 3), 216)
    rules = EXACT._replace(strength=0, floor=300, share=256, max_excess=2000)
    canvas, exact = Canvas(48, 48, "none"), Canvas(48, 48, "none")
    for picture in pictures:
        canvas.draw(picture, palette, Lookup(palette), rules)
        exact.draw(picture, palette, Lookup(palette), EXACT)
        excess = distance(canvas.shown, picture) - distance(exact.shown, picture)
        assert excess.max() <= rules.max_excess
    assert excess.max() > 0


def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The squared weighted distance that tolerances use."""
    squares: np.ndarray = (first.astype(int) - second) ** 2
    return np.asarray(squares @ FILM.weights)


def test_draw_returns_only_the_changed_rectangle() -> None:
    canvas = Canvas(32, 32, "floyd_steinberg")
    lookup = Lookup(BLACK_AND_WHITE)
    everything = canvas.draw(flat(0), BLACK_AND_WHITE, lookup, FILM)
    after = flat(0)
    after[5:9, 7] = after[20, 11] = 255
    drawn = canvas.draw(after, BLACK_AND_WHITE, lookup, FILM)
    assert everything.where == (0, 0, 32, 32)
    assert drawn.where == (7, 5, 12, 21)
    assert (drawn.indices[0:4, 0] == 1).all()
    assert (drawn.indices == 2).sum() == 5 * 16 - 5


def test_targets_are_drawn_except_in_strips_that_are_held() -> None:
    greys = Palette(np.arange(0, 256, 3, dtype=np.uint8)[:, np.newaxis].repeat(3, axis=1), 86)
    before = np.full((3, 512, 3), 120, np.uint8)
    after, targets = before.copy(), np.full_like(before, 160)
    after[0, [0, -1]] = after[2, 300] = 180
    after[1] = 121  # is held, though its error is diffused to the row below

    def drawn_as(targets: np.ndarray) -> np.ndarray:
        canvas, lookup = Canvas(512, 3, "auto"), Lookup(greys)
        canvas.draw(before, greys, lookup, FILM)
        canvas.draw(after, greys, lookup, FILM, lambda: targets)
        return canvas.shown.copy()

    drawn = drawn_as(targets)
    assert abs(int(drawn[2, 300, 0]) - 160) < 9
    targets[1] = after[1]
    assert (drawn == drawn_as(targets)).all()


def test_unchanged_picture_is_empty_even_without_a_transparent_index() -> None:
    opaque = BLACK_AND_WHITE._replace(transparent=None)
    canvas = Canvas(32, 32, "none")
    canvas.draw(flat(0), opaque, Lookup(opaque), FILM)
    drawn = canvas.draw(flat(0), opaque, Lookup(opaque), FILM)
    assert (drawn.indices == 0).all()
    assert drawn.where.is_empty


def test_vanishing_pixel_is_reported() -> None:
    canvas = Canvas(4, 4, "none")
    seen = np.full((4, 4, 4), 255, np.uint8)
    canvas.draw(seen, BLACK_AND_WHITE, Lookup(BLACK_AND_WHITE), FILM)
    seen[1, 2, 3] = 0
    assert canvas.vanishing(seen) == (2, 1, 3, 2)


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        ((0, 0, 0, 0), (3, 4, 5, 6), (3, 4, 5, 6)),
        ((3, 4, 5, 6), (0, 0, 0, 0), (3, 4, 5, 6)),
        ((1, 5, 2, 6), (3, 4, 5, 6), (1, 4, 5, 6)),
    ],
)
def test_union_of_rectangles(first: tuple[int, ...], second: tuple[int, ...], both: tuple[int, ...]) -> None:
    assert Rectangle(*first).union(Rectangle(*second)) == both
