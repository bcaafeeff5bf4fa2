"""A white disc stays round where the pixel aspect changes within a stream, as between 16:9 and 4:3."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from gifapp import errors
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.decode.filters import filter_chain
from gifapp.conversion.decode.still import picture
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.inspection import inspect
from gifapp.conversion.probing.probe import probe, probed
from gifapp.conversion.probing.shapes import MAX_CHANGES
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Crop, Recipe, Segment
from tests.conversion.decode.test_shapes import joined, square
from tests.conversion.probing import test_interlacing
from tests.conversion.probing.test_interlacing import TOP, moving_bar
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
MPEG2 = ("-c:v", "mpeg2video", "-q:v", 2)
REORDERED = (*MPEG2, "-bf", 2)
FIELDS = (*MPEG2, "-flags", "+ildct+ilme", "-vf", "setfield=tff")
X264 = ("-c:v", "libx264", "-preset", "ultrafast")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
NARROW, WIDE = Fraction(4, 3), Fraction(16, 9)
SIZE = (180, 144)  # a quarter of PAL on each side
FPS = 25


def disc(
    path: Path,
    shape: Fraction,
    to: Sequence[object] = MPEG2,
    *,
    size: tuple[int, int] = SIZE,
    start_s: float = 1,
) -> Path:
    """A second of a disc half as high as the picture, stored at `size`, displayed with aspect `shape`."""
    width_px, height_px = size
    pixel = shape * height_px / width_px
    inside = f"lte(hypot((X-W/2)*{float(pixel)},Y-H/2),H/4)"
    filters = f"geq=lum='if({inside},235,16)':cb=128:cr=128,setsar={pixel.numerator}/{pixel.denominator}"
    black = ("-f", "lavfi", "-i", f"color=black:s={width_px}x{height_px}:r={FPS}:d=1")
    still = path.with_suffix(".nut")
    run_ffmpeg(*black, "-vf", filters, "-frames:v", 1, "-c:v", "rawvideo", still)
    run_ffmpeg("-stream_loop", FPS - 1, "-i", still, *to, "-g", 12, "-pix_fmt", "yuv420p",
           "-output_ts_offset", start_s, path)  # fmt: skip
    return path


def broadcast(folder: Path, name: str, shapes: Sequence[Fraction], to: Sequence[object] = MPEG2) -> Path:
    """A second in each of these aspects, in the container that the name implies."""
    parts = [disc(folder / f"{n}.ts", shape, to, start_s=n + 1) for n, shape in enumerate(shapes)]
    stream = joined(folder / "stream.ts", *parts)
    if name.endswith(".ts"):
        return stream
    run_ffmpeg("-i", stream, "-c", "copy", folder / name)
    return folder / name


def shown(path: Path, **recipe: Any) -> np.ndarray:
    """The frames as grey, (n, height, width)."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(**{"fps": FPS, **recipe}), LIMITS)
    frames = ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)
    return np.stack(list(frames))[..., 1]


def heights(frames: np.ndarray) -> list[int]:
    """The height of the disc in each frame; asserts that it is as wide as high."""
    return [_height(frame) for frame in frames]


def _height(frame: np.ndarray) -> int:
    rows, columns = np.nonzero(frame > 128)
    assert abs(int(np.ptp(rows)) - int(np.ptp(columns))) <= 3
    return int(np.ptp(rows)) + 1


def fitted(shape: Fraction, first: Fraction) -> float:
    """The height of the disc when letterboxed into the first aspect."""
    return 72 * min(1.0, float(first / shape))


def expected(*parts: tuple[int, Fraction], first: Fraction = NARROW) -> object:
    return pytest.approx([fitted(shape, first) for count, shape in parts for _ in range(count)], abs=2)


