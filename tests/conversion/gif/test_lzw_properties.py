"""LZW round trips of arbitrary pixels; `make properties` runs many more examples."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support import reference
from tests.support.depth import examples
from tests.support.gifs import compressed


@examples(60)
@given(st.integers(1, 8), st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(-6, 6))
def test_lzw_round_trip_where_the_dictionary_fills_up(
    bits: int, seed: int, longest_run: int, beyond: int
) -> None:
    pixels = noise_in_runs(bits, seed, longest_run)
    whole = unpacked(pixels, bits)
    assert whole.pixels == pixels.tolist()
    for filled in whole.clears[1:3]:  # where the encoder's dictionary is full
        part = pixels[: max(1, filled + beyond)]
        assert unpacked(part, bits).pixels == part.tolist()


@examples(60)
@given(st.integers(1, 8).flatmap(lambda bits: st.tuples(st.just(bits), st.binary(min_size=1, max_size=300))))
def test_lzw_round_trip_of_anything(frame: tuple[int, bytes]) -> None:
    bits, data = frame
    pixels = np.frombuffer(data, np.uint8) & (1 << bits) - 1
    assert unpacked(pixels, bits).pixels == pixels.tolist()


def noise_in_runs(bits: int, seed: int, longest_run: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    runs = rng.integers(1, longest_run + 1, 30_000 // longest_run)
    return np.repeat(rng.integers(0, 1 << bits, len(runs)), runs).astype(np.uint8)


def unpacked(pixels: np.ndarray, bits: int) -> reference.Unpacked:
    return reference.unpacked(compressed(pixels[np.newaxis], bits))
