"""The pixels of pictures are counted before any is decoded."""

import struct
from pathlib import Path

import pytest
from PIL import Image

from gifapp import Recipe, convert, errors
from gifapp.conversion.images.picture_facts import inspect
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.conversion.images.files import LETTERS, MAX_PIXELS, commented, saved, zip_of
from tests.support.pictures import full, gif, patch


def test_zip_bomb_is_refused_without_unpacking(tmp_path: Path) -> None:
    """A few kilobytes whose header announces a picture of 40 GB."""
    header = bytearray(LETTERS["shot1.png"])
    header[16:24] = struct.pack(">II", 100_000, 100_000)
    header[29:33] = struct.pack(">I", __import__("zlib").crc32(header[12:29]))
    source = zip_of(tmp_path / "bomb.zip", LETTERS | {"bomb.png": bytes(header)})
    with pytest.raises(errors.SourceTooManyPixels, match="100000 x 100000"):
        probe(source, limits=Limits())


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animation_reports_its_pixels(tmp_path: Path, kind: str) -> None:
    shots = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue", "lime")]
    path = tmp_path / "a"
    shots[0].save(path, kind, save_all=True, append_images=shots[1:], duration=100)
    assert inspect(path, 2000)["composed_px"] == 3 * 40 * 30


def test_each_picture_of_a_sequence_counts_its_own_pixels(tmp_path: Path) -> None:
    files = {"1.png": saved(Image.new("1", (10, 20))), "2.png": saved(Image.new("1", (40, 30)))}
    assert inspect(zip_of(tmp_path / "a.zip", files), 2000)["composed_px"] == 10 * 20 + 40 * 30


def test_metadata_counts_towards_the_limit(tmp_path: Path) -> None:
    """Compressed, a megabyte of the same letter is a kilobyte."""
    padded = saved(Image.new("1", (1, 1)), pnginfo=commented(" " * 1_000_000))
    assert inspect(zip_of(tmp_path / "a.zip", {"1.png": padded}), 2000)["composed_px"] == len(padded) // 8


def test_file_much_larger_than_its_picture_is_refused(tmp_path: Path) -> None:
    source = zip_of(tmp_path / "a.zip", LETTERS | {"fat.png": bytes(300_000_001)})
    with pytest.raises(errors.PicturesInvalid, match=r"'fat.png' has more than 300,000,000 bytes"):
        inspect(source, MAX_PIXELS)


def test_pixels_outside_the_animations_screen_count(tmp_path: Path) -> None:
    data = gif(full(1), patch(1, 0, 0, 30, 40))
    (tmp_path / "a.gif").write_bytes(data)
    assert inspect(tmp_path / "a.gif", 2000)["composed_px"] == 4 * 4 + 30 * 40


def test_bomb_is_refused_before_any_picture_is_decoded(tmp_path: Path) -> None:
    """Its last picture is damaged, which decoding would report instead."""
    shots = {f"{number}.png": saved(Image.new("1", (1000, 1000))) for number in range(3)}
    source = zip_of(tmp_path / "a.zip", shots | {"3.png": saved(Image.new("1", (1000, 1000)))[:-40]})
    with pytest.raises(
        errors.ClipTooManyPixels, match="4 frames with 4,000,000 pixels in total; the limit is"
    ):
        convert(source, Recipe(), tmp_path / "out.gif", limits=Limits(max_composed_pixels=3_999_999))
    assert not (tmp_path / "out.gif").exists()
