from pathlib import Path

import pytest
from PIL import Image

from gifapp.conversion.decode.still import picture, poster
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support import clips
from tests.support.letters import write_clip

LIMITS = Limits()


def test_poster_is_a_small_jpeg(tmp_path: Path) -> None:
    clip = clips.real_clip()
    poster(clip, probe(clip, limits=LIMITS), tmp_path / "poster", limits=LIMITS)
    with Image.open(tmp_path / "poster") as opened:
        assert (opened.format, opened.size) == ("JPEG", (480, 270))


def test_poster_of_a_very_high_picture_is_small(tmp_path: Path) -> None:
    """A JPEG has at most 65,500 rows, and a picture of a whole web page may have more."""
    Image.new("RGB", (100, 70_000)).save(tmp_path / "page.png")
    poster(
        tmp_path / "page.png", probe(tmp_path / "page.png", limits=LIMITS), tmp_path / "poster", limits=LIMITS
    )
    with Image.open(tmp_path / "poster") as opened:
        assert opened.size == (1, 960)


@pytest.mark.parametrize("frames", [[["RR"] * 2], [["RR"] * 2] * 2, [["KK"] * 2] + [["RR"] * 2] * 9])
def test_poster_is_taken_shortly_after_the_start(tmp_path: Path, frames: list[list[str]]) -> None:
    assert _colour(tmp_path, frames) == "red"


def test_poster_skips_a_dark_beginning(tmp_path: Path) -> None:
    assert _colour(tmp_path, [["KK"] * 2] * 4 + [["RR"] * 2] * 6) == "red"


def test_dark_clip_has_a_poster(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["KK"] * 2] * 10)
    poster(clip, probe(clip, limits=LIMITS), tmp_path / "poster", limits=LIMITS)
    with Image.open(tmp_path / "poster") as opened:
        assert opened.convert("L").getextrema()[1] < 16


def test_transparent_parts_of_a_poster_are_white(tmp_path: Path) -> None:
    assert _colour(tmp_path, [[".."] * 2] * 2) == "white"


@pytest.mark.parametrize(("at_s", "colour"), [(0.0, "red"), (1.3, "white"), (2.0, "white"), (99.0, "white")])
def test_still_can_be_taken_at_any_time(tmp_path: Path, at_s: float, colour: str) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"] * 2] * 5 + [["WW"] * 2] * 5, fps=5)
    (tmp_path / "picture").write_bytes(picture(clip, probe(clip, limits=LIMITS), at_s, limits=LIMITS))
    assert _colour_of(tmp_path / "picture") == colour


def _colour(folder: Path, frames: list[list[str]]) -> str:
    clip = write_clip(folder / "clip.mkv", frames)
    poster(clip, probe(clip, limits=LIMITS), folder / "poster", limits=LIMITS)
    return _colour_of(folder / "poster")


def _colour_of(path: Path) -> str:
    with Image.open(path) as opened:
        pixel = opened.convert("RGB").getpixel((0, 0))
    return {(True, False, False): "red", (True, True, True): "white"}[tuple(value > 128 for value in pixel)]
