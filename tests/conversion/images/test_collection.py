"""Animations, pictures, folders and zips as sources: what they become, and which are refused."""

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from gifapp import Recipe, convert, errors
from gifapp.conversion.images import collection
from gifapp.conversion.images.picture_facts import inspect
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Caption, Format, Segment
from tests.conversion.images.files import (
    LETTERS,
    MAX_PIXELS,
    NOISE,
    folder_of,
    picture,
    saved,
    zip_of,
)
from tests.support.fakes import Impatient
from tests.support.gifs import seen_by_pillow
from tests.support.letters import COLOURS, pixels, read_gif, timeline_of


def played(source: Path, **recipe: Any) -> str:
    out = source.with_name("out.gif")
    convert(source, Recipe(dither="none", **recipe), out)
    return timeline_of(read_gif(out))


@pytest.mark.parametrize("kind", ["webp", "png"])
def test_animation_keeps_its_uneven_delays(tmp_path: Path, kind: str) -> None:
    shots = [picture([letter * 2]) for letter in "RGBW"]
    source = tmp_path / f"animation.{kind}"
    shots[0].save(
        source, save_all=True, append_images=shots[1:], duration=[100, 600, 100, 200], lossless=True
    )
    assert played(source) == "R10 G60 B10 W20"
    assert played(source, speed=2.0, fps=20.0) == "R5 G30 B5 W10"


def test_animation_keeps_its_delays_in_any_order_and_range(tmp_path: Path) -> None:
    shots = [picture([letter * 2]) for letter in "RGBW"]
    source = tmp_path / "animation.webp"
    delays_ms = [100, 600, 100, 200]
    shots[0].save(source, save_all=True, append_images=shots[1:], duration=delays_ms, lossless=True)
    assert played(source, direction="boomerang") == "R10 G60 B10 W40 B10 G60 R10"
    assert played(source, segments=[Segment(start_s=0.4, end_s=0.75)]) == "G30 B5"
    assert played(source, segments=[Segment(start_s=0.7), Segment(end_s=0.1)]) == "B10 W20 R10"
    assert played(source, fps=5.0) == "R20 G60 W20"


def test_short_pictures_between_long_ones_are_kept(tmp_path: Path) -> None:
    shots = [picture([letter * 2]) for letter in "RGBW"]
    delays_ms = [70, 200, 40, 1310]
    source = tmp_path / "animation.webp"
    shots[0].save(source, save_all=True, append_images=shots[1:], duration=delays_ms, lossless=True)
    assert played(source) == "R7 G20 B4 W131"
    assert played(source, speed=2.0) == "R4 G10 B2 W65"
    assert "varies" not in " ".join(probe(source, limits=Limits()).notes)


def test_caption_appears_and_disappears_during_a_long_picture(tmp_path: Path) -> None:
    first, second = Image.new("RGB", (120, 60), "red"), Image.new("RGB", (120, 60), "blue")
    first.save(tmp_path / "a.webp", save_all=True, append_images=[second], duration=[960, 70], lossless=True)
    caption = Caption(text="words", start_s=0.32, end_s=0.64, size_px=20)
    convert(tmp_path / "a.webp", Recipe(captions=(caption,)), tmp_path / "out.gif")
    assert [delay_cs for _, delay_cs in read_gif(tmp_path / "out.gif")] == [32, 32, 32, 7]


@pytest.mark.parametrize(
    ("recipe", "delays_cs"),
    [
        ({}, [96, 32, 16]),
        ({"direction": "reverse"}, [16, 32, 96]),
        ({"segments": [Segment(start_s=0.96)]}, [32, 16]),
        ({"speed": 2.0}, [48, 16, 8]),
    ],
)
def test_subtitle_shows_with_its_picture(
    tmp_path: Path, recipe: dict[str, Any], delays_cs: list[int]
) -> None:
    shots = [Image.new("RGB", (120, 60), "red"), Image.new("RGB", (120, 60), "blue")]
    shots[0].save(tmp_path / "a.webp", save_all=True, append_images=shots[1:], duration=[960, 480])
    subtitles = "1\n00:00:00,960 --> 00:00:01,280\nwords"
    convert(tmp_path / "a.webp", Recipe(subtitles=subtitles, **recipe), tmp_path / "out.gif")
    assert [delay_cs for _, delay_cs in read_gif(tmp_path / "out.gif")] == delays_cs


