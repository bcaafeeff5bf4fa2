"""Valid and damaged GIFs are shown as browsers show them; the expected values are Chromium's."""

from pathlib import Path

import numpy as np
import pytest

from gifapp import errors
from gifapp.conversion.images import tiles
from gifapp.conversion.images.picture_facts import inspect
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.conversion.images.seen import delays_ms, frames, read, seen, written
from tests.support.pictures import (
    BLUE,
    CLEAR,
    GREEN,
    PLAIN_PALETTE,
    RED,
    RESTORE,
    GifFrame,
    control,
    full,
    gif,
    gif_frame,
    lzw,
    patch,
    plays,
    sub_blocks,
)

ALL_RED, ALL_GREEN, ALL_BLUE = ("RRRR " * 4).strip(), ("GGGG " * 4).strip(), ("BBBB " * 4).strip()
HOLE_LEFT = "..RR ..RR RRRR RRRR"
NOTHING = ".... .... .... ...."
MAX_PIXELS = 10_000


def cut_image(codes: bytes, code_bits: int = 2) -> bytes:
    """An image of 4 x 4 px with this data."""
    whole = gif_frame(full(RED))
    return whole[: whole.index(b",") + 10] + bytes([code_bits]) + sub_blocks(codes)


@pytest.mark.parametrize(
    ("delay_cs", "shown_ms"), [(0, 100), (1, 100), (2, 20), (3, 30), (7, 70), (655, 6550), (65_535, 655_350)]
)
def test_delay_up_to_10_ms_becomes_100(delay_cs: int, shown_ms: float) -> None:
    assert delays_ms(gif(full(RED, delay_cs), full(BLUE, 50), full(GREEN, delay_cs))) == [
        shown_ms,
        500,
        shown_ms,
    ]


@pytest.mark.parametrize(
    "end",
    [
        b"!\xfe\x05hello\0;",
        b"!\xff\x0bXMP DataXMP\x03abc\0;",
        control(full(RED, 90)) + b";",
        b"!\x01\x0c" + bytes(12) + b"\0;",
        b"garbage",
        b";garbage",
        b"\0;",
    ],
    ids=["comment", "XMP", "control block", "plain text", "garbage", "after the trailer", "zero"],
)
def test_data_after_the_last_image_is_ignored(end: bytes) -> None:
    data = gif(full(RED, 13), full(BLUE, 7), end=end)
    assert (seen(data), delays_ms(data), read(data).is_cut_short) == ([ALL_RED, ALL_BLUE], [130, 70], False)


def test_image_without_control_block_plays_100_ms_and_is_kept() -> None:
    data = gif(full(RED, None), full(BLUE, 30, disposal=CLEAR), patch(GREEN, 0, 0, 2, 4, delay_cs=None))
    assert delays_ms(data) == [100, 300, 100]
    assert seen(data)[2] == "GG.. GG.. GG.. GG.."


def test_last_of_two_control_blocks_counts() -> None:
    first = control(full(RED, 80, disposal=CLEAR, transparent=BLUE))
    assert delays_ms(gif(first, full(RED, 9), first, full(BLUE, 20))) == [90, 200]
    assert seen(gif(first, full(RED, 9), patch(BLUE, 0, 0, 1, 1))) == [ALL_RED, "BRRR RRRR RRRR RRRR"]