@pytest.mark.parametrize(
    ("name", "to"),
    [
        *(("a.ts", codec) for codec in (MPEG2, REORDERED, FIELDS, X264, X265)),
        *(("a.mkv", codec) for codec in (MPEG2, FIELDS, X264, X265)),
        *(("a.mp4", codec) for codec in (X264, X265)),
        ("a.mpg", MPEG2),
        ("a.vob", FIELDS),
    ],
)
def test_disc_stays_round(tmp_path: Path, name: str, to: Sequence[object]) -> None:
    frames = shown(broadcast(tmp_path, name, (WIDE, NARROW, WIDE), to))
    assert frames.shape[1:] == (144, 256)
    assert heights(frames) == expected((75, WIDE), first=WIDE)
    frames = shown(broadcast(tmp_path, name, (NARROW, WIDE), to))
    assert frames.shape[1:] == (144, 192)
    assert heights(frames) == expected((25, NARROW), (25, WIDE))
    assert frames[-1][[0, 10, 133, 143]].max() < 20  # black above and below


@pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
@pytest.mark.parametrize("to", [MPEG2, FIELDS])
def test_segment_has_the_right_shape_wherever_it_begins(
    tmp_path: Path, name: str, to: Sequence[object]
) -> None:
    path = broadcast(tmp_path, name, (NARROW, WIDE, WIDE, WIDE, NARROW), to)
    across = shown(path, segments=[Segment(start_s=0.8, end_s=1.2)])
    assert heights(across) == expected((5, NARROW), (5, WIDE))
    after = shown(path, segments=[Segment(start_s=3.6, end_s=4.2)])  # seeking starts long after the change
    assert heights(after) == expected((10, WIDE), (5, NARROW))


@pytest.mark.parametrize(
    "recipe", [{"fps": 3}, {"fps": 7}, {"fps": 10, "speed": 2}, {"fps": 50, "speed": 0.5}]
)
def test_no_frame_is_shown_in_the_shape_of_another(tmp_path: Path, recipe: dict[str, Any]) -> None:
    frames = heights(shown(broadcast(tmp_path, "a.ts", (NARROW, WIDE, NARROW)), **recipe))
    assert {round(height / 9) for height in frames} == {8, 6}


def test_disc_stays_round_where_the_clock_restarts(tmp_path: Path) -> None:
    parts = disc(tmp_path / "1.ts", NARROW, REORDERED), disc(tmp_path / "2.ts", WIDE, MPEG2)
    frames = shown(joined(tmp_path / "both.ts", *parts))
    assert heights(frames) == expected((25, NARROW), (25, WIDE))


@pytest.mark.parametrize("to", [MPEG2, FIELDS, X264])
@pytest.mark.parametrize(("size", "shape"), [((136, 144), NARROW), ((136, 144), WIDE), ((240, 96), NARROW)])
def test_displayed_shape_counts_whatever_the_stored_size(
    tmp_path: Path, to: Sequence[object], size: tuple[int, int], shape: Fraction
) -> None:
    parts = disc(tmp_path / "1.ts", NARROW, to), disc(tmp_path / "2.ts", shape, to, size=size, start_s=2)
    frames = shown(joined(tmp_path / "both.ts", *parts))
    assert heights(frames) == expected((25, NARROW), (25, shape))


def test_deinterlacing_ends_before_a_picture_becomes_less_high(tmp_path: Path) -> None:
    parts = [
        moving_bar(tmp_path / f"{n}.ts", f"{TOP},setfield=tff,setsar={pixel}",
                   (*test_interlacing.MPEG2, "-output_ts_offset", n), size="320x240")
        for n, pixel in ((1, "1"), (2, "4/3"))
    ]  # fmt: skip
    frames = shown(joined(tmp_path / "both.ts", *parts))[27:-2]
    assert frames[:, :28].max() < 20
    edges = np.argmax(frames[:, 40:200] > 128, axis=2)
    assert np.ptp(edges, axis=1).max() <= 1


def test_change_after_a_few_pictures_keeps_the_first_shape(tmp_path: Path) -> None:
    """ffmpeg reads several pictures before it reports a stream's aspect."""
    short = disc(tmp_path / "1.ts", NARROW, (*X264, "-frames:v", 2), start_s=1)
    rest = disc(tmp_path / "2.ts", WIDE, X264, start_s=2)
    frames = shown(joined(tmp_path / "both.ts", short, rest))
    assert frames.shape[1:] == (144, 192)
    assert heights(frames[[0, -1]]) == expected((1, NARROW), (1, WIDE))