def test_crossfade_of_an_animation_is_mixed(tmp_path: Path) -> None:
    shots = [Image.new("RGB", (2, 1), colour) for colour in ("red", "red", "blue", "blue")]
    source = tmp_path / "animation.webp"
    shots[0].save(source, save_all=True, append_images=shots[1:], duration=100, lossless=True)
    halves = [Segment(end_s=0.2), Segment(start_s=0.2)]
    report = convert(source, Recipe(segments=halves, crossfade_s=0.1, fps=10.0))
    pictures, delays = seen_by_pillow(report.read_bytes())
    np.testing.assert_allclose(pictures[:, 0, 0, :3], [[255, 0, 0], [128, 0, 128], [0, 0, 255]], atol=2)
    assert delays == [10, 10, 10]


@pytest.mark.parametrize(("recipe", "loop"), [(Recipe(), 3), (Recipe(loop=0), 0), (Recipe(loop=5), 5)])
def test_animation_keeps_its_number_of_plays_by_default(tmp_path: Path, recipe: Recipe, loop: int) -> None:
    video = replace(probe(folder_of(tmp_path / "shots", LETTERS), limits=Limits()), plays=3)
    with rendered(
        tmp_path / "shots", video, recipe, limits=Limits(), reporter=Reporter(lambda _: None, 60)
    ) as made:
        assert made.loop == loop


@pytest.mark.parametrize(
    ("plays", "made", "right"),
    [(65535, "gif", 65535), (65536, "gif", 65536), (2**31, "gif", 65536), (65536, "webp", 65535)],
)
def test_number_of_plays_is_capped_at_the_formats_maximum(
    tmp_path: Path, plays: int, made: Format, right: int
) -> None:
    video = replace(probe(folder_of(tmp_path / "shots", LETTERS), limits=Limits()), plays=plays)
    reporter = Reporter(lambda _: None, 60)
    with rendered(
        tmp_path / "shots", video, Recipe(format=made), limits=Limits(), reporter=reporter
    ) as shown:
        assert shown.loop == right


def test_frame_too_fast_for_browsers_is_slowed_as_they_do(tmp_path: Path) -> None:
    shots = [picture([letter]) for letter in "RG"]
    shots[0].save(
        tmp_path / "a.webp", save_all=True, append_images=shots[1:], duration=[0, 200], lossless=True
    )
    assert played(tmp_path / "a.webp") == "R10 G20"


def test_transparency_is_kept_and_an_opaque_alpha_channel_dropped(tmp_path: Path) -> None:
    holed, solid = picture(["R."]), picture(["RG"]).convert("RGBA")
    holed.save(tmp_path / "holed.webp", lossless=True)
    solid.save(tmp_path / "solid.png")
    assert inspect(tmp_path / "holed.webp", MAX_PIXELS)["has_alpha"]
    assert not inspect(tmp_path / "solid.png", MAX_PIXELS)["has_alpha"]


def test_single_picture_becomes_a_gif_of_one_frame(tmp_path: Path) -> None:
    Image.new("RGB", (16, 8), COLOURS["R"][:3]).save(tmp_path / "a.jpg")
    assert played(tmp_path / "a.jpg") == "R10"


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_content_decides_the_format_and_not_the_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / "named.mp4").write_bytes(saved(picture(["R"]), kind))
    facts = inspect(tmp_path / "named.mp4", MAX_PIXELS)
    assert (facts["container"], facts["pictures"], facts["usual_gap_s"]) == (kind, 1, None)