@pytest.mark.parametrize(
    ("blocks", "right"),
    [
        ([], 1),
        ([plays(0)], 0),
        ([plays(1)], 2),
        ([plays(4)], 5),
        ([plays(65_535)], 65_536),
        ([plays(3, b"ANIMEXTS1.0")], 4),
        ([plays(5), plays(7)], 8),
        ([b"!\xff\x0bNETSCAPE2.0\x05\x02\0\0\0\0\0"], 1),
        ([b"!\xff\x0bNETSCAPE2.0\0"], 1),
    ],
)
def test_loop_count_is_one_less_than_the_plays(blocks: list[bytes], right: int) -> None:
    assert read(gif(*blocks, full(RED), full(BLUE))).plays == right
    assert read(gif(full(RED), full(BLUE), *blocks)).plays == right


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (
            gif(full(RED, disposal=CLEAR), patch(GREEN, 1, 1, 2, 2, disposal=CLEAR), patch(BLUE, 0, 0, 1, 1)),
            [ALL_RED, ".... .GG. .GG. ....", "B... .... .... ...."],
        ),
        (gif(patch(RED, 1, 1, 2, 2), background=GREEN), [".... .RR. .RR. ...."]),
        (
            gif(
                patch(RED, 0, 0, 2, 2, disposal=RESTORE),
                patch(GREEN, 2, 2, 2, 2, disposal=RESTORE),
                patch(BLUE, 1, 1, 1, 1),
            ),
            ["RR.. RR.. .... ....", ".... .... ..GG ..GG", ".... .B.. .... ...."],
        ),
        (
            gif(full(RED), patch(GREEN, 0, 0, 2, 2, disposal=RESTORE), patch(BLUE, 2, 2, 1, 1)),
            [ALL_RED, "GGRR GGRR RRRR RRRR", "RRRR RRRR RRBR RRRR"],
        ),
        (
            gif(full(RED), patch(GREEN, 0, 0, 2, 2, disposal=4), patch(BLUE, 3, 3, 1, 1)),
            [ALL_RED, "GGRR GGRR RRRR RRRR", "RRRR RRRR RRRR RRRB"],
        ),
        (
            gif(full(RED), *(patch(GREEN, at, 0, 1, 1, disposal=at + 5) for at in range(3))),
            [ALL_RED, "GRRR RRRR RRRR RRRR", "GGRR RRRR RRRR RRRR", "GGGR RRRR RRRR RRRR"],
        ),
        (
            gif(full(RED, transparent=GREEN), full(GREEN, transparent=GREEN), full(BLUE, transparent=GREEN)),
            [ALL_RED, ALL_RED, ALL_BLUE],
        ),
        (
            gif(
                full(RED, disposal=CLEAR, transparent=BLUE),
                patch(GREEN, 0, 0, 4, 2, disposal=CLEAR, transparent=BLUE),
            ),
            [ALL_RED, "GGGG GGGG .... ...."],
        ),
        (
            gif(
                full(RED),
                patch(GREEN, 0, 0, 2, 2, disposal=CLEAR),
                patch(BLUE, 0, 0, 2, 2, disposal=RESTORE),
                patch(GREEN, 3, 3, 1, 1),
            ),
            [ALL_RED, "GGRR GGRR RRRR RRRR", "BBRR BBRR RRRR RRRR", "..RR ..RR RRRR RRRG"],
        ),
    ],
    ids=["cleared", "uncovered", "restored to nothing", "restored", "4 restores", "5 to 7 keep",
         "transparent", "transparent later", "restored to holes"],
)  # fmt: skip
def test_pictures_are_composed_on_a_transparent_canvas(data: bytes, right: list[str]) -> None:
    assert seen(data) == right


@pytest.mark.parametrize(
    ("data", "right"),
    [
        (gif(patch(RED, 0, 0, 3, 2), patch(BLUE, 1, 1, 9, 9), size=(2, 1)), ["RRR RRR", "RRR RBB"]),
        (gif(patch(RED, 1, 1, 2, 1), patch(BLUE, 0, 0, 1, 1), size=(0, 0)), ["... .RR", "B.. .RR"]),
        (gif(patch(RED, 0, 0, 2, 2), size=(0, 1)), ["RR RR"]),
        (gif(patch(RED, 3, 0, 2, 1), patch(GREEN, 0, 0, 1, 1), size=(4, 1)), ["...RR", "G..RR"]),
        (gif(patch(RED, 4, 0, 2, 1), patch(GREEN, 0, 0, 4, 1), size=(4, 1)), ["....RR", "GGGGRR"]),
        (gif(full(RED), patch(GREEN, 900, 9, 4, 4), patch(BLUE, 3, 3, 9, 9)),
         [ALL_RED, ALL_RED, "RRRR RRRR RRRR RRRB"]),
        (gif(full(RED), patch(GREEN, 0, 3, 4, 4), aspect=113),
         [ALL_RED, "RRRR RRRR RRRR GGGG"]),
    ],
    ids=["larger first", "no screen", "no width", "half outside", "outside", "later ones outside", "aspect"],
)  # fmt: skip
def test_first_image_may_widen_the_screen_and_later_ones_are_clipped(data: bytes, right: list[str]) -> None:
    assert seen(data) == right