def test_crop_refers_to_the_first_shape(tmp_path: Path) -> None:
    path = broadcast(tmp_path, "a.ts", (NARROW, WIDE))
    frames = shown(path, crop=Crop(x_px=50, y_px=20, width_px=92, height_px=104))
    assert frames.shape[1:] == (104, 92)
    assert heights(frames) == expected((25, NARROW), (25, WIDE))


def test_preview_has_the_shape_of_its_time(tmp_path: Path) -> None:
    path = broadcast(tmp_path, "a.mkv", (NARROW, WIDE))
    video = probe(path, limits=LIMITS)
    stills = [picture(path, video, at_s, limits=LIMITS) for at_s in (0.5, 1.5)]
    frames = np.stack([np.asarray(Image.open(BytesIO(still)).convert("L")) for still in stills])
    assert heights(frames) == expected((1, NARROW), (1, WIDE))


def test_source_probed_by_an_older_version_is_probed_again(tmp_path: Path) -> None:
    path, stored = broadcast(tmp_path, "a.ts", (NARROW, WIDE)), TypeAdapter(Video)
    video = probe(path, limits=LIMITS)
    document = stored.dump_python(video, mode="json")
    assert stored.validate_python(document) == video
    del document["shape_changes"]
    older = stored.validate_python({**document, "version": 2})
    assert probed(older, path, limits=LIMITS) == video


def test_change_of_shape_gets_a_note(tmp_path: Path) -> None:
    def notes(*shapes: Fraction) -> str:
        return " ".join(probe(broadcast(tmp_path, "a.ts", shapes), limits=LIMITS).notes)

    assert "fitted to the first one, 192 x 144." in notes(NARROW, WIDE)
    assert "fitted" not in notes(NARROW, NARROW)


def test_changes_that_filters_detect_are_not_listed(tmp_path: Path) -> None:
    parts = square(tmp_path / "1.ts", "320x240"), square(tmp_path / "2.ts", "240x320", start_s=0.5)
    for path in (disc(tmp_path / "plain.ts", NARROW), joined(tmp_path / "other_size.ts", *parts)):
        video = probe(path, limits=LIMITS)
        plan = make_plan(video, Recipe(), LIMITS)
        chain = filter_chain(video, plan, plan.cuts[0])
        assert video.shape_changes == ()
        assert (chain.count(",pad="), "lt(t" in chain) == (1, False)


def test_largest_pictures_count_towards_the_pixel_limit(tmp_path: Path) -> None:
    parts = square(tmp_path / "1.ts", "32x32"), square(tmp_path / "2.ts", "320x240", start_s=0.5)
    video = probe(joined(tmp_path / "grows.ts", *parts), limits=LIMITS)
    assert (video.stored_width_px, video.largest_px) == (32, 320 * 240)
    pictures = math.ceil(video.duration_s * (video.fps or 0))
    make_plan(video, Recipe(), replace(LIMITS, max_decoded_pixels=pictures * 320 * 240))
    with pytest.raises(errors.ClipTooManyPixels):
        make_plan(video, Recipe(), replace(LIMITS, max_decoded_pixels=pictures * 320 * 240 - 1))


def test_filter_with_very_many_changes_works(tmp_path: Path) -> None:
    few = (*MPEG2, "-frames:v", 5)
    parts = disc(tmp_path / "1.ts", NARROW, few), disc(tmp_path / "2.ts", WIDE, few, start_s=1 + 5 / FPS)
    path = joined(tmp_path / "many.ts", *(MAX_CHANGES // 2 + 20) * parts)
    assert len(probe(path, limits=LIMITS).shape_changes) == MAX_CHANGES
    assert heights(shown(path)[:40]) == expected(*4 * [(5, NARROW), (5, WIDE)])


def test_later_key_frame_above_the_pixel_limit_is_not_decoded(tmp_path: Path) -> None:
    parts = disc(tmp_path / "1.ts", NARROW), disc(tmp_path / "2.ts", WIDE, size=(480, 384), start_s=2)
    path = joined(tmp_path / "both.ts", *parts)
    assert inspect(path, 480 * 384)["shape_changes"] != []
    assert inspect(path, 480 * 384 - 1)["shape_changes"] == []