def test_sequence_plays_in_natural_order_at_the_frame_rate(tmp_path: Path) -> None:
    folder, zipped = folder_of(tmp_path / "shots", LETTERS), zip_of(tmp_path / "shots.zip", LETTERS)
    assert played(folder) == "R8 G8 B8"
    assert played(zipped, fps=5.0) == "R20 G20 B20"
    assert played(zipped, fps=50.0, direction="reverse") == "B2 G2 R2"
    note = "3 pictures; choose how many play per second by Frame rate or --fps."
    assert note in probe(zipped, limits=Limits()).notes


def test_file_managers_own_files_are_ignored(tmp_path: Path) -> None:
    litter = {"__MACOSX/._shot1.png": b"x", "shots/.DS_Store": b"x", "Thumbs.db": b"x"}
    inside = {f"shots/{name}": data for name, data in LETTERS.items()}
    assert inspect(zip_of(tmp_path / "a.zip", litter | inside), MAX_PIXELS)["pictures"] == 3


def test_pictures_of_other_sizes_are_fitted_into_the_first(tmp_path: Path) -> None:
    files = {"1.png": picture(["RRRR", "RRRR"]), "2.png": picture(["G"])}
    source = folder_of(tmp_path / "shots", {name: saved(image) for name, image in files.items()})
    convert(source, Recipe(dither="none"), tmp_path / "out.gif")
    assert [rows for rows, _ in read_gif(tmp_path / "out.gif")] == [["RRRR", "RRRR"], ["KGGK", "KGGK"]]
    notes = probe(source, limits=Limits()).notes
    assert "The pictures differ in size; each is fitted to the first one, 4 x 2." in notes


@pytest.mark.parametrize("thin", [(1, 900), (900, 1)])
def test_fitted_picture_is_at_least_one_pixel_wide(thin: tuple[int, int], tmp_path: Path) -> None:
    files = {"1.png": saved(Image.new("RGB", (40, 40))), "2.png": saved(Image.new("RGB", thin, "white"))}
    gif = Image.open(io.BytesIO(convert(zip_of(tmp_path / "a.zip", files)).read_bytes()))
    gif.seek(1)
    assert np.count_nonzero(np.asarray(gif.convert("L")) > 128) == 40


def test_photographs_are_rotated_upright(tmp_path: Path) -> None:
    stored = Image.fromarray(np.repeat(np.repeat(pixels([["RG"]])[0, ..., :3], 16, 0), 16, 1))
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera was rotated: show the picture turned clockwise by 90 degrees
    stored.save(tmp_path / "photo.jpg", exif=turned, quality=95)
    convert(tmp_path / "photo.jpg", Recipe(), tmp_path / "out.gif")
    rows, _ = read_gif(tmp_path / "out.gif")[0]
    assert (len(rows), len(rows[0]), rows[2][8], rows[-3][8]) == (32, 16, "R", "G")


def test_sixteen_bit_grey_is_not_clipped(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 32768, 65535]], np.uint16)).save(tmp_path / "grey.png")
    with collection.opened(tmp_path / "grey.png") as opened:
        assert [np.asarray(image)[0, :, 0].tolist() for image in opened.shown()] == [[0, 128, 255]]


def test_part_of_a_sequence(tmp_path: Path) -> None:
    names = "RGBWRGBW" * 10
    shots = {f"{number}.png": saved(picture([letter])) for number, letter in enumerate(names)}
    source = zip_of(tmp_path / "a.zip", shots)
    segment = {"start_s": 0.08 * 77, "end_s": 0.08 * 79}
    recipe = Recipe.parse({"segments": [segment], "dither": "none"})
    convert(source, recipe, tmp_path / "out.gif")
    assert timeline_of(read_gif(tmp_path / "out.gif")) == "G8 B8"


