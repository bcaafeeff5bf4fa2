"""Truncated files of every container get a note; complete files do not."""

from pathlib import Path

import pytest

from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support.letters import run_ffmpeg

CODECS = {"webm": ("-c:v", "libvpx"), "ts": ("-c:v", "mpeg2video")}


def clip(path: Path, *words: str) -> Path:
    codec = CODECS.get(path.suffix[1:], ("-c:v", "mpeg4"))
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", *codec, "-g", "5", *words, path)
    return path


def is_said_to_be_cut(path: Path) -> bool:
    return any("truncated" in note for note in probe(path, limits=Limits()).notes)


@pytest.mark.parametrize("container", ["mkv", "webm", "avi", "ts"])
@pytest.mark.parametrize("share", [0.6, 0.95, 0.999])
def test_truncated_file_gets_a_note(tmp_path: Path, container: str, share: float) -> None:
    whole = clip(tmp_path / f"whole.{container}")
    data = whole.read_bytes()
    cut = tmp_path / f"cut.{container}"
    cut.write_bytes(data[: int(len(data) * share)])
    assert not is_said_to_be_cut(whole)
    assert is_said_to_be_cut(cut)


def test_live_recording_without_an_end_gets_no_note(tmp_path: Path) -> None:
    assert not is_said_to_be_cut(clip(tmp_path / "live.mkv", "-f", "matroska", "-live", "1"))
