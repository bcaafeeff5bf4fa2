"""Pictures whose colours fit one palette are converted exactly, however often."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gifapp.domain.recipes.recipe import Content, Dither, PaletteScope
from tests.support.depth import examples
from tests.support.gifs import gif_of, seen_by_libav, seen_by_pillow

DITHERS: tuple[Dither, ...] = ("auto", "none", "bayer", "blue_noise", "floyd_steinberg", "sierra2_4a")
CONTENTS: tuple[Content, ...] = ("film", "screen")
HEIGHT, WIDTH = 24, 31


def colours(rng: np.random.Generator, count: int) -> np.ndarray:
    keys = rng.choice(1 << 24, count, replace=False)
    return np.stack([keys >> 16, keys >> 8 & 255, keys & 255], axis=1).astype(np.uint8)


def scattered(rng: np.random.Generator, table: np.ndarray, height: int, width: int) -> np.ndarray:
    """A picture that uses every colour of the palette."""
    chosen = rng.integers(0, len(table), height * width)
    chosen[: len(table)] = np.arange(len(table))
    picture: np.ndarray = table[rng.permutation(chosen)]
    return picture.reshape(height, width, 3)


def with_holes(rng: np.random.Generator, pictures: np.ndarray) -> np.ndarray:
    alpha = np.where(rng.random((*pictures.shape[:3], 1)) < 0.2, 0, 255).astype(np.uint8)
    return np.concatenate([pictures, alpha], axis=3)


def shown(gif: bytes, delays_cs: list[int]) -> np.ndarray:
    """What is shown while each frame of the source plays."""
    seen, read_cs = seen_by_pillow(gif)
    assert sum(read_cs) == sum(delays_cs)
    begins = np.cumsum([0, *delays_cs[:-1]])
    return seen[np.searchsorted(np.cumsum(read_cs), begins, side="right")]


def assert_exact(pictures: np.ndarray, **style: Any) -> bytes:
    delays_cs = list(range(3, 3 + len(pictures)))
    gif, _ = gif_of(pictures, delays_cs, **style)
    seen = shown(gif, delays_cs)
    if pictures.shape[3] == 4:
        np.testing.assert_array_equal(seen, np.where(pictures[..., 3:] > 0, pictures, 0))
    else:
        np.testing.assert_array_equal(seen[..., :3], pictures)
        assert seen[..., 3].all()
    return gif


def test_noise_of_a_lossily_coded_grey_film_is_not_kept() -> None:
    noise = np.random.default_rng(1).normal(0, 2, (8, 60, 80, 1))
    ramp = np.linspace(40, 200, 80)[:, np.newaxis]
    film = np.repeat(np.clip(ramp + noise, 0, 255).astype(np.uint8), 3, axis=3)
    exact = assert_exact(film)
    coded, _ = gif_of(film, list(range(3, 11)), is_lossless=False)
    assert len(coded) < 0.7 * len(exact)


@pytest.mark.parametrize("dither", DITHERS)
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("max_colours", [2, 3, 4, 5, 17, 128, 255, 256])
def test_group_that_fits_a_palette_is_exact(max_colours: int, content: Content, dither: Dither) -> None:
    rng = np.random.default_rng(max_colours)
    table = colours(rng, max_colours)
    pictures = np.stack([scattered(rng, table, HEIGHT, WIDTH) for _ in range(6)])
    assert_exact(pictures, colours=max_colours, content=content, dither=dither)


@pytest.mark.parametrize("max_colours", [2, 3, 16, 256])
@pytest.mark.parametrize("count", [1, 6])
def test_group_with_transparency_that_fits_a_palette_is_exact(count: int, max_colours: int) -> None:
    rng = np.random.default_rng(max_colours)
    table = colours(rng, max_colours - 1)
    pictures = np.stack([scattered(rng, table, HEIGHT, WIDTH) for _ in range(count)])
    assert_exact(with_holes(rng, pictures), colours=max_colours)


@pytest.mark.parametrize("step", [1, 2, 5])
@pytest.mark.parametrize("content", CONTENTS)
def test_similar_tones_in_motion_are_exact(content: Content, step: int) -> None:
    """A film's tolerance would keep pixels that are only nearly right."""
    rng = np.random.default_rng(step)
    greys = (100 + step * rng.integers(0, 12, (8, HEIGHT, WIDTH, 1))).repeat(3, axis=3)
    assert_exact(greys.astype(np.uint8), content=content)


