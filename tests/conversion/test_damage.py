"""Videos that are damaged or end early."""

import contextlib
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.conversion.pipeline import convert
from gifapp.conversion.render.rendering import DAMAGED
from gifapp.domain.recipes.recipe import Recipe, Segment
from tests.support import clips
from tests.support.fakes import damaged, truncated


@pytest.mark.parametrize("every", [61, 997])
def test_damaged_clip_is_converted_or_refused(tmp_path: Path, every: int) -> None:
    clip = damaged(clips.pattern(tmp_path / "clip.mp4", seconds=2), every=every, start=200)
    with contextlib.suppress(errors.SourceRefused):
        assert convert(clip).frames >= 1


def test_truncated_stream_ends_early(tmp_path: Path) -> None:
    clip = truncated(clips.pattern(tmp_path / "clip.ts", seconds=2), keep=0.5)
    assert 0.2 < convert(clip).duration_s < 2


@pytest.mark.parametrize(
    ("damaged_at", "end_s", "is_noted"), [(None, 4.0, False), (0.5, 4.0, True), (0.95, 1.0, False)]
)
def test_damage_in_the_clip_is_noted(
    tmp_path: Path, damaged_at: float | None, end_s: float, is_noted: bool
) -> None:
    path = clips.pattern(tmp_path / "a.mp4", seconds=4, to=("-c:v", "libx264", "-g", "10"))
    data = bytearray(path.read_bytes())
    if damaged_at is not None:
        start = round(damaged_at * data.index(b"moov"))
        data[start : start + 400] = bytes(400)
    path.write_bytes(data)
    report = convert(path, Recipe(segments=[Segment(end_s=end_s)]))
    assert (DAMAGED in report.notes) == is_noted
    assert report.duration_s == end_s
