"""Which frames share a palette, and which have their own."""

import io
from collections.abc import Iterator

import numpy as np
import pytest

from gifapp.conversion.frame import Frame
from gifapp.conversion.gif import encoder
from gifapp.conversion.gif.encoder import Style, encode
from gifapp.conversion.gif.histogram import Histogram
from gifapp.conversion.gif.tolerance import EXACT
from gifapp.domain.recipes.recipe import PaletteScope
from tests.support.gifs import gif_of, gifsicle, seen_by_ffmpeg, seen_by_pillow

WIDTH_PX, HEIGHT_PX = 96, 64


def drawing(count: int) -> Iterator[np.ndarray]:
    """A soft-edged disc moving over a patchwork: flat areas, but more than 256 colours."""
    patches = np.random.default_rng(6).integers(0, 256, (HEIGHT_PX // 8, WIDTH_PX // 8, 3))
    ground = patches.repeat(8, axis=0).repeat(8, axis=1)
    y, x = np.mgrid[:HEIGHT_PX, :WIDTH_PX]
    for number in range(count):
        away = np.hypot(x - 20 - 3 * number % 60, y - 30)[..., np.newaxis]
        cover = np.clip(14.5 - away, 0, 1)
        yield (ground * (1 - cover) + np.array([240, 90, 40]) * cover).astype(np.uint8)


def film(count: int) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(4)
    return (rng.integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3), np.uint8) for _ in range(count))


def own_tables(gif: bytes) -> int:
    return gifsicle(gif).count("local color table")


def test_frames_of_a_drawing_share_a_palette() -> None:
    gif, encoded = gif_of(drawing(12), is_lossless=False)
    assert encoded.frames == 12
    assert own_tables(gif) == 0
    assert (seen_by_pillow(gif)[0] == seen_by_ffmpeg(gif)).all()


def test_shared_palette_is_smaller_than_one_for_each_frame() -> None:
    shared, _ = gif_of(drawing(12), is_lossless=False)
    apart, _ = gif_of(drawing(12), is_lossless=False, palette="per_frame")
    assert len(shared) < 0.8 * len(apart)


def test_frame_has_its_own_palette_where_the_shared_one_is_too_far_off() -> None:
    rng = np.random.default_rng(9)
    bright = [np.repeat(np.repeat(rng.integers(0, 256, (32, 48, 3), np.uint8), 2, 0), 2, 1) for _ in range(4)]
    gif, _ = gif_of([*drawing(8), *bright, *drawing(8)], is_lossless=False)
    assert 0 < own_tables(gif) <= 4


@pytest.mark.parametrize("scope", ["per_frame", "scene"])
def test_per_frame_setting_gives_each_frame_a_palette(scope: PaletteScope) -> None:
    gif, encoded = gif_of(drawing(8), is_lossless=False, palette=scope)
    assert own_tables(gif) == (encoded.frames - 1 if scope == "per_frame" else 0)


def test_film_does_not_wait_for_a_shared_palette() -> None:
    gif, encoded = gif_of(film(8), is_lossless=False)
    assert own_tables(gif) == encoded.frames - encoder.GROUP_FRAMES


def test_single_drawing_has_all_256_colours() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(16, 16, 3).repeat(8, 0).repeat(8, 1)
    gif, encoded = gif_of([greys], is_lossless=False)
    assert encoded.colours == 256
    assert "transparent" not in gifsicle(gif)


def test_only_the_beginning_of_a_long_drawing_is_read_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "_MAX_STORED_BYTES", 10 * HEIGHT_PX * WIDTH_PX * 3)
    out = io.BytesIO()
    written: list[int] = []

    def frames() -> Iterator[Frame]:
        for pixels in drawing(40):
            written.append(out.tell())
            yield Frame(pixels, 8)

    encoded = encode(
        frames(), out, width_px=WIDTH_PX, height_px=HEIGHT_PX, loop=0, style=Style(is_lossless=False)
    )
    assert written[10] == 0 < written[-1]
    assert encoded.frames == len(seen_by_pillow(out.getvalue())[0]) == 40


def test_palette_error_is_the_mean_distance_of_the_pixels() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (20, 30, 3), np.uint8)
    table = np.random.default_rng(5).integers(0, 256, (9, 3), np.uint8)
    histogram = Histogram()
    histogram.add(pixels)
    steps = pixels.reshape(-1, 1, 3).astype(int) - table
    nearest = (steps * steps @ EXACT.weights).min(axis=1)
    assert histogram.error(table, EXACT.weights) == pytest.approx(nearest.mean(), rel=0.05)
    assert histogram.error(pixels.reshape(-1, 3)[:1], EXACT.weights) > histogram.error(table, EXACT.weights)
