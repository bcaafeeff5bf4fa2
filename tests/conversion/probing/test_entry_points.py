"""Where the decoding of a video can begin, as seeking finds it."""

from pathlib import Path

import pytest

from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support.letters import run_ffmpeg

CUES, CUE_POINT, VOID = b"\x1c\x53\xbb\x6b", 0xBB, 0xEC  # elements of Matroska


def clip(path: Path, *to: object, every_s: int = 3) -> Path:
    """Twelve seconds with a key frame every few."""
    picture = ("-f", "lavfi", "-i", "testsrc2=size=32x24:rate=5:duration=12")
    run_ffmpeg(*picture, "-c:v", "libx264", "-preset", "ultrafast", "-g", 5 * every_s, *to, path)
    return path


def entries_s(path: Path) -> tuple[float, ...] | None:
    return probe(path, limits=Limits()).entries_s


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("clip.mp4", ()),
        ("fragments.mp4", ("-movflags", "frag_keyframe+empty_moov+default_base_moof")),
        ("indexed.mp4", ("-movflags", "frag_keyframe+empty_moov+default_base_moof+global_sidx")),
        ("later.mp4", ("-output_ts_offset", 7)),
        ("clip.mkv", ()),
        ("without-cues.mkv", ("-live", 1)),
    ],
)
def test_decoding_begins_at_key_frames(tmp_path: Path, name: str, to: tuple[object, ...]) -> None:
    assert entries_s(clip(tmp_path / name, *to)) == (0, 3, 6, 9)


def test_video_of_one_key_frame_is_decoded_from_its_beginning(tmp_path: Path) -> None:
    assert entries_s(clip(tmp_path / "clip.mp4", every_s=20)) == (0,)


def test_key_frame_missing_from_the_index_is_ignored(tmp_path: Path) -> None:
    path = clip(tmp_path / "clip.mkv", "-write_crc32", 0)
    data = bytearray(path.read_bytes())
    _, _, third, _ = cue_points(data)
    data[third] = VOID
    path.write_bytes(data)
    assert entries_s(path) == (0, 3, 9)


def cue_points(data: bytearray) -> list[int]:
    """Where each element of the index begins: its id, its size in one byte, its content."""
    at, points = data.rindex(CUES) + len(CUES) + 1, []
    while at < len(data) and data[at] == CUE_POINT:
        points.append(at)
        at += 2 + (data[at + 1] & 0x7F)
    return points


def test_unseekable_container_has_no_entry_points(tmp_path: Path) -> None:
    assert entries_s(clip(tmp_path / "clip.ts")) is None