def _linked(path: Path) -> Path:
    link = zipfile.ZipInfo("link.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    return path


def _lying_about_size(path: Path) -> Path:
    """A zip whose directory says that its one file unpacks to 3 GB."""
    data = bytearray(zip_of(path, {"1.png": LETTERS["shot1.png"]}).read_bytes())
    at = data.rindex(b"PK\x01\x02") + 24
    data[at : at + 4] = struct.pack("<I", 3_000_000_000)
    path.write_bytes(data)
    return path


def _with_password(path: Path) -> Path:
    data = bytearray(zip_of(path, {"1.png": LETTERS["shot1.png"]}).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


def _packed_by(path: Path, method: int) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("1.png", LETTERS["shot1.png"])
    return path


def _half(path: Path) -> Path:
    path.write_bytes(zip_of(path, LETTERS).read_bytes()[:200])
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: zip_of(path, {}), "there are none"),
        (
            lambda path: zip_of(path, LETTERS | {"words.txt": b"hello"}),
            "'words.txt' is not a PNG, JPEG, WebP or AVIF",
        ),
        (lambda path: zip_of(path, LETTERS | {"shot3.png": b"GIF89a"}), "'shot3.png' is not a PNG"),
        (
            lambda path: zip_of(
                path, LETTERS | {"z.zip": zip_of(path.with_name("inner"), LETTERS).read_bytes()}
            ),
            "'z.zip' is not a PNG",
        ),
        (lambda path: zip_of(path, {"../shot.png": LETTERS["shot1.png"]}), "points outside the zip"),
        (lambda path: zip_of(path, {"/etc/shot.png": LETTERS["shot1.png"]}), "points outside the zip"),
        (_linked, "'link.png' is a link"),
        (_lying_about_size, "unpacked, they exceed the limit of 2.0 GB"),
        (_with_password, "'1.png' has a password"),
        (lambda path: _packed_by(path, zipfile.ZIP_BZIP2), "packed in a way gifapp does not read"),
        (_half, "the zip is damaged"),
        (lambda path: zip_of(path, {"1.png": NOISE[:2000]}), "'1.png' is damaged"),
        (lambda path: zip_of(path, {f"{n}.png": b"" for n in range(10_001)}), "10,001; the limit is 10,000"),
        (lambda path: folder_of(path, LETTERS | {"words.txt": b"hello"}), "'words.txt' is not a PNG"),
    ],
)
def test_unusable_pictures_are_refused_with_a_reason(
    tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    with pytest.raises(errors.PicturesInvalid) as refused:
        inspect(make(tmp_path / "pictures"), MAX_PIXELS)
    assert says in str(refused.value)


def test_nested_folder_is_refused(tmp_path: Path) -> None:
    folder_of(tmp_path / "shots", LETTERS)
    with pytest.raises(errors.PicturesInvalid, match="'shots' is not a file"):
        inspect(tmp_path, MAX_PIXELS)


def test_damaged_picture_ends_the_conversion_and_is_named(tmp_path: Path) -> None:
    source = zip_of(tmp_path / "a.zip", {"1.png": NOISE, "2.png": NOISE[:2000]})
    with pytest.raises(errors.PicturesInvalid, match=r"'2.png' is damaged"):
        convert(source, Recipe(), tmp_path / "out.gif")
    assert not (tmp_path / "out.gif").exists()


def test_damaged_single_picture_is_reported_as_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(saved(Image.new("RGB", (64, 64), "red"), "JPEG")[:400])
    with pytest.raises((errors.SourceDamaged, errors.SourceNotVideo)):
        inspect(tmp_path / "a.jpg", 10_000)


def test_pipe_in_a_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.png")
    with pytest.raises(errors.PicturesInvalid, match="not a file"):
        inspect(tmp_path, MAX_PIXELS)


def test_cancelled_sequence_leaves_no_process(tmp_path: Path) -> None:
    source = zip_of(tmp_path / "a.zip", {f"{number}.png": NOISE for number in range(200)})
    before = psutil.Process().children()  # servers of other tests
    with pytest.raises(errors.Cancelled):
        convert(source, Recipe(), on_progress=Impatient(cancel_at=0.5))
    assert set(psutil.Process().children()) <= set(before)
