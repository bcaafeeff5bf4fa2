"""The order of files in a sequence."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion.images import collection, sequence
from gifapp.conversion.images.sequence import Member, natural_key
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support.pictures import saved

PICTURE = saved(Image.new("RGB", (4, 4)), "PNG")


def ordered(names: list[str]) -> list[str]:
    members = [Member(name, 0, io.BytesIO) for name in names]
    return [member.name for member in sequence.ordered(members)]


@pytest.mark.parametrize(
    "names",
    [
        ["img.png", "img1.png", "img2.png", "img10.png"],
        ["img1.png", "img02.png", "img3.png", "img010.png"],
        ["-1.0.png", "-0.5.png", "0.0.png", "0.25.png", "0.5.png", "1.0.png", "10.0.png"],
        ["-1.0", "0.25", "0.5", "2"],
        ["t=-2.png", "t=-1.png", "t=0.png", "t=10.png"],
        ["x_-10.jpg", "x_-9.jpg", "x_3.jpg"],
        ["shot-1.png", "shot-2.png", "shot-10.png"],
        ["2024-01-02.png", "2024-01-10.png", "2024-02-01.png", "2024-11-01.png"],
        ["v1.2.3.png", "v1.2.10.png", "v1.10.0.png"],
        ["frame.1.png", "frame.2.png", "frame.10.png"],
        ["a/2.png", "a/10.png", "b/1.png"],
        ["a.png", "a b.png", "ab.png", "B.png", "c.png"],
        ["IMG_9.JPG", "img_10.jpg", "IMG_11.JPG"],
        ["img (1).png", "img (2).png", "img (10).png"],
        ["9" * 40 + ".png", "1" + "0" * 40 + ".png"],
    ],
)
def test_names_are_in_natural_order(names: list[str]) -> None:
    assert ordered(sorted(names)) == names
    assert ordered(names[::-1]) == names


@pytest.mark.parametrize(
    ("names", "unclear"),
    [
        (["1.png", "2.png", "10.png"], None),
        (["a.png", "b.png"], None),
        (["shot-1.png", "shot-2.png"], None),
        (["0.25.png", "0.50.png", "1.00.png"], None),
        (["0.5.png", "0.25.png"], ("0.25.png", "0.5.png")),
        (["-1.png", "-2.png"], ("-2.png", "-1.png")),
        (["img1.png", "img01.png"], ("img01.png", "img1.png")),
        (["a.png", "a.jpg"], ("a.jpg", "a.png")),
    ],
)
def test_ambiguous_order_gets_a_note(
    names: list[str], unclear: tuple[str, str] | None, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(PICTURE)
    with collection.opened(tmp_path) as opened:
        assert opened.unclear_neighbours == unclear
    notes = [note for note in probe(tmp_path, limits=Limits()).notes if "order" in note]
    assert notes == (
        [f"The order of the file names is ambiguous: {unclear[0]!r} comes before {unclear[1]!r}."]
        if unclear
        else []
    )


def test_sort_keys_of_arbitrary_names_are_comparable() -> None:
    names = ["", "-", "--1", "-1-1", "1..2", ".5", "a-1.5.5", "٣", "1e5", "½", "1.", "/", "a//b", "-.5"]
    assert sorted(names, key=natural_key)


def test_animation_in_a_sequence_counts_as_its_first_picture(tmp_path: Path) -> None:
    shots = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    for name, kind in (("1.png", "PNG"), ("2.webp", "WEBP"), ("3.avif", "AVIF")):
        options = {"save_all": True, "append_images": shots[1:], "duration": 100, "lossless": True}
        (tmp_path / name).write_bytes(saved(shots[0], kind, **options))
    with collection.opened(tmp_path) as opened:
        shown = [np.asarray(image.convert("RGB"))[1, 1].tolist() for image in opened.shown()]
    assert len(shown) == 3
    assert all(red > 200 and blue < 50 for red, _, blue in shown)


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\x0a\0\0", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heix", "HEIC"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "BMP"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xffO\xffQ\0\x2f", "JPEG 2000"),
        (b"8BPS\0\1", "Photoshop"),
        (b"qoif\0\0", "QOI"),
    ],
)
def test_other_formats_are_refused_by_name(tmp_path: Path, start: bytes, name: str) -> None:
    (tmp_path / "a.mp4").write_bytes(start + bytes(100))
    with pytest.raises(errors.SourcePictureUnsupported, match=f"^{name} is not supported; save"):
        probe(tmp_path / "a.mp4", limits=Limits())


@pytest.mark.parametrize(
    ("tail", "holds_clip"),
    [
        (b'<x:xmpmeta GCamera:MotionPhoto="1"/>\0\0\0\x18ftypmp42', True),
        (b'<x:xmpmeta GCamera:MicroVideo="1"/>\0\0\0\x18ftypmp42', True),
        (b"MotionPhoto_Data\0\0\0\x18ftypmp42", True),
        (b'<x:xmpmeta GCamera:MotionPhoto="0"/>', False),
        (b"", False),
    ],
)
def test_motion_photo_gets_a_note(tmp_path: Path, tail: bytes, holds_clip: bool) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(Image.new("RGB", (16, 16)), "JPEG") + tail)
    notes = probe(tmp_path / "a.jpg", limits=Limits()).notes
    assert ("This photo also contains a short video; only the photo is used." in notes) is holds_clip
