"""Which video track is used, when it starts, and what is noted where it ends early."""

from pathlib import Path

import numpy as np
import pytest

from gifapp import errors
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.text.cues import Cue, shown_s
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from tests.support import clips
from tests.support.fakes import truncated
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
X264 = ("-c:v", "libx264", "-pix_fmt", "yuv420p")
RED = ("-f", "lavfi", "-i", "color=red:s=64x48:r=5:d=1")
LIME = ("-f", "lavfi", "-i", "color=lime:s=320x240:r=25:d=1")
SOUND = ("-f", "lavfi", "-i", "sine=d=3")
SECOND = ("-disposition:v:0", 0, "-disposition:v:1", "default")
FIRST = ("-disposition:v:0", "default", "-disposition:v:1", 0)
BOTH = ("-disposition:v:0", "default", "-disposition:v:1", "default")
MPEG4 = ("-c:v:0", "mpeg4", "-c:v:1", "libx264")
SNOW = ("-c:v:0", "snow", "-strict", "-2", "-c:v:1", "libx264")
JPEG = ("-c:v:0", "mjpeg", "-frames:v:0", 1, "-c:v:1", "libx264")


def colour(path: Path) -> tuple[int, ...]:
    """The red and green of the first frame, as 0 or 1."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(), LIMITS)
    frames = list(ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None))
    return tuple(int(value) for value in frames[0][10, 10, :2] > 127)


@pytest.mark.parametrize(
    ("name", "to", "right"),
    [
        ("two.mkv", (*MPEG4, *SECOND), (0, 1)),
        ("two.mkv", (*MPEG4, *FIRST), (1, 0)),
        ("two.mkv", (*MPEG4, *BOTH), (1, 0)),
        ("two.mp4", (*MPEG4, *SECOND), (0, 1)),
        ("two.mov", (*MPEG4, *FIRST), (1, 0)),
        ("two.mkv", (*SNOW, *SECOND), (0, 1)),
        ("two.mkv", (*SNOW, *FIRST), (0, 1)),
        ("two.mp4", (*JPEG, *BOTH), (0, 1)),
        ("two.mp4", (*JPEG, "-disposition:v:0", "attached_pic"), (0, 1)),
    ],
)
def test_default_decodable_track_is_used(
    tmp_path: Path, name: str, to: tuple[object, ...], right: tuple[int, int]
) -> None:
    run_ffmpeg(*RED, *LIME, "-map", 0, "-map", 1, "-pix_fmt", "yuv420p", *to, tmp_path / name)
    assert colour(tmp_path / name) == right


def test_file_without_decodable_tracks_is_refused_for_its_first(tmp_path: Path) -> None:
    snow = ("-c:v", "snow", "-strict", "-2")
    run_ffmpeg(*RED, *LIME, "-map", 0, "-map", 1, "-pix_fmt", "yuv420p", *snow, tmp_path / "two.mkv")
    with pytest.raises(errors.SourceCodecUnsupported, match="snow"):
        probe(tmp_path / "two.mkv", limits=LIMITS)


def test_cover_pictures_do_not_count_as_tracks(tmp_path: Path) -> None:
    for number, kind in enumerate(("attached_pic", "default")):
        codecs = JPEG if kind == "attached_pic" else MPEG4
        to = (*codecs, "-disposition:v:0", kind, tmp_path / f"{number}.mp4")
        run_ffmpeg(*RED, *LIME, "-map", 0, "-map", 1, "-pix_fmt", "yuv420p", *to)
    notes = [
        [note for note in probe(tmp_path / f"{n}.mp4", limits=LIMITS).notes if "tracks" in note]
        for n in (0, 1)
    ]
    assert notes == [[], ["The file has 2 video tracks; the one that plays by default is used."]]


@pytest.mark.parametrize(
    ("to", "used"),
    [
        ((*SNOW, *FIRST), "the first that can be read"),
        ((*SNOW, *SECOND), "the one that plays by default"),
        ((*MPEG4, *FIRST), "the one that plays by default"),
    ],
)
def test_note_says_why_a_track_is_used(tmp_path: Path, to: tuple[object, ...], used: str) -> None:
    run_ffmpeg(*RED, *LIME, "-map", 0, "-map", 1, "-pix_fmt", "yuv420p", *to, tmp_path / "two.mkv")
    assert f"The file has 2 video tracks; {used} is used." in probe(tmp_path / "two.mkv", limits=LIMITS).notes


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4"])
@pytest.mark.parametrize("late_s", [0.0, 0.52, 1.4])
def test_subtitle_times_count_from_the_start_of_the_file(tmp_path: Path, name: str, late_s: float) -> None:
    late = ("-vf", f"setpts=PTS+{late_s}/TB", "-fps_mode", "passthrough", *X264, "-c:a", "libmp3lame")
    run_ffmpeg(*LIME, *SOUND, *late, tmp_path / name)
    video = probe(tmp_path / name, limits=LIMITS)
    assert video.lead_s == pytest.approx(late_s, abs=0.06)
    plan = make_plan(video, Recipe(fps=25), LIMITS)
    assert shown_s(Cue("words", late_s + 0.2, late_s + 0.5), plan)[0] == pytest.approx((0.2, 0.5), abs=0.06)


def test_common_offset_of_sound_and_pictures_is_no_lead(tmp_path: Path) -> None:
    run_ffmpeg(*LIME, *SOUND, *X264, "-c:a", "libmp3lame", "-output_ts_offset", 10, tmp_path / "a.ts")
    assert probe(tmp_path / "a.ts", limits=LIMITS).lead_s == pytest.approx(0, abs=0.06)


@pytest.mark.parametrize("name", ["a.mkv", "a.ts", "a.mp4", "a.mov", "a.flv", "a.avi"])
def test_sound_beyond_the_last_picture_is_noted(tmp_path: Path, name: str) -> None:
    run_ffmpeg(*LIME, *SOUND, *X264, "-c:a", "libmp3lame", "-ar", 44100, tmp_path / name)
    video = probe(tmp_path / name, limits=LIMITS)
    assert video.duration_s == pytest.approx(1, abs=0.01)
    assert len(video.notes) == 1


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.avi", "fragments.mp4"])
def test_truncated_file_keeps_its_whole_pictures_and_gets_a_note(tmp_path: Path, name: str) -> None:
    flags = "frag_keyframe+empty_moov" if name == "fragments.mp4" else "+faststart"
    to = () if name.endswith("avi") else ("-movflags", flags)
    clip = clips.pattern(tmp_path / name, seconds=2, to=(*X264, *to))
    assert probe(clip, limits=LIMITS).notes == ()
    video = probe(truncated(clip, keep=0.7), limits=LIMITS)
    assert any("truncated" in note for note in video.notes)
    assert 0.8 < video.duration_s < 1.8
    plan = make_plan(video, Recipe(fps=25), LIMITS)
    frames = list(ffmpeg.frames(clip, video, plan, limits=LIMITS, checkpoint=lambda: None))
    assert np.std(frames[-1]) > 40


@pytest.mark.parametrize("hidden", [b"", b"senc", b"tenc"])
def test_encrypted_fragments_are_refused_by_name(tmp_path: Path, hidden: bytes) -> None:
    key = "76a6c65c5ea762046bd749a2e632ccbb"
    clip = clips.pattern(tmp_path / "clear.mp4")
    cenc = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    path = tmp_path / "protected.mp4"
    run_ffmpeg("-i", clip, "-c", "copy", *cenc, "-movflags", "frag_keyframe+empty_moov", path)
    path.write_bytes(path.read_bytes().replace(hidden, b"free") if hidden else path.read_bytes())
    with pytest.raises(errors.SourceEncrypted):
        probe(path, limits=LIMITS)
