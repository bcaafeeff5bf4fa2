"""Valid and damaged PNGs and APNGs; the expected values are Chromium's unless a test says otherwise."""

import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion.images import collection
from gifapp.conversion.images.picture_facts import inspect
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.parts import MAX_PX
from tests.conversion.images.seen import delays_ms, frames, read, seen, written
from tests.support.pictures import PngFrame, apng, apng_chunks, chunk, frame_control, letters, png, saved

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RED, GREEN, BLUE = (letters(*[letter * 4] * 4) for letter in "RGB")
ALL_RED, ALL_GREEN, ALL_BLUE = ("RRRR " * 4).strip(), ("GGGG " * 4).strip(), ("BBBB " * 4).strip()
MAX_PIXELS = 10_000
KEEP, CLEAR, RESTORE = 0, 1, 2


def patch(letter: str, x_px: int, y_px: int, width_px: int, height_px: int, **more: object) -> PngFrame:
    return PngFrame(letters(*[letter * width_px] * height_px), x_px, y_px, **more)  # type: ignore[arg-type]


def of(*chunks: bytes) -> bytes:
    return SIGNATURE + b"".join(chunks)


@pytest.mark.parametrize(
    ("delay", "shown_ms"),
    [
        ((0, 1000), 100),
        ((10, 1000), 100),
        ((11, 1000), 11),
        ((1, 100), 100),
        ((0, 0), 100),
        ((1, 0), 100),
        ((30, 0), 300),
        ((105, 10_000), 100),
        ((1, 4), 250),
        ((1, 60), 1000 / 60),
        ((65_535, 1), 65_535_000),
    ],
)
def test_delays_are_fractions_and_up_to_10_ms_becomes_100(delay: tuple[int, int], shown_ms: float) -> None:
    data = apng(PngFrame(RED, delay=delay), PngFrame(BLUE, delay=(1, 1)), PngFrame(GREEN, delay=delay))
    assert delays_ms(data) == pytest.approx([shown_ms, 1000, shown_ms])


@pytest.mark.parametrize("number_of_plays", [0, 1, 3, 2**31])
def test_number_of_plays_is_read(number_of_plays: int) -> None:
    assert read(apng(PngFrame(RED), PngFrame(BLUE), number_of_plays=number_of_plays)).plays == number_of_plays


def test_still_picture_has_no_delay(tmp_path: Path) -> None:
    facts = inspect(written(tmp_path / "a.png", png(RED, 6)), MAX_PIXELS)
    assert (facts["container"], facts["plays"], facts["delays_ms"]) == ("png", None, [100])


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (apng(PngFrame(RED), patch("G", 1, 1, 2, 2)), [ALL_RED, "RRRR RGGR RGGR RRRR"]),
        (
            apng(PngFrame(RED, disposal=CLEAR), patch("G", 0, 0, 1, 1)),
            [ALL_RED, "G... .... .... ...."],
        ),
        (
            apng(PngFrame(RED, disposal=RESTORE), patch("G", 0, 0, 1, 1)),
            [ALL_RED, "G... .... .... ...."],
        ),
        (
            apng(PngFrame(RED), patch("G", 0, 0, 2, 1, disposal=RESTORE), patch("B", 3, 0, 1, 1)),
            [ALL_RED, "GGRR RRRR RRRR RRRR", "RRRB RRRR RRRR RRRR"],
        ),
        (
            apng(PngFrame(RED), PngFrame(letters("G."), blends=True), PngFrame(letters("..", ".B"))),
            [ALL_RED, "GRRR RRRR RRRR RRRR", "..RR .BRR RRRR RRRR"],
        ),
    ],
    ids=["kept", "cleared", "restored to nothing", "restored", "blended or not"],
)
def test_frames_are_composed(data: bytes, right: list[str]) -> None:
    assert seen(data) == right


@pytest.mark.parametrize("bits", [8, 16])
def test_half_transparent_frames_are_blended_in_both_depths(bits: int) -> None:
    half = np.full((4, 4, 4), (0, 0, 255, 128), np.uint8)
    shown = frames(apng(PngFrame(RED), PngFrame(half, blends=True), PngFrame(half), bits=bits))
    assert np.abs(shown[1][0, 0].astype(int) - (127, 0, 128, 255)).max() <= 1
    assert shown[2][0, 0].tolist() == [0, 0, 255, 128]


def test_image_before_the_first_frame_control_is_no_frame() -> None:
    assert seen(of(*apng_chunks(PngFrame(RED), PngFrame(BLUE), hidden=GREEN))) == [ALL_RED, ALL_BLUE]
    assert seen(of(*apng_chunks(PngFrame(RED), hidden=GREEN))) == [ALL_RED]


HEAD, ACTL, FIRST, IDAT, SECOND, FDAT, END = apng_chunks(PngFrame(RED), PngFrame(BLUE))


def broken(whole: bytes) -> bytes:
    """The chunk with a wrong checksum."""
    return whole[:-1] + bytes([whole[-1] ^ 1])


def animation(count: int) -> bytes:
    return chunk(b"acTL", struct.pack(">2I", count, 0))