@pytest.mark.parametrize("scope", ["auto", "scene", "per_frame"])
@pytest.mark.parametrize("max_colours", [4, 16, 255, 256])
def test_frames_with_their_own_palettes_are_exact(max_colours: int, scope: PaletteScope) -> None:
    rng = np.random.default_rng(max_colours)
    pictures = [scattered(rng, colours(rng, max_colours), HEIGHT, WIDTH) for _ in range(7)]
    assert_exact(np.stack(pictures), colours=max_colours, palette=scope)


@pytest.mark.parametrize("max_colours", [16, 255, 256])
def test_changed_part_is_exact_even_if_the_whole_has_too_many_colours(max_colours: int) -> None:
    rng = np.random.default_rng(max_colours)
    pictures = [scattered(rng, colours(rng, max_colours - 1), HEIGHT, WIDTH)]
    for _ in range(9):
        after = pictures[-1].copy()
        after[4:21, 5:26] = scattered(rng, colours(rng, max_colours), 17, 21)
        pictures.append(after)
    assert_exact(np.stack(pictures), colours=max_colours)


def test_only_changed_pixels_are_written() -> None:
    rng = np.random.default_rng(2)
    still = scattered(rng, colours(rng, 250), 100, 120)
    moved = still.copy()
    moved[40:44, 50:53] = colours(rng, 1)
    alone, both = (len(gif_of(clip)[0]) for clip in ([still], [still, moved]))
    assert both - alone < 200


@pytest.mark.parametrize("count", [3, 9, 40])
def test_suitable_palette_is_not_written_again(count: int) -> None:
    rng = np.random.default_rng(count)
    table = colours(rng, 64)
    gif = assert_exact(np.stack([scattered(rng, table, HEIGHT, WIDTH) for _ in range(count)]))
    assert gif.count(table[np.lexsort(table.T[::-1])].tobytes()) == 1


def test_lossy_compression_is_not_exact() -> None:
    rng = np.random.default_rng(3)
    greys = rng.integers(100, 112, (6, HEIGHT, WIDTH, 1), np.uint8).repeat(3, axis=3)
    assert len(gif_of(greys, lossy=60)[0]) < 0.7 * len(gif_of(greys)[0])


@st.composite
def clips(draw: st.DrawFn) -> np.ndarray:
    """Frames that keep parts of earlier ones, with few or many colours, possibly with transparency."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    count = draw(st.integers(1, 7))
    spread = draw(st.integers(1, 256))
    pictures = rng.integers(0, spread, (count, height, width, draw(st.sampled_from([3, 4]))), np.uint8)
    if pictures.shape[3] == 4:
        pictures[..., 3] = np.where(rng.random(pictures.shape[:3]) < 0.3, 0, 255)
    stays = rng.random(pictures.shape[:3]) < draw(st.sampled_from([0.0, 0.5, 0.95, 1.0]))
    for before, after, is_kept in zip(pictures, pictures[1:], stays[1:], strict=False):
        after[is_kept] = before[is_kept]
    return pictures


@examples(120)
@given(clips(), st.integers(2, 256), st.sampled_from(DITHERS))
def test_converting_a_gif_again_changes_nothing(clip: np.ndarray, max_colours: int, dither: Dither) -> None:
    """Even if the first conversion lost much of the clip."""
    style: dict[str, Any] = {"colours": max_colours, "dither": dither}
    first, delays_cs = seen_by_libav(gif_of(clip, **style)[0])
    for _ in range(2):
        pictures = first if clip.shape[3] == 4 else first[..., :3]
        again, again_cs = seen_by_libav(gif_of(pictures, delays_cs, **style)[0])
        np.testing.assert_array_equal(again, first)
        assert again_cs == delays_cs


@examples(80)
@given(clips(), st.data())
def test_pictures_that_fit_one_palette_are_exact(clip: np.ndarray, data: st.DataObject) -> None:
    is_seen = clip[..., 3] > 0 if clip.shape[3] == 4 else np.ones(clip.shape[:3], bool)
    needed = len(np.unique(clip[..., :3][is_seen], axis=0)) + (clip.shape[3] == 4)
    if needed <= 256:
        max_colours = data.draw(st.integers(max(2, needed), 256))
        assert_exact(clip, colours=max_colours, dither=data.draw(st.sampled_from(DITHERS)))
