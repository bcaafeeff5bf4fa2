"""Animated and still WebPs are shown as Chromium shows them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion.images.picture_facts import inspect
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.conversion.images.seen import delays_ms, frames, read, seen, written
from tests.support.pictures import WebpFrame, letters, riff, saved, webp

RED, BLUE = letters(*["RRRR"] * 4), letters(*["BBBB"] * 4)
ALL_RED, ALL_BLUE = ("RRRR " * 4).strip(), ("BBBB " * 4).strip()
MAX_PIXELS = 10_000
NO_ALPHA_FLAG = 0x02


@pytest.mark.parametrize(("delay_ms", "shown_ms"), [(0, 100), (10, 100), (11, 11), (2**24 - 1, 2**24 - 1)])
def test_delay_up_to_10_ms_becomes_100(delay_ms: int, shown_ms: float) -> None:
    data = webp(WebpFrame(RED, delay_ms=delay_ms), WebpFrame(BLUE), WebpFrame(RED, delay_ms=delay_ms))
    assert delays_ms(data) == [shown_ms, 500, shown_ms]


@pytest.mark.parametrize("number_of_plays", [0, 1, 3, 65_535])
def test_number_of_plays_is_read(number_of_plays: int) -> None:
    data = webp(WebpFrame(RED), WebpFrame(BLUE), number_of_plays=number_of_plays)
    assert read(data).plays == number_of_plays


@pytest.mark.parametrize("flags", [NO_ALPHA_FLAG, 0x12])
@pytest.mark.parametrize(
    ("shots", "right"),
    [
        ([WebpFrame(RED), WebpFrame(letters("BB"), 2, 2)], [ALL_RED, "RRRR RRRR RRBB RRRR"]),
        (
            [WebpFrame(RED, clears=True), WebpFrame(letters("BB"), 2, 2)],
            [ALL_RED, ".... .... ..BB ...."],
        ),
        (
            [WebpFrame(RED), WebpFrame(letters("BB", "BB"), clears=True), WebpFrame(letters("G"), 2, 2)],
            [ALL_RED, "BBRR BBRR RRRR RRRR", "..RR ..RR RRGR RRRR"],
        ),
        ([WebpFrame(RED), WebpFrame(letters("B."))], [ALL_RED, "BRRR RRRR RRRR RRRR"]),
        ([WebpFrame(RED), WebpFrame(letters("B."), replaces=True)], [ALL_RED, "B.RR RRRR RRRR RRRR"]),
        ([WebpFrame(letters("RR"), 2, 2)], [".... .... ..RR ...."]),
    ],
)
def test_frames_are_composed_whatever_the_alpha_flag(
    shots: list[WebpFrame], right: list[str], flags: int
) -> None:
    assert seen(webp(*shots, flags=flags)) == right


def test_transparency_is_detected_without_the_alpha_flag(tmp_path: Path) -> None:
    holed = webp(WebpFrame(RED, clears=True), WebpFrame(letters("BB")), flags=NO_ALPHA_FLAG)
    solid = webp(WebpFrame(RED, clears=True), WebpFrame(BLUE))
    assert inspect(written(tmp_path / "a.webp", holed), MAX_PIXELS)["has_alpha"]
    assert not inspect(written(tmp_path / "b.webp", solid), MAX_PIXELS)["has_alpha"]


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_stills_of_every_kind(lossless: bool, alpha: bool) -> None:
    pixels = np.full((8, 6, 4), (200, 30, 40, 90 if alpha else 255), np.uint8)
    image = Image.fromarray(pixels).convert("RGBA" if alpha else "RGB")
    (shown,) = frames(saved(image, "WEBP", lossless=lossless, quality=100))
    assert shown.shape == (8, 6, 4)
    assert np.abs(shown.astype(int) - pixels).max() <= 4


LAST_FRAME_BYTES = len(webp(WebpFrame(RED), WebpFrame(RED))) - len(webp(WebpFrame(RED)))


@pytest.mark.parametrize("missing", [2, 9, 20, LAST_FRAME_BYTES])
def test_truncated_file_keeps_its_whole_frames(tmp_path: Path, missing: int) -> None:
    data = webp(WebpFrame(RED), WebpFrame(BLUE), WebpFrame(RED))[:-missing]
    assert (seen(data), delays_ms(data)) == ([ALL_RED, ALL_BLUE], [500, 500])
    notes = probe(written(tmp_path / "a.webp", data), limits=Limits()).notes
    assert "The file is truncated; the pictures that can be read are shown." in notes


@pytest.mark.parametrize(
    "data",
    [
        webp()[:-2],
        riff(b"RIFF", b"WEBP"),
        webp(WebpFrame(RED)).replace(b"VP8L", b"junk"),
        saved(Image.fromarray(RED), "WEBP", lossless=True)[:24],
    ],
)
def test_file_without_a_picture_is_damaged(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(errors.SourceDamaged):
        inspect(written(tmp_path / "a.webp", data), MAX_PIXELS)


def test_webp_with_too_many_pixels_is_refused(tmp_path: Path) -> None:
    flat = Image.new("1", (16_000, 9_000)).convert("RGB")
    for number, data in enumerate(
        (saved(flat, "WEBP", lossless=True, method=0), webp(WebpFrame(RED), size=(16_383, 16_383)))
    ):
        with pytest.raises(errors.SourceTooManyPixels):
            probe(written(tmp_path / f"{number}.webp", data), limits=Limits())