def test_aspect_byte_is_ignored(tmp_path: Path) -> None:
    facts = inspect(written(tmp_path / "a.gif", gif(full(RED), aspect=113)), MAX_PIXELS)
    assert (facts["width_px"], facts["height_px"], facts["pixel_aspect"]) == (4, 4, 1.0)


@pytest.mark.parametrize("code_bits", range(2, 9))
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize("height_px", [1, 2, 3, 5, 8, 13])
def test_every_code_size_with_and_without_interlacing(
    code_bits: int, interlaced: bool, height_px: int
) -> None:
    colours = 1 << code_bits
    indices = np.random.default_rng(code_bits).integers(0, colours, (height_px, 7))
    indices[-1] = colours - 1
    palette = bytes(value for index in range(colours) for value in (index, 255 - index, index // 2))
    frame = GifFrame(indices, interlaced=interlaced, code_bits=code_bits)
    shown = np.asarray(_only(gif(frame, size=(7, height_px), palette=palette)))
    assert (shown[..., 0] == indices).all()
    assert (shown[..., 3] == 255).all()


def _only(data: bytes) -> np.ndarray:
    (picture,) = frames(data)
    return picture


def test_one_bit_codes() -> None:
    indices = np.tile([[0, 1, 1, 0]], (4, 1))
    assert seen(gif(GifFrame(indices, code_bits=1), palette=PLAIN_PALETTE[:6])) == ["KRRK KRRK KRRK KRRK"]


def test_local_palette_overrides_the_global_one_and_a_missing_one_is_black() -> None:
    table = bytes((0, 0, 255, 0, 255, 0))
    assert seen(gif(full(1, palette=table), full(1))) == [ALL_GREEN, ALL_RED]
    assert seen(gif(full(1), full(2), palette=b"")) == ["KKKK KKKK KKKK KKKK"] * 2


def test_index_beyond_the_palette_is_black() -> None:
    assert seen(gif(full(RED), full(BLUE), palette=PLAIN_PALETTE[:6])) == [ALL_RED, "KKKK KKKK KKKK KKKK"]


@pytest.mark.parametrize(
    ("codes", "code_bits"),
    [
        (lzw([RED] * 6, 2), 2),
        (lzw([RED] * 6, 2, ends=False), 2),
        (lzw([RED] * 6, 2, ends=False) + b"\xff\xff", 2),
    ],
    ids=["ends early", "does not end", "illegal code"],
)
def test_damaged_image_shows_the_pixels_before_the_damage(codes: bytes, code_bits: int) -> None:
    data = gif(cut_image(codes, code_bits), patch(BLUE, 0, 3, 4, 1))
    first, second = seen(data)
    assert first.startswith("RRRR RR")
    assert first.endswith(".... ....")
    assert second == first[:-4] + "BBBB"
    assert seen(gif(full(GREEN), cut_image(codes, code_bits)))[1].startswith("RRRR RR")
    assert seen(gif(full(GREEN), cut_image(codes, code_bits)))[1].endswith("GGGG GGGG")


@pytest.mark.parametrize("code_bits", [0, 9, 12, 255])
def test_image_with_an_illegal_code_size_is_empty_but_keeps_its_delay(code_bits: int) -> None:
    data = gif(cut_image(lzw([RED] * 16, 2), code_bits), full(BLUE))
    assert (seen(data), delays_ms(data)) == ([NOTHING, ALL_BLUE], [500, 500])


@pytest.mark.parametrize("codes", [b"", b"\xff\xff\xff"])
def test_undecodable_gif_is_damaged(tmp_path: Path, codes: bytes) -> None:
    empty = gif(patch(RED, 0, 0, 0, 0), size=(0, 0))
    for number, data in enumerate((gif(cut_image(codes)), gif(cut_image(codes, 9)), empty, b"GIF89a;;;")):
        with pytest.raises(errors.SourceDamaged):
            inspect(written(tmp_path / f"{number}.gif", data), MAX_PIXELS)


@pytest.mark.parametrize("missing", range(1, 12))
def test_truncated_file_keeps_its_whole_images_and_gets_a_note(tmp_path: Path, missing: int) -> None:
    data = gif(full(RED), full(BLUE), full(GREEN))[: -missing - 2]
    assert (seen(data), delays_ms(data)) == ([ALL_RED, ALL_BLUE], [500, 500])
    video = probe(written(tmp_path / "a.gif", data), limits=Limits())
    assert "The file is truncated; the pictures that can be read are shown." in video.notes


def test_only_image_of_a_truncated_file_is_shown_as_far_as_it_goes() -> None:
    data = gif(cut_image(lzw([RED] * 9, 2)))
    assert seen(data[:-4])[0].startswith("RRRR")


def test_missing_trailer_counts_as_truncated_and_keeps_all_images() -> None:
    data = gif(full(RED), full(BLUE), end=b"")
    assert (seen(data), read(data).is_cut_short) == ([ALL_RED, ALL_BLUE], True)


def test_too_many_images_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tiles, "MAX_TILES", 3)
    inspect(written(tmp_path / "a.gif", gif(*[full(RED)] * 3)), MAX_PIXELS)
    with pytest.raises(errors.PicturesInvalid, match="more than 3"):
        inspect(written(tmp_path / "b.gif", gif(*[full(RED)] * 4)), MAX_PIXELS)


@pytest.mark.parametrize(
    "data",
    [
        gif(full(RED), size=(60_000, 60_000)),
        gif(full(RED), patch(RED, 60_000, 0, 1, 1), size=(65_535, 1_000)),
        gif(full(RED), full(BLUE)).replace(b",\0\0\0\0\4\0\4\0", b",\0\0\0\0\xff\xff\xff\xff"),
        gif(full(RED), gif_frame(full(BLUE)).replace(b",\0\0\0\0\4\0\4\0", b",\0\0\0\0\xff\xff\xff\xff")),
    ],
    ids=["screen", "wide screen", "first image", "later image"],
)
def test_gif_with_too_many_pixels_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(errors.SourceTooManyPixels):
        probe(written(tmp_path / "a.gif", data), limits=Limits())


@pytest.mark.parametrize(
    ("data", "has_alpha"),
    [
        (gif(full(RED), full(BLUE)), False),
        (gif(full(RED, transparent=GREEN), full(GREEN, transparent=GREEN)), False),
        (gif(full(GREEN, transparent=GREEN), full(RED)), True),
        (gif(full(RED, disposal=CLEAR), full(BLUE)), False),
        (gif(full(RED, disposal=CLEAR), patch(BLUE, 0, 0, 1, 1)), True),
        (gif(full(RED), patch(BLUE, 0, 0, 1, 1, disposal=CLEAR), full(BLUE)), False),
        (gif(full(RED), patch(BLUE, 0, 0, 1, 1, disposal=CLEAR), patch(BLUE, 1, 1, 1, 1)), True),
        (gif(full(RED), patch(BLUE, 0, 0, 1, 1, disposal=RESTORE), patch(BLUE, 1, 1, 1, 1)), False),
        (gif(full(RED, disposal=RESTORE), patch(BLUE, 1, 1, 1, 1)), True),
        (gif(patch(RED, 0, 0, 4, 3), background=GREEN), True),
        (gif(cut_image(lzw([RED] * 6, 2)), full(BLUE)), True),
        (gif(full(RED), cut_image(lzw([RED] * 6, 2))), False),
    ],
)
def test_transparency_depends_on_all_pictures(tmp_path: Path, data: bytes, has_alpha: bool) -> None:
    assert inspect(written(tmp_path / "a.gif", data), MAX_PIXELS)["has_alpha"] is has_alpha


def test_facts_contain_container_delays_and_plays(tmp_path: Path) -> None:
    facts = inspect(written(tmp_path / "a", gif(plays(2), full(RED, 1), full(BLUE, 7))), MAX_PIXELS)
    selected = {key: facts[key] for key in ("container", "delays_ms", "plays", "pictures", "claimed_s")}
    assert selected == {
        "container": "gif",
        "delays_ms": [100, 70],
        "plays": 3,
        "pictures": 2,
        "claimed_s": 0.17,
    }
