"""Whole conversions: letters in, the real engine, letters and delays out."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from PIL import Image

import gifapp
from gifapp import errors
from gifapp.conversion.pipeline import convert, convert_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.job import Phase
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Crop, Direction, Recipe, Segment
from gifapp.processes import wait_until
from tests.support import clips, known_videos
from tests.support.fakes import CancelledIn, Impatient
from tests.support.letters import pixels, read_gif, timeline_of, write_clip

RGBW = [["RR"], ["GG"], ["BB"], ["WW"]]  # ten a second: 0.4 s


def made(path: Path, **recipe: Any) -> list[tuple[list[str], int]]:
    out = path.with_name("made.gif")
    known_videos.convert(path, Recipe(**({"fps": 10.0} | recipe)), out)
    return read_gif(out)


@pytest.fixture
def rgbw(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", RGBW)


def test_every_pixel_is_exact(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR", "GG"], ["BB", "WW"]])
    assert made(clip) == [(["RR", "GG"], 10), (["BB", "WW"], 10)]


@pytest.mark.parametrize("name", ["clip.mkv", "clip.mov", "clip.avi"])
def test_transparent_pixels_stay_transparent(tmp_path: Path, name: str) -> None:
    assert made(write_clip(tmp_path / name, [["R.", "GB"], ["..", "WK"]])) == [
        (["R.", "GB"], 10),
        (["..", "WK"], 10),
    ]


def test_colours_beside_transparent_pixels_are_exact(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mov", [["WB.", "Y.K"]])
    with Image.open(BytesIO(convert(clip).read_bytes())) as gif:
        shown = np.asarray(gif.convert("RGBA"))
    assert (shown[shown[..., 3] > 0] == pixels([["WB.", "Y.K"]])[0][shown[..., 3] > 0]).all()


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ({}, "R10 G10 B10 W10"),
        ({"fps": 20.0}, "R10 G10 B10 W10"),  # equal neighbours are merged
        ({"fps": 5.0}, "R20 B20"),
        ({"speed": 2.0}, "R10 B10"),
        ({"speed": 2.0, "fps": 20.0}, "R5 G5 B5 W5"),
        ({"speed": 0.5}, "R20 G20 B20 W20"),
        ({"direction": "reverse"}, "W10 B10 G10 R10"),
        ({"direction": "boomerang"}, "R10 G10 B10 W20 B10 G10 R10"),
        ({"segments": [Segment(start_s=0.1, end_s=0.3)]}, "G10 B10"),
        ({"segments": [Segment(start_s=0.3), Segment(end_s=0.2)]}, "W10 R10 G10"),
        ({"segments": [Segment(start_s=0.2, end_s=99.0)]}, "B10 W10"),
        ({"segments": [Segment(start_s=0.25, end_s=0.35)]}, "B5 W5"),
        ({"segments": [Segment(start_s=0.39)]}, "W2"),
        ({"fps": 1.0}, "G40"),
    ],
)
def test_rate_speed_direction_and_segments(rgbw: Path, recipe: dict[str, Any], expected: str) -> None:
    if recipe.get("segments") and "25" in repr(recipe["segments"]):
        recipe = recipe | {"fps": 20.0}
    assert timeline_of(made(rgbw, **recipe)) == expected


def test_short_segments_do_not_drift(rgbw: Path) -> None:
    segments = [Segment(start_s=0.0, end_s=0.13)] * 50
    report = convert(rgbw, Recipe(segments=segments, fps=12.5))
    assert report.duration_s == pytest.approx(6.5)


@pytest.mark.parametrize("fps", [1.0, 7.0, 12.5, 15.0, 29.97, 50.0])
def test_duration_equals_the_sources_at_every_rate(tmp_path: Path, fps: float) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=3.16)
    report = known_videos.convert(clip, Recipe(fps=fps))
    shown_cs = sum(delay_cs for _, delay_cs in read_gif(report.save(tmp_path / "a.gif")))
    assert shown_cs == 316
    assert report.duration_s == pytest.approx(3.16)


def test_variable_frame_rate_is_kept(tmp_path: Path) -> None:
    assert timeline_of(made(clips.uneven(tmp_path / "uneven.mp4"))) == "R10 G60 B10 W10"


def test_late_segment_of_a_long_clip_is_exact(tmp_path: Path) -> None:
    frames = [["RGBWYCMK"[n % 8] * 2] for n in range(100)]
    clip = write_clip(tmp_path / "clip.mp4", frames)
    late = made(clip, segments=[Segment(start_s=8.0, end_s=8.4)])
    assert timeline_of(late) == "R10 G10 B10 W10"


@pytest.mark.parametrize(
    ("flags", "rows"),
    [
        ((), ["RG", "BY", "CM"]),
        (("-display_rotation", "-90"), ["CBR", "MYG"]),
        (("-display_rotation", "180"), ["MC", "YB", "GR"]),
        (("-display_rotation", "90"), ["GYM", "RBC"]),
        (("-display_hflip",), ["GR", "YB", "MC"]),
        (("-display_vflip",), ["CM", "BY", "RG"]),
        (("-display_rotation", "-90", "-display_hflip"), ["RBC", "GYM"]),
        (("-display_rotation", "90", "-display_hflip"), ["MYG", "CBR"]),
    ],
)
def test_pictures_are_rotated_upright(tmp_path: Path, flags: tuple[str, ...], rows: list[str]) -> None:
    assert made(clips.turned(tmp_path / "turned.mov", *flags))[0][0] == rows


def test_crop_refers_to_upright_pixels(tmp_path: Path) -> None:
    clip = clips.turned(tmp_path / "turned.mov", "-display_rotation", "-90")  # CBR / MYG
    assert made(clip, crop=Crop(x_px=1, y_px=1, width_px=2, height_px=1))[0][0] == ["YG"]


@pytest.mark.parametrize(
    ("recipe", "rows"),
    [
        ({"rotate": 90}, ["MBR", "CYG"]),
        ({"rotate": 180}, ["CM", "YB", "GR"]),
        ({"rotate": 270}, ["GYC", "RBM"]),
        ({"flip": "horizontal"}, ["GR", "YB", "CM"]),
        ({"flip": "vertical"}, ["MC", "BY", "RG"]),
        ({"flip": "both"}, ["CM", "YB", "GR"]),
        ({"rotate": 90, "flip": "horizontal"}, ["RBM", "GYC"]),
        ({"rotate": 90, "crop": Crop(y_px=1, width_px=2, height_px=2)}, ["MB", "CY"]),
        ({"rotate": 90, "width_px": 3, "height_px": 1, "fit": "cover"}, ["MBR"]),
    ],
)
@pytest.mark.parametrize("letters", [["RG", "BY", "MC"], ["RG", ".Y", "MC"]])
def test_rotation_and_flips(
    tmp_path: Path, recipe: dict[str, Any], rows: list[str], letters: list[str]
) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [letters])
    expected = [row.replace("B", letters[1][0]) for row in rows]
    assert made(clip, **recipe)[0][0] == expected


def test_display_matrix_is_applied_before_the_recipes_rotation(tmp_path: Path) -> None:
    clip = clips.turned(tmp_path / "turned.mov", "-display_rotation", "-90")  # CBR / MYG
    assert made(clip, rotate=180)[0][0] == ["GYM", "RBC"]
    assert made(clip, aspect="1:1")[0][0] == ["CB", "MY"]


@pytest.mark.parametrize(
    ("fit", "sides", "rows"),
    [
        ("contain", (10, 8), ["KRRRRGGGGK"] * 2),
        ("cover", (4, 4), ["RRGG"] * 4),
        ("stretch", (10, 8), ["KRRRRGGGGK"] * 8),
    ],
)
def test_fit_and_fill(tmp_path: Path, fit: str, sides: tuple[int, int], rows: list[str]) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["K" * 4 + "R" * 16 + "G" * 16 + "K" * 4] * 8])
    assert made(clip, fit=fit, width_px=sides[0], height_px=sides[1], dither="none")[0][0] == rows


def test_non_square_pixels_widen_the_picture(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RRRR", "GGGG"]] * 2, before=("-aspect", "4:1"))
    assert convert(clip).width_px == 8
    assert convert(clip).height_px == 2


def test_crop_with_non_square_pixels(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RGBW", "RGBW"]] * 2, before=("-aspect", "4:1"))
    crop = Crop(x_px=2, width_px=2, height_px=2)
    assert convert(clip, Recipe(crop=crop, width_px=1)).width_px == 1
    assert made(clip, crop=crop, width_px=1)[0][0][0] == "G"


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({}, (480, 360)),
        ({"width_px": 100}, (100, 75)),
        ({"height_px": 100}, (133, 100)),
        ({"width_px": 100, "height_px": 30}, (40, 30)),
        ({"width_px": 4000}, (640, 480)),
        ({"crop": Crop(width_px=101, height_px=7)}, (101, 7)),
    ],
)
def test_output_dimensions(tmp_path: Path, fields: dict[str, Any], size: tuple[int, int]) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="640x480", seconds=0.1)
    report = known_videos.convert(clip, Recipe(**fields))
    assert (report.width_px, report.height_px) == size
    with Image.open(BytesIO(report.read_bytes())) as gif:
        assert gif.size == size


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (1, 7), (161, 121)])
def test_odd_dimensions(tmp_path: Path, width: int, height: int) -> None:
    clip = write_clip(tmp_path / "clip.mov", [["R" * width] * height, ["G" * width] * height])
    assert made(clip) == [(["R" * width] * height, 10), (["G" * width] * height, 10)]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p"])
def test_odd_dimensions_with_a_shared_palette(tmp_path: Path, pixels: str) -> None:
    cut = ("-vf", f"format={pixels},crop=161:121:0:0:exact=1")
    to = (*cut, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-b:v", "2M")
    clip = clips.pattern(tmp_path / "clip.webm", size="164x124", seconds=0.1, to=to)
    with av.open(str(clip)) as stored:
        frame = next(stored.decode(video=0)).to_ndarray(format="rgb24")
    shown = _first_picture(convert(clip))
    assert shown.shape[:2] == (121, 161)
    assert np.abs(shown[..., :3].astype(int) - frame).mean() < 8
    edges = (slice(None), -1), (-1, slice(None))
    assert max(np.abs(shown[edge][:, :3].astype(int) - frame[edge]).mean() for edge in edges) < 20


@pytest.mark.parametrize(
    ("size", "matrix", "full"),
    [
        ("64x64", "bt601", False),
        ("64x64", "bt709", False),
        ("1280x720", None, False),
        ("64x64", "bt709", True),
    ],
)
def test_colours_follow_their_tags(tmp_path: Path, size: str, matrix: str | None, *, full: bool) -> None:
    clip = clips.coloured(tmp_path / "clip.mp4", "0x3070D0", size=size, matrix=matrix, full=full)
    shown = _first_picture(convert(clip, Recipe(width_px=16)))
    np.testing.assert_allclose(shown[2, 2], [0x30, 0x70, 0xD0], atol=4)


def test_hdr_uses_the_full_range(tmp_path: Path) -> None:
    ramp = _first_picture(convert(clips.bright_hdr(tmp_path / "hdr.mp4")))[32, :, 1].astype(int)
    assert ramp[0] < 20
    assert ramp[-1] > 235
    assert 70 < ramp[28] < 180
    assert (np.diff(ramp) > -12).all()


def test_change_of_size_within_a_stream_is_scaled(tmp_path: Path) -> None:
    for name, size in (("a.ts", "64x48"), ("b.ts", "128x96")):
        clips.pattern(tmp_path / name, size=size)
    both = tmp_path / "both.ts"
    both.write_bytes((tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes())
    report = convert(both)
    assert (report.width_px, report.height_px) == (64, 48)


@pytest.mark.parametrize(
    ("recipe", "error"),
    [
        (Recipe(segments=[Segment(start_s=0.4)]), errors.RangeOutsideSource),
        (Recipe(crop=Crop(x_px=1, width_px=2, height_px=1)), errors.CropOutsideSource),
        (Recipe(speed=0.1, segments=[Segment()] * 10), errors.SourceTooLong),
    ],
)
def test_impossible_recipe_is_refused(rgbw: Path, recipe: Recipe, error: type[Exception]) -> None:
    with pytest.raises(error):
        convert(rgbw, recipe, limits=Limits(max_duration_s=30))


# --- how it runs -----------------------------------------------------------------------------


def test_progress_grows_and_is_reported_often() -> None:
    listener = Impatient()
    convert(clips.real_clip(), Recipe(width_px=200, direction="boomerang"), on_progress=listener)
    fractions = [progress.fraction for progress in listener.heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert listener.heard[0].phase == "preparing"
    phases = list(dict.fromkeys(progress.phase for progress in listener.heard))
    assert phases == ["preparing", "reading", "colours", "writing"]


@pytest.mark.parametrize("direction", ["forward", "reverse"])
@pytest.mark.parametrize("phase", ["preparing", "reading", "colours", "writing"])
def test_cancelling_leaves_nothing(tmp_path: Path, direction: Direction, phase: Phase) -> None:
    listener = CancelledIn(phase)
    with pytest.raises(errors.Cancelled):
        convert(clips.real_clip(), Recipe(direction=direction), tmp_path / "out.gif", listener)
    assert listener.cancellations == 1  # nothing continued and reported progress
    assert list(tmp_path.iterdir()) == []
    _assert_no_children()
    assert wait_until(lambda: not _engine_threads(), timeout_s=2)


def test_known_facts_are_not_probed_again(tmp_path: Path) -> None:
    clip, out = clips.real_clip(), tmp_path / "out.gif"
    known = replace(probe(clip, limits=Limits()), notes=("Known before.",))
    recipe = Recipe(width_px=32, segments=(Segment(end_s=0.2),))
    report = convert_file(clip, recipe, out, limits=Limits(), on_progress=lambda _: None, video=known)
    assert report.notes == ("Known before.",)


def test_deadline_ends_a_conversion(tmp_path: Path) -> None:
    limits, listener = Limits(deadline_s=0.6), Impatient()
    with pytest.raises(errors.ConversionTooSlow):
        convert_file(
            clips.real_clip(),
            Recipe(width_px=1280, fps=50.0, speed=0.1),
            tmp_path / "out.gif",
            limits=limits,
            on_progress=listener,
        )
    assert listener.heard[-1].fraction < 1
    assert list(tmp_path.iterdir()) == []
    _assert_no_children()


def test_gif_that_grows_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ConversionTooBig):
        convert(clips.real_clip(), None, tmp_path / "out.gif", limits=Limits(max_gif_bytes=10_000))
    assert list(tmp_path.iterdir()) == []


def test_output_never_replaces_the_source(rgbw: Path) -> None:
    before = rgbw.read_bytes()
    with pytest.raises(errors.OutputIsSource):
        convert(rgbw, None, rgbw)
    assert rgbw.read_bytes() == before


def test_unwritable_output_is_reported_in_a_sentence(rgbw: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.OutputNotWritable, match="cannot be written to"):
        convert(rgbw, None, tmp_path / "missing" / "out.gif")


def test_forward_playback_does_not_import_moviepy(rgbw: Path) -> None:
    code = (
        f"import sys, gifapp; gifapp.convert({str(rgbw)!r}); "
        "assert not [m for m in sys.modules if m.startswith(('moviepy', 'tornado', 'av'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_report_displays_the_gif(rgbw: Path) -> None:
    report = convert(rgbw)
    shown = report._repr_html_()
    assert 'src="data:image/gif;base64,R0lGOD' in shown
    assert "2 x 1" in shown


def test_conversion_runs_in_any_thread(rgbw: Path, tmp_path: Path) -> None:
    made_: list[gifapp.GifReport] = []
    thread = threading.Thread(target=lambda: made_.append(convert(rgbw, None, tmp_path / "a.gif")))
    thread.start()
    thread.join()
    assert made_[0].frames == 4


def _first_picture(report: gifapp.GifReport) -> np.ndarray:
    with Image.open(BytesIO(report.read_bytes())) as gif:
        return np.asarray(gif.convert("RGB"))


def _engine_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(("engine", "gif"))]


def _assert_no_children() -> None:
    names: Sequence[str] = [child.name() for child in psutil.Process().children(recursive=True)]
    assert not [name for name in names if "ffmpeg" in name]