def renumbered(control: bytes, number: int) -> bytes:
    return chunk(control[4:8], struct.pack(">I", number) + control[12:-4])


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (of(HEAD, animation(3), FIRST, IDAT, SECOND, FDAT, END), [ALL_RED, ALL_BLUE]),
        (of(HEAD, animation(1), FIRST, IDAT, SECOND, FDAT, END), [ALL_RED]),
        (of(HEAD, animation(0), FIRST, IDAT, SECOND, FDAT, END), [ALL_RED]),
        (of(HEAD, animation(2**31), FIRST, IDAT, SECOND, FDAT, END), [ALL_RED]),
        (of(HEAD, FIRST, IDAT, ACTL, SECOND, FDAT, END), [ALL_RED]),
        (of(HEAD, FIRST, ACTL, IDAT, SECOND, FDAT, END), [ALL_RED, ALL_BLUE]),
        (of(HEAD, broken(ACTL), FIRST, IDAT, SECOND, FDAT, END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, broken(SECOND), FDAT, END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, SECOND, broken(FDAT), END), [ALL_RED, ALL_BLUE]),
        (of(HEAD, ACTL, FIRST, IDAT, renumbered(SECOND, 5), renumbered(FDAT, 6), END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, renumbered(SECOND, 0), renumbered(FDAT, 1), END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, SECOND, renumbered(FDAT, 9), END), [ALL_RED]),
        (of(HEAD, chunk(b"acTL", b"\0\0"), FIRST, IDAT, SECOND, FDAT, END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, chunk(b"fcTL", SECOND[8:20]), FDAT, END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, SECOND, chunk(b"fdAT", b"\0"), END), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, SECOND), [ALL_RED]),
        (of(HEAD, ACTL, FIRST, IDAT, SECOND, FDAT[:-9]), [ALL_RED]),
        (
            of(HEAD, ACTL, FIRST, IDAT, frame_control(PngFrame(GREEN), 1), renumbered(SECOND, 2),
               renumbered(FDAT, 3), END),
            [ALL_RED, ALL_BLUE],
        ),
        *(
            (of(HEAD, ACTL, FIRST, IDAT, frame_control(frame, 1), FDAT, END), [ALL_RED])
            for frame in (
                patch("G", 3, 0, 2, 2), patch("G", 0, 4, 1, 1), PngFrame(BLUE, disposal=3),
                PngFrame(BLUE, blends=2),  # type: ignore[arg-type]
            )
        ),
    ],
)  # fmt: skip
def test_animation_ends_at_the_first_chunk_out_of_order(data: bytes, right: list[str]) -> None:
    assert seen(data) == right


def test_repeated_colour_chunks_are_not_copied_for_each_frame() -> None:
    gamma = chunk(b"gAMA", struct.pack(">I", 100_000))
    head = (HEAD, animation(2000), chunk(b"sRGB", b"\0"), *[gamma] * 20_000, FIRST, IDAT)
    numbers = range(1, 4000, 2)
    later = [frame_control(PngFrame(RED), at) + renumbered(FDAT, at + 1) for at in numbers]
    started_s = time.process_time()
    assert len(seen(of(*head, *later, END))) == 2000
    assert time.process_time() - started_s < 15  # a copy for each would take ten times as long


