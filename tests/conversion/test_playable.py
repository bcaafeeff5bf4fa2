"""Which original videos are served to browsers."""

from dataclasses import replace
from pathlib import Path

import pytest

from gifapp.conversion.playable import media_type
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import ShapeChange, Turn, Video
from gifapp.domain.limits import Limits
from tests.support.clips import bright_hdr, pattern, turned


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    return probe(pattern(tmp_path_factory.mktemp("video") / "clip.mp4"), limits=Limits())


@pytest.mark.parametrize(
    ("container", "codec", "served_as"),
    [
        ("mov", "h264", "video/mp4"),
        ("matroska", "vp9", "video/webm"),
        ("matroska", "av1", "video/webm"),
        ("avi", "h264", None),
        ("mpegts", "h264", None),
        ("gif", "gif", None),
        ("mov", "prores", None),
        ("matroska", "png", None),
    ],
)
def test_media_type_depends_on_container_and_codec(
    video: Video, container: str, codec: str, served_as: str | None
) -> None:
    assert media_type(replace(video, container=container, codec=codec)) == served_as


def test_video_that_browsers_would_show_differently_is_not_served(video: Video, tmp_path: Path) -> None:
    upright = probe(turned(tmp_path / "turned.mov", "-display_rotation", "90"), limits=Limits())
    assert upright.turn is Turn.COUNTERCLOCKWISE
    assert media_type(replace(video, turn=upright.turn)) == "video/mp4"
    assert media_type(replace(video, turn=Turn.MIRRORED)) is None
    assert media_type(replace(video, shape_changes=(ShapeChange(1.0, 2.0),))) is None
    assert media_type(replace(video, fps=None)) is None
    assert media_type(probe(bright_hdr(tmp_path / "hdr.mp4"), limits=Limits())) is None
