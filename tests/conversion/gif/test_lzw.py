import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import reference
from tests.support.gifs import compressed


def unpacked(data: bytes) -> list[int]:
    return reference.unpacked(data).pixels


def runs(bits: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(st.integers(0, (1 << bits) - 1), st.integers(1, 700)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 8).flatmap(lambda bits: st.tuples(st.just(bits), runs(bits))))
def test_runs_survive_a_round_trip(given_runs: tuple[int, list[tuple[int, int]]]) -> None:
    bits, pairs = given_runs
    pixels = np.concatenate([np.full(length, colour, np.uint8) for colour, length in pairs])
    assert unpacked(compressed(pixels[None], bits)) == pixels.tolist()


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 8), st.integers(1, 9000), st.integers(0, 2**32 - 1))
def test_noise_survives_a_round_trip(bits: int, count: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 1 << bits, count, np.uint8)
    assert unpacked(compressed(pixels[None], bits)) == pixels.tolist()


@pytest.mark.parametrize("bits", [1, 2, 5, 8])
@pytest.mark.parametrize("count", range(1, 10))
def test_shortest_frames_survive_a_round_trip(bits: int, count: int) -> None:
    pixels = (np.arange(count) % (1 << bits)).astype(np.uint8)
    assert unpacked(compressed(pixels[None], bits)) == pixels.tolist()


def test_noise_fits_its_buffer() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 301), np.uint8)
    assert unpacked(compressed(pixels, 8)) == pixels.ravel().tolist()


def test_rectangle_of_a_larger_frame_is_compressed_alone() -> None:
    frame = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert unpacked(compressed(frame[2:4, 3:6], 8)) == [23, 24, 25, 33, 34, 35]


def test_flat_colour_takes_almost_nothing() -> None:
    assert len(compressed(np.zeros((300, 300), np.uint8), 1)) < 600
