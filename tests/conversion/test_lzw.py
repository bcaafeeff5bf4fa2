import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gifapp.conversion import lzw


def unpacked(data: bytes) -> list[int]:
    """A plain LZW decoder after the specification: slow, and not ours to be fast."""
    bits = data[0]
    clear = 1 << bits
    table: dict[int, list[int]] = {}
    pixels: list[int] = []
    size, before = bits + 1, None
    stream = int.from_bytes(payload(data), "little")
    while True:
        code, stream = stream & (1 << size) - 1, stream >> size
        if code == clear:
            table = {code: [code] for code in range(clear)} | {clear: [], clear + 1: []}
            size, before = bits + 1, None
            continue
        if code == clear + 1:
            assert stream == 0
            return pixels
        if before is None:
            run = table[code]
        else:
            run = table[code] if code in table else [*before, before[0]]
            assert code <= len(table)
            if len(table) < 4096:
                table[len(table)] = [*before, run[0]]
        pixels += run
        before = run
        size += len(table) == 1 << size and size < 12


def payload(data: bytes) -> bytes:
    """The bytes in the sub-blocks, which end with an empty one and nothing after it."""
    content, at = b"", 1
    while length := data[at]:
        content += data[at + 1 : at + 1 + length]
        at += 1 + length
    assert at == len(data) - 1
    return content


def runs(bits: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    return st.lists(st.tuples(st.integers(0, (1 << bits) - 1), st.integers(1, 700)), min_size=1, max_size=30)


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 8).flatmap(lambda bits: st.tuples(st.just(bits), runs(bits))))
def test_runs_come_back(given_runs: tuple[int, list[tuple[int, int]]]) -> None:
    bits, pairs = given_runs
    pixels = np.concatenate([np.full(length, colour, np.uint8) for colour, length in pairs])
    assert unpacked(lzw.compress(pixels[None], bits)) == pixels.tolist()


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 8), st.integers(1, 9000), st.integers(0, 2**32 - 1))
def test_noise_comes_back(bits: int, count: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 1 << bits, count, np.uint8)
    assert unpacked(lzw.compress(pixels[None], bits)) == pixels.tolist()


@pytest.mark.parametrize("bits", [1, 2, 5, 8])
@pytest.mark.parametrize("count", range(1, 10))
def test_the_shortest_frames_come_back(bits: int, count: int) -> None:
    pixels = (np.arange(count) % (1 << bits)).astype(np.uint8)
    assert unpacked(lzw.compress(pixels[None], bits)) == pixels.tolist()


def test_noise_fits_the_room_that_was_made_for_it() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 301), np.uint8)
    assert unpacked(lzw.compress(pixels, 8)) == pixels.ravel().tolist()


def test_a_rectangle_of_a_larger_frame_is_compressed_by_itself() -> None:
    frame = np.arange(100, dtype=np.uint8).reshape(10, 10)
    assert unpacked(lzw.compress(frame[2:4, 3:6], 8)) == [23, 24, 25, 33, 34, 35]


def test_flat_colour_takes_almost_nothing() -> None:
    assert len(lzw.compress(np.zeros((300, 300), np.uint8), 1)) < 600