@pytest.mark.parametrize(
    "data",
    [
        of(HEAD, ACTL, renumbered(FIRST, 5), IDAT, END),
        of(HEAD, ACTL, frame_control(patch("R", 1, 0, 4, 4), 0), IDAT, END),
        of(HEAD, ACTL),
        of(HEAD, END),
        png(RED[..., 0], 3),
        of(HEAD, chunk(b"IDAT", b"no zlib"), END),
        of(HEAD, ACTL, FIRST, IDAT[:-12]),
        of(HEAD, IDAT[:-12]),
    ],
)
def test_file_without_a_whole_picture_is_damaged(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(errors.SourceDamaged):
        inspect(written(tmp_path / "a.png", data), MAX_PIXELS)


def test_png_is_inflated_no_further_than_its_last_row() -> None:
    rows = b"\0" + RED[0].tobytes()
    packed = zlib.compress(4 * rows + bytes(200_000_000), 1)
    tracemalloc.start()
    try:
        assert seen(of(HEAD, chunk(b"IDAT", packed), END)) == [ALL_RED]
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("start", [(HEAD,), (HEAD, ACTL, FIRST)])
def test_file_truncated_after_its_last_pixel_is_shown(start: tuple[bytes, ...]) -> None:
    assert seen(of(*start, IDAT[:-9])) == [ALL_RED]


def test_undecodable_frame_leaves_the_canvas_unchanged() -> None:
    rubbish = chunk(b"fdAT", struct.pack(">I", 2) + b"no zlib")
    green = zlib.compress(b"\0" + bytes((0, 255, 0, 255)))
    third = frame_control(patch("G", 0, 0, 1, 1), 3), chunk(b"fdAT", struct.pack(">I", 4) + green)
    data = of(HEAD, animation(3), FIRST, IDAT, SECOND, rubbish, *third, END)
    assert seen(data) == [ALL_RED, ALL_RED, "GRRR RRRR RRRR RRRR"]


def test_truncated_file_gets_a_note(tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", of(HEAD, ACTL, FIRST, IDAT, SECOND, FDAT))
    assert (
        probe(path, limits=Limits()).notes[-1]
        == "The file is truncated; the pictures that can be read are shown."
    )


def test_pixel_density_is_ignored(tmp_path: Path) -> None:
    wide = chunk(b"pHYs", struct.pack(">2IB", 2, 1, 0))
    for data in (png(RED, 6, extra=wide), of(HEAD, wide, ACTL, FIRST, IDAT, SECOND, FDAT, END)):
        facts = inspect(written(tmp_path / "a.png", data), MAX_PIXELS)
        assert (facts["width_px"], facts["height_px"], facts["pixel_aspect"]) == (4, 4, 1.0)


@pytest.mark.parametrize(
    ("samples", "colour_type", "bits", "key", "right"),
    [
        (np.array([[[1, 2, 3], [1, 2, 4]]], np.uint8), 2, 8, (1, 2, 3), [0, 255]),
        (np.array([[1, 2]], np.uint8), 0, 8, (2,), [255, 0]),
        (np.array([[0x12, 0x3F]], np.uint8), 0, 4, (2,), [255, 0, 255, 255]),
        (np.array([[0b00011011]], np.uint8), 0, 2, (2,), [255, 255, 0, 255]),
        (np.array([[0b01010000]], np.uint8), 0, 1, (1,), [255, 0, 255, 0, 255, 255, 255, 255]),
        (np.array([[0x1234, 0x1235]], ">u2"), 0, 16, (0x1234,), [0, 255]),
        (np.array([[[0x1234] * 3, [0x5678] * 3]], ">u2"), 2, 16, (0x1234,) * 3, [0, 255]),
    ],
)
def test_transparent_colour_is_compared_in_the_files_depth(
    samples: np.ndarray, colour_type: int, bits: int, key: tuple[int, ...], right: list[int]
) -> None:
    trns = chunk(b"tRNS", struct.pack(f">{len(key)}H", *key))
    header = struct.pack(">2I5B", len(right), 1, bits, colour_type, 0, 0, 0)
    body = zlib.compress(b"\0" + samples.tobytes())
    (picture,) = frames(of(chunk(b"IHDR", header), trns, chunk(b"IDAT", body), END))
    assert picture[0, :, 3].tolist() == right


def test_sixteen_bits_are_shown_as_eight() -> None:
    levels = np.array([[[0, 0x1280, 0xFFFF, 0xFFFF], [0x7F80, 0x80, 0xFF00, 0x8080]]], ">u2")
    (picture,) = frames(of(chunk(b"IHDR", struct.pack(">2I5B", 2, 1, 16, 6, 0, 0, 0)),
                           chunk(b"IDAT", zlib.compress(b"\0" + levels.tobytes())), END))  # fmt: skip
    assert np.abs(picture[0].astype(int) - [[0, 18, 255, 255], [127, 0, 255, 128]]).max() <= 1


@pytest.mark.parametrize("animated", [False, True])
def test_png_with_too_many_pixels_is_refused(tmp_path: Path, animated: bool) -> None:
    header = chunk(b"IHDR", struct.pack(">2I5B", 100_000, 60_000, 8, 6, 0, 0, 0))
    control = chunk(b"fcTL", struct.pack(">5I2H2B", 0, 100_000, 60_000, 0, 0, 1, 2, 0, 0))
    data = of(header, *([ACTL, control] if animated else []), IDAT, END)
    with pytest.raises(errors.SourceTooManyPixels, match="100000 x 60000"):
        probe(written(tmp_path / "a.png", data), limits=Limits())


def test_picture_with_a_side_beyond_a_recipes_numbers_is_refused(tmp_path: Path) -> None:
    header = chunk(b"IHDR", struct.pack(">2I5B", MAX_PX + 1, 1, 8, 0, 0, 0, 0))
    data = of(header, chunk(b"IDAT", zlib.compress(bytes(MAX_PX + 2))), END)
    with pytest.raises(errors.SourceSideTooLong, match="each side may have at most 1,000,000 pixels"):
        probe(written(tmp_path / "a.png", data), limits=Limits())


def test_opaque_alpha_channel_counts_as_no_alpha(tmp_path: Path) -> None:
    data = apng(PngFrame(RED), PngFrame(BLUE, blends=True))
    assert "transparent" not in " ".join(probe(written(tmp_path / "a.png", data), limits=Limits()).notes)
    holed = apng(PngFrame(RED), PngFrame(letters(".")))
    assert "Contains transparency." in probe(written(tmp_path / "b.png", holed), limits=Limits()).notes


def test_kind_is_detected_from_the_content(tmp_path: Path) -> None:
    assert collection.kind_of(written(tmp_path / "a", apng(PngFrame(RED), PngFrame(BLUE)))) == "apng"
    assert collection.kind_of(written(tmp_path / "b", png(RED, 6))) == "png"
    assert collection.kind_of(written(tmp_path / "c", saved(Image.fromarray(RED), "PNG"))) == "png"
