"""AVIFs: every picture with its delay, upright, assembled from tiles, in the right colours."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gifapp import Recipe, convert, errors
from gifapp.conversion.images.picture_facts import inspect
from gifapp.conversion.images.readers.avif_items import Items
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.conversion.images.seen import delays_ms, frames, read, written
from tests.support.letters import run_ffmpeg
from tests.support.pictures import saved

COLOURS = ((200, 30, 40), (30, 180, 60), (20, 40, 220))
MAX_PIXELS = 100_000


def animated(durations_ms: list[int], size: tuple[int, int] = (32, 24)) -> bytes:
    shots = [Image.new("RGB", size, colour) for colour in COLOURS[: len(durations_ms)]]
    return saved(shots[0], "AVIF", save_all=True, append_images=shots[1:], duration=durations_ms, quality=95)


def test_every_picture_has_its_delay(tmp_path: Path) -> None:
    data = animated([5, 110, 1300])
    assert delays_ms(data) == [100, 110, 1300]
    for shown, colour in zip(frames(data), COLOURS, strict=True):
        assert np.abs(shown[12, 16, :3].astype(int) - colour).max() <= 12
    facts = inspect(written(tmp_path / "a.avif", data), MAX_PIXELS)
    assert (facts["container"], facts["plays"], facts["pictures"]) == ("avif", 0, 3)


@pytest.mark.parametrize(("rate", "delay_ms"), [("10", 100), ("30000/1001", 1001 / 30)])
def test_delays_need_not_be_whole_milliseconds(tmp_path: Path, rate: str, delay_ms: float) -> None:
    path = tmp_path / "a.avif"
    run_ffmpeg("-f", "lavfi", "-i", f"testsrc2=s=64x48:r={rate}", "-frames:v", "6", "-c:v", "libaom-av1",
           "-cpu-used", "8", path)  # fmt: skip
    assert delays_ms(path.read_bytes()) == pytest.approx([delay_ms] * 6)


def box(kind: bytes, *body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, body)), kind) + b"".join(body)


@pytest.mark.parametrize("runs", [[10_001], [5_000, 5_001], [1] * 10_001])
def test_too_many_pictures_are_refused_however_they_are_counted(runs: list[int]) -> None:
    times = struct.pack(">4xI", len(runs)) + b"".join(struct.pack(">2I", count, 10) for count in runs)
    track = box(b"hdlr", bytes(8), b"pict"), box(b"mdhd", struct.pack(">12xI", 100))
    samples = box(b"minf", box(b"stbl", box(b"stts", times)))
    data = box(b"ftyp", b"avis") + box(b"moov", box(b"trak", box(b"mdia", *track, samples)))
    with pytest.raises(errors.PicturesInvalid):
        read(data)


def grid(size: tuple[int, int], cell: tuple[int, int], cells: int, *, parts: int = 1) -> bytes:
    """A picture of `size` joined from a red cell, repeated; its data are listed so many times, as parts."""
    data = saved(Image.new("RGB", cell, COLOURS[0]), "AVIF", quality=95)
    items = Items(memoryview(data))
    [stored] = items.item(items.primary()).cells
    [coding] = [box(kind, bytes(body)) for kind, body in items._described if kind == b"av1C"]
    sides = [box(b"ispe", struct.pack(">4x2I", *each)) for each in (cell, size)]
    has = struct.pack(">4xI", 2) + bytes([0, 1, 2, 1, 2, 0, 2, 1, 3])  # item 1: av1C and ispe; item 2: ispe
    kinds = [struct.pack(">B3xHH4sx", 2, number, 0, kind) for number, kind in ((1, b"av01"), (2, b"grid"))]
    start = box(b"ftyp", b"avif")

    def meta(at: int) -> bytes:
        extents = struct.pack(">HHH", 1, 0, parts) + struct.pack(">II", at, len(stored)) * parts
        extents += struct.pack(">HHHII", 2, 0, 1, at, 4)
        return box(
            b"meta",
            bytes(4),
            box(b"pitm", struct.pack(">4xH", 2)),
            box(b"iloc", struct.pack(">4xBBH", 0x44, 0, 2), extents),
            box(b"iinf", struct.pack(">4xH", 2), *(box(b"infe", kind) for kind in kinds)),
            box(b"iref", bytes(4), box(b"dimg", struct.pack(">HH", 2, cells), b"\0\1" * cells)),
            box(b"iprp", box(b"ipco", coding, *sides), box(b"ipma", has)),
        )

    return start + meta(len(start) + len(meta(0)) + 8) + box(b"mdat", bytes(stored))


def test_grid_is_joined_from_its_cells() -> None:
    (shown,) = frames(grid((100, 40), (64, 64), 2))
    assert shown.shape[:2] == (40, 100)
    assert np.abs(shown[..., :3].astype(int) - COLOURS[0]).max() <= 12


def test_cells_of_a_grid_count_with_all_their_pixels(tmp_path: Path) -> None:
    path = written(tmp_path / "a.avif", grid((1, 1), (256, 256), 1))
    assert inspect(path, MAX_PIXELS)["composed_px"] == 256 * 256
    with pytest.raises(errors.SourceTooManyPixels):
        inspect(path, 256 * 256 - 1)


@pytest.mark.parametrize("cells", [1, 3, 256])
def test_grid_has_as_many_cells_as_its_picture_needs(tmp_path: Path, cells: int) -> None:
    with pytest.raises(errors.SourceDamaged):
        inspect(written(tmp_path / "a.avif", grid((100, 40), (64, 64), cells)), MAX_PIXELS)


def test_parts_that_overlap_are_refused(tmp_path: Path) -> None:
    """A file of some kilobytes could have its data joined to gigabytes."""
    assert len(frames(grid((64, 64), (64, 64), 1))) == 1
    with pytest.raises(errors.SourceDamaged):
        inspect(written(tmp_path / "a.avif", grid((64, 64), (64, 64), 1, parts=100)), MAX_PIXELS)


def test_transparency_counts_with_its_own_pixels() -> None:
    shots = [Image.new("RGBA", (32, 24), (*colour, 99)) for colour in COLOURS]
    data = saved(shots[0], "AVIF", save_all=True, append_images=shots[1:], duration=200)
    at = data.rindex(b"av01") + 4 + 24  # the sides in the sample entry of the last track
    assert data[at : at + 4] == struct.pack(">2H", 32, 24)
    larger = data[:at] + struct.pack(">2H", 320, 240) + data[at + 4 :]
    assert read(larger).sizes()[1:] == [(320, 240)] * 3


def elst(data: bytes, flags: int, shown: int) -> bytes:
    """With another edit list: whether it repeats, and the duration of what it repeats."""
    at = data.index(b"elst") + 4
    is_long = data[at]
    body = struct.pack(">B3xI", is_long, 1) + struct.pack(">Q" if is_long else ">I", shown)
    return data[:at] + body[:3] + bytes([flags]) + body[4:] + data[at + len(body) :]


@pytest.mark.parametrize(("flags", "length", "plays"), [(0, 900, 1), (1, 900, 1), (1, 300, 3), (1, 299, 4)])
def test_edit_list_gives_the_number_of_plays(flags: int, length: int, plays: int) -> None:
    data = animated([300, 300, 300])
    at = data.index(b"tkhd") + 4
    is_long = data[at]
    place = at + (28 if is_long else 20)
    whole = struct.pack(">Q" if is_long else ">I", 900)
    data = data[:place] + whole + data[place + len(whole) :]
    assert read(elst(data, flags, length)).plays == plays


@pytest.mark.parametrize("has_alpha", [False, True])
def test_transparency_is_detected_from_the_pixels(tmp_path: Path, has_alpha: bool) -> None:
    image = Image.new("RGBA", (32, 32), (200, 30, 40, 255))
    image.paste((0, 0, 0, 0 if has_alpha else 255), (0, 0, 8, 8))
    path = written(tmp_path / "a.avif", saved(image, "AVIF", quality=95))
    assert inspect(path, MAX_PIXELS)["has_alpha"] is has_alpha


def test_photograph_is_rotated_upright() -> None:
    stored = Image.new("RGB", (64, 32), COLOURS[1])
    stored.paste(COLOURS[0], (0, 0, 32, 32))
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was rotated: show the picture turned clockwise by 90 degrees
    (shown,) = frames(saved(stored, "AVIF", exif=turned, quality=95))
    assert shown.shape == (64, 32, 4)
    assert np.abs(shown[10, 16, :3].astype(int) - COLOURS[0]).max() <= 12


def test_tiled_picture_is_assembled() -> None:
    gradient = np.add.outer(np.arange(256), np.arange(256)).astype(np.uint8) // 2
    data = saved(Image.fromarray(gradient), "AVIF", tile_rows=2, tile_cols=2, quality=95)
    (shown,) = frames(data)
    assert np.abs(shown[..., 0].astype(int) - gradient).mean() <= 2


@pytest.mark.parametrize(
    ("primaries", "right"),
    [("bt709", (200, 100, 50)), ("smpte432", (215, 93, 32)), ("bt2020", (240, 75, 33))],
)
def test_colours_given_by_code_points_are_converted(
    tmp_path: Path, primaries: str, right: tuple[int, int, int]
) -> None:
    path = tmp_path / "a.avif"
    tags = f"setparams=color_primaries={primaries}:color_trc=iec61966-2-1:colorspace=bt709:range=tv"
    look = f"scale=out_color_matrix=bt709:flags=accurate_rnd+full_chroma_inp,format=yuv444p,{tags}"
    coded = ("-c:v", "libaom-av1", "-cpu-used", "8", "-aom-params", "lossless=1", "-still-picture", "1")
    run_ffmpeg("-f", "lavfi", "-i", "color=0xC86432:s=32x32", "-frames:v", "1", "-vf", look, *coded, path)
    (shown,) = frames(path.read_bytes())
    assert np.abs(shown[16, 16, :3].astype(int) - right).max() <= 4


def test_avif_with_too_many_pixels_is_refused(tmp_path: Path) -> None:
    data = saved(Image.new("RGB", (64, 48)), "AVIF")
    for sides in ((60_000, 60_000), (8192, 8192)):
        huge = data.replace(struct.pack(">2I", 64, 48), struct.pack(">2I", *sides))
        with pytest.raises(errors.SourceTooManyPixels):
            probe(written(tmp_path / "a.avif", huge), limits=Limits())


@pytest.mark.parametrize("length", [40, 200, -100])
def test_damaged_avif_is_reported_as_damaged(tmp_path: Path, length: int) -> None:
    data = saved(Image.effect_noise((64, 48), 50), "AVIF")[:length]
    with pytest.raises((errors.SourceDamaged, errors.SourceNotVideo)):
        inspect(written(tmp_path / "a.avif", data), MAX_PIXELS)


def test_avif_with_data_outside_the_file_is_damaged(tmp_path: Path) -> None:
    data = saved(Image.new("RGB", (64, 48)), "AVIF")
    at = data.index(b"iloc") + 10  # of the first item's number
    with pytest.raises(errors.SourceDamaged):
        inspect(written(tmp_path / "a.avif", data[:at] + b"\0\x63" + data[at + 2 :]), MAX_PIXELS)


def test_undecodable_picture_is_skipped_and_dav1d_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """dav1d's messages are not part of the refusal."""
    shots = [Image.effect_noise((64, 48), 50).convert("RGB") for _ in range(3)]
    data = saved(shots[0], "AVIF", save_all=True, append_images=shots[1:], duration=[200] * 3, quality=60)
    damaged = data[:-400] + bytes(400)
    convert(written(tmp_path / "a.avif", damaged), Recipe(), tmp_path / "a.gif")
    assert sum(delays_ms((tmp_path / "a.gif").read_bytes())) == 600
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("whole", [1, 2])
def test_truncated_file_keeps_its_whole_pictures(tmp_path: Path, whole: int) -> None:
    shots = [Image.effect_noise((64, 48), 50).convert("RGB") for _ in range(3)]
    parts = [saved(shots[0], "AVIF", save_all=True, append_images=shots[1:count], duration=200)
             for count in (2, 3)]  # fmt: skip
    last_bytes = len(parts[1]) - len(parts[0])
    data = parts[1][: -last_bytes // 2 - (0 if whole == 2 else last_bytes)]
    assert delays_ms(data) == [200] * whole
    notes = probe(written(tmp_path / "a.avif", data), limits=Limits()).notes
    assert "The file is truncated; the pictures that can be read are shown." in notes
    assert not read(parts[1]).is_cut_short
